"""Replay equals live: the model is given the same bytes again, picture by picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from calibration.profile import CameraProfile, Intrinsics, Photometric, View
from realtime.frame import Frame, Image
from realtime.sessions.recorder import Recorder
from realtime.sources import AS_IT_COMES, Source, open_source
from tests.conftest import TINY_SHAPE
from tests.realtime.stage import Pictures, Stage
from train.data import ImageSet

PROFILE = CameraProfile(
    camera="a test",
    view=View(roi_px=(3, 5, 60, 40), rotation_deg=90, flip=True, undistort=True),
    intrinsics=Intrinsics(
        model="fisheye", size_px=(71, 48), focal_px=(40.0, 39.0), centre_px=(37.0, 22.0),
        distortion=(0.02, -0.008, 0.003, -0.0005),
    ),
    photometric=Photometric(black_level=9.0, white_balance=(1.2, 1.0, 0.9), gain=1.1),
)  # fmt: skip
COUNT = 30  # no more than the recorder can queue


class NoisyPictures(Pictures):
    """A camera of pictures that differ in every pixel."""

    def __init__(self, *, live: bool) -> None:
        super().__init__(COUNT, live=live, period_s=0.005 if live else 0.0)
        self.settings: dict[str, str | float] = {}
        self._random = np.random.default_rng(1)

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        image = self._random.integers(0, 256, (48, 71, 3), np.uint8)
        return Frame(
            image=image,
            seq=frame.seq,
            capture_ns=frame.capture_ns,
            capture_unix_us=frame.capture_unix_us,
            pts_us=frame.pts_us,
        )


def digest(image: Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


@pytest.fixture
def hashes(tiny_bundle: Path) -> Iterator[Callable[..., list[str]]]:
    """Runs a pipeline on a source; the hash of each view that reached the model, in order."""
    opened: list[Stage] = []

    def run(source: Callable[[], Source], **options: object) -> list[str]:
        seen: list[str] = []

        def take(view: Image, avatar: Image) -> None:
            seen.append(digest(view))

        stage = Stage(tiny_bundle, source, on_pictures=take, profile=PROFILE, **options)
        opened.append(stage)
        stage.run()
        return seen

    yield run
    for stage in opened:
        stage.publisher.close()


@pytest.mark.parametrize("live", [True, False])
def test_the_model_sees_again_what_it_saw(
    hashes: Callable[..., list[str]], tmp_path: Path, live: bool
) -> None:
    folder = tmp_path / "s"
    recorder = Recorder(
        folder, request=AS_IT_COMES, profile=None, bundle=None, on_event=lambda line: None
    )
    before = hashes(lambda: NoisyPictures(live=live), recorder=recorder, delay_s=0.01)
    recorder.close("the test ended")
    recording = recorder.snapshot()
    assert (recording.frames, sum(recording.dropped.values())) == (COUNT, 0)
    again = hashes(lambda: open_source(str(folder), pace="free"))
    assert len(set(again)) == COUNT
    if live:  # the model is too slow for some, which are in the session all the same
        assert before
        assert [view for view in again if view in before] == before
    else:
        assert again == before


def test_training_is_given_what_the_model_saw(
    hashes: Callable[..., list[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    recorder = Recorder(
        folder, request=AS_IT_COMES, profile=PROFILE, bundle=None, on_event=lambda line: None
    )
    live = hashes(lambda: NoisyPictures(live=False), recorder=recorder, delay_s=0.01)
    recorder.close("the test ended")
    images = ImageSet(folder, TINY_SHAPE[1], tmp_path / "cache").images
    assert [digest(image) for image in images] == live
