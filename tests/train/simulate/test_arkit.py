"""Names as exporters spell them."""

from __future__ import annotations

import pytest

from train.simulate.arkit import ARKIT_SHAPES, canonical


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("jawOpen", "jawOpen"),
        ("JAWOPEN", "jawOpen"),
        ("jaw_open", "jawOpen"),
        ("Face.M_F00.jawOpen", "jawOpen"),
        ("mouthSmile_L", "mouthSmileLeft"),
        ("mouthSmile_R", "mouthSmileRight"),
        ("MouthLeft", "mouthLeft"),
        ("Fcl_MTH_A", None),
        ("jawOpenWide", None),
        ("", None),
    ],
)
def test_names(spelled: str, meant: str | None) -> None:
    assert canonical(spelled) == meant


def test_arkit_has_52_shapes_and_each_is_its_own_name() -> None:
    assert len(set(ARKIT_SHAPES)) == 52
    assert all(canonical(name) == name for name in ARKIT_SHAPES)
