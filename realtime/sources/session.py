"""`SessionSource`: a recorded session, played with its original timing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from realtime.errors import SessionError, SourceError, SourceNotFound
from realtime.frame import Frame, unix_us
from realtime.sessions.reader import Session
from realtime.sources.contract import CameraRequest, Pace, Setting
from realtime.sources.pace import Pacer


def open_session(folder: Path, request: CameraRequest, pace: Pace) -> SessionSource:
    """Raises `SourceNotFound`."""
    try:
        return SessionSource(Session.open(folder), request, pace)
    except SessionError as error:
        raise SourceNotFound(str(error)) from error


class SessionSource:
    """Gives the pictures that the camera gave, bit for bit. They are as old as they are to those
    who look at them now: their times are of the replay, at the distances of the recording."""

    def __init__(self, session: Session, request: CameraRequest, pace: Pace) -> None:
        """Raises `SessionError` if there is no picture in it."""
        camera = session.about.camera
        self.name, self.live, self.fps = str(session.folder), pace == "realtime", camera.fps
        self.settings: Mapping[str, Setting] = {"recorded_from": camera.source}
        self.notes = (*session.notes, *request.differences(session.about.size_px, self.fps))
        self._pictures = session.pictures()
        pictures = iter(self._pictures)
        first = next(pictures, None)
        if first is None:
            self._pictures.close()
            raise SessionError(f"{self.name}: not one picture in its video can be decoded")
        self._rows = chain([first], pictures)
        self._times_us = dict(zip((row.seq for row in session.rows), session.times_us, strict=True))
        self._first_us = self._times_us[first[0].seq]
        self._pacer = Pacer(pace)
        self._seq = 0

    def read(self) -> Frame | None:
        try:
            item = next(self._rows, None)
        except SessionError as error:
            raise SourceError(str(error)) from error
        if item is None:
            self.notes += self._pictures.missing
            return None
        row, image = item
        pts_us = self._times_us[row.seq] - self._first_us
        self._pacer.wait_until(pts_us)
        frame = Frame(
            image=image,
            seq=self._seq,
            capture_ns=time.monotonic_ns(),
            capture_unix_us=unix_us(),
            pts_us=pts_us,
        )
        self._seq += 1
        return frame

    def close(self) -> None:
        self._pictures.close()
