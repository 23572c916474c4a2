"""What is asked of a camera, and what is said when it gives something else."""

from __future__ import annotations

import pytest

from realtime.errors import UsageError
from realtime.sources.contract import CameraRequest


def test_what_was_got_as_asked_is_not_mentioned() -> None:
    request = CameraRequest(size_px=(640, 480), fps=30)
    assert request.differences((640, 480), 29.97) == ()
    assert CameraRequest().differences((320, 240), None) == ()


def test_each_difference_says_asked_and_got() -> None:
    request = CameraRequest(size_px=(1280, 720), fps=60)
    assert request.differences((640, 480), 30.0) == (
        "asked for 1280x720, got 640x480",
        "asked for 60 fps, got 30",
    )
    assert request.differences((1280, 720), None) == (
        "asked for 60 fps, got a rate that the source does not tell",
    )


@pytest.mark.parametrize("wrong", [{"size_px": (0, 480)}, {"fps": 0.0}, {"fps": float("nan")}])
def test_impossible_requests_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="asked for"):
        CameraRequest(**wrong)
