"""`export_frames`: pictures of a session as PNG files, whole or as a model sees them."""

from __future__ import annotations

import shutil
from pathlib import Path

from calibration.opencv import cv2
from calibration.profile import CameraProfile
from calibration.view_map import ViewMap
from realtime.errors import SessionError
from realtime.frame import Image
from realtime.sessions.config import ExportConfig
from realtime.sessions.format import MARKS
from realtime.sessions.marks import read_marks
from realtime.sessions.reader import Session
from realtime.sessions.writer import make_folder

PROFILE = "camera.json"


def export_frames(config: ExportConfig) -> tuple[int, tuple[str, ...]]:
    """Write them; how many, and a line for each thing that is missing.

    Raises `SessionError` and `ProfileError`.
    """
    session = Session.open(config.folder)
    profile, to_view = _profile(config, session), None
    if profile is not None and config.view_px is not None:
        to_view = ViewMap(profile, config.view_px)
    read_marks(session.folder)  # refuses what must not be copied, before anything is written
    pictures = session.pictures()
    written = 0
    make_folder(config.out)
    try:
        for number, (row, image) in enumerate(pictures):
            if number % config.every == 0:
                _write(config.out / f"{row.seq:06d}.png", to_view(image)[0] if to_view else image)
                written += 1
    finally:
        pictures.close()
    marks = session.folder / MARKS
    if marks.exists():  # so that `train check` finds out what the wearer was asked to do
        shutil.copyfile(marks, config.out / MARKS)
    if profile is not None:  # so that `export` finds out how the model is to see
        profile.save(config.out / PROFILE)
    return written, pictures.missing


def _profile(config: ExportConfig, session: Session) -> CameraProfile | None:
    """By which the views are made; None: whole pictures are asked for."""
    if config.view_px is None:
        return None
    profile = (
        session.about.profile if config.profile is None else CameraProfile.load(config.profile)
    )
    if profile is None:
        raise SessionError(
            f"{config.folder} was recorded without a profile: say how the model sees its pictures "
            "with --profile FILE, or leave --view out"
        )
    return profile


def _write(path: Path, image: Image) -> None:
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise SessionError(f"cannot write {path}: is the disk full?")
