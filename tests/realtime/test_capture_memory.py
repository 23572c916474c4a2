"""What a camera that was lost, or changed its size, left behind is given back."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from realtime import capture
from realtime.errors import SourceLost
from realtime.frame import Frame
from realtime.sources import Source
from tests.realtime.test_capture import Run, Scripted, opener_of, wait_for


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_PAUSE_MIN_S", "_PAUSE_MAX_S"):
        monkeypatch.setattr(capture, name, 0.01)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


class Cyclic(Scripted):
    """Its error holds it: by its stack, as PyAV's do in a generator, and it holds its error."""

    def read(self) -> Frame | None:
        try:
            return super().read()
        except SourceLost as error:
            self.error = error
            raise


class Growing(Scripted):
    """From the fourth on its pictures are larger."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None and frame.pts_us >= 4:
            return replace(frame, image=np.full((4, 4, 3), self.shade, np.uint8))
        return frame


def rest() -> None:
    time.sleep(0.1)


@pytest.mark.usefixtures("no_collector")
def test_a_lost_camera_is_freed_though_its_error_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_TIDY_S", 0.05)
    sources: list[Source] = [
        Cyclic([1, SourceLost("unplugged")]),
        Scripted([2, rest, 3, rest, 4, None]),
    ]
    gone = weakref.ref(sources[0])
    run = Run(lambda: sources.pop(0))
    list(run.frames())
    run.end()
    assert gone() is None


@pytest.mark.usefixtures("no_collector")
def test_cameras_that_are_lost_at_once_are_freed_while_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "_TIDY_S", 0.05)
    opened: list[weakref.ref[Source]] = []

    def open_flickering() -> Source:
        camera = Cyclic([SourceLost("gone at once")])
        opened.append(weakref.ref(camera))
        return camera

    run = Run(open_flickering)
    wait_for(lambda: len(opened) > 20 and all(camera() is None for camera in opened[:10]))
    run.end()


def test_memory_is_given_back_once_after_pictures_changed_their_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "_TIDY_S", 0.05)
    given_back: list[int] = []
    monkeypatch.setattr(capture, "give_back_memory", lambda: given_back.append(run.thread.captured))
    run = Run(opener_of(Growing([1, rest, 2, rest, 3, 4, 5, rest, 6, rest, 7, None])))
    list(run.frames())
    run.end()
    assert len(given_back) == 1
    assert given_back[0] >= 4
