"""Which pictures of a stream are taken: the board still, and somewhere new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from calibration.board.collect import (
    WANTED_VIEWS,
    Collection,
    StreamCollector,
    collect_all,
    collect_stream,
)
from calibration.board.detect import Detector, Miss, Sighting
from calibration.errors import BadImages
from calibration.images import Picture
from tests.calibration.board.test_fit import sightings
from tests.calibration.simulated import BOARD, PINHOLE, board_poses

VIEWS = sightings(PINHOLE, board_poses(PINHOLE, BOARD, 30))
BLANK = np.zeros((480, 640, 3), np.uint8)


class Script(Detector):
    """Stands for a camera that sees these, one after the other."""

    def __init__(self, seen: list[Sighting | None]) -> None:
        self._seen = iter(seen)

    def __call__(self, picture: Picture) -> Sighting | Miss:
        return next(self._seen) or Miss(name=picture.name, reason="no board")


def moved(view: Sighting, px: float) -> Sighting:
    return replace(view, corners_px=view.corners_px + px)


def stream(seen: list[Sighting | None], seconds: float = 60) -> Collection:
    pictures: Iterable[Picture] = (Picture(name=str(i), image=BLANK) for i in range(len(seen)))
    return collect_stream(Script(seen), pictures, seconds, lambda *_: True)


def test_a_still_board_is_taken_once() -> None:
    view = VIEWS[0]
    found = stream([view, moved(view, 0.5), view, moved(view, 0.5)])
    assert len(found.sightings) == 1
    assert found.pictures == 4


def test_a_moving_board_is_not_taken() -> None:
    assert stream([moved(VIEWS[0], 9 * step) for step in range(6)]).sightings == []


def test_a_board_that_was_away_must_be_still_again() -> None:
    assert stream([VIEWS[0], None, VIEWS[0], None]).sightings == []


def test_it_ends_by_itself_when_enough_was_seen() -> None:
    seen: list[Sighting | None] = [view for view in VIEWS for _ in range(2)]
    found = stream(seen)
    assert WANTED_VIEWS <= len(found.sightings) < len(VIEWS)
    assert found.pictures < len(seen)


def test_it_ends_when_time_is_over_or_the_user_says_so() -> None:
    seen: list[Sighting | None] = [view for view in VIEWS for _ in range(2)]
    assert stream(list(seen), seconds=1e-9).pictures == 1
    pictures = (Picture(name="", image=BLANK) for _ in seen)

    def until_one(_: Picture, collector: StreamCollector, taken: bool) -> bool:
        return not taken

    found = collect_stream(Script(list(seen)), pictures, 60, until_one)
    assert len(found.sightings) == 1


def test_a_folder_with_two_sizes_is_refused() -> None:
    pictures = [Picture(name="a", image=BLANK), Picture(name="b", image=BLANK[:240])]
    with pytest.raises(BadImages, match="b is 640x240, the pictures before it are 640x480"):
        collect_all(Detector(BOARD), pictures)
    with pytest.raises(BadImages, match="no picture"):
        collect_all(Detector(BOARD), [])
