"""Sources: whatever one domain's pictures come from, opened by its path.

    a folder of images      PNG, JPEG, BMP, WebP; not its subfolders
    a video file            every frame
    a recorded session      a folder with session.json: every frame of its video that is whole, seen
                            by a camera's profile
    a folder of the last two, as many as it holds

Subfolders of images are not searched: beside v/ and c/ of a simulated set lies the truth, which
training must not see.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from calibration.profile import CameraProfile
from calibration.recorded import SESSION, VIDEO
from train.data.pixels import decode_file
from train.data.videos import Picture, frame_count, frames
from train.data.views import by_profile, centred, mapping, recorded_profile
from train.errors import BadData

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
VIDEO_SUFFIXES = {".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".nut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Files that hold one domain's pictures."""

    path: Path
    """As it was asked for."""
    files: tuple[Path, ...]
    """Images, or videos; in the order in which their pictures come."""
    videos: bool
    profile: CameraProfile | None = None
    """What all videos and sessions are seen by; None: each session by its own, if it has one."""

    def count(self) -> int:
        """How many pictures there are: exact for images and sessions, about right for videos."""
        return sum(map(frame_count, self.files)) if self.videos else len(self.files)

    def pictures(self) -> Iterator[Picture]:
        """All of them, in an order that does not change. An unreadable one comes as well, and says
        so when it is decoded."""
        for file in self.files:
            name = str(file.relative_to(self.path)) if file != self.path else file.name
            if self.videos:
                profile = self._seen_by(file)
                view = centred if profile is None else by_profile(profile, file)
                yield from frames(file, name, view)
            else:
                yield Picture(name, partial(decode_file, file))

    def sessions(self) -> dict[str, CameraProfile | None]:
        """The recorded sessions by name, and what each is seen by; None: the centred square. Raises
        `BadData`."""
        files = [file for file in self.files if self.videos and file.with_name(SESSION).exists()]
        return {file.parent.name: self._seen_by(file) for file in files}

    def _seen_by(self, video: Path) -> CameraProfile | None:
        return self.profile or recorded_profile(video.with_name(SESSION))

    def identity(self) -> str:
        """A digest of all file names, sizes, times of change and of the profiles that say what is
        seen of them: another one, other pictures."""
        digest = hashlib.sha256()
        for file in self.files:
            try:
                stat = file.stat()
                digest.update(f"{file.name}:{stat.st_size}:{stat.st_mtime_ns};".encode())
            except OSError as error:
                digest.update(f"{file.name}:{error.strerror};".encode())
            if self.videos and (profile := self._seen_by(file)) is not None:
                digest.update(mapping(profile).encode())
        return digest.hexdigest()


def open_source(path: Path, profile: CameraProfile | None = None) -> Source:
    """Find the pictures that `path` stands for. Raises `BadData` if there are none.

    profile: what videos and sessions are seen by, instead of the one that a session was recorded
    with; images are views already, and refuse it.
    """
    if path.is_file():
        if path.suffix.lower() in VIDEO_SUFFIXES:
            return Source(path=path, files=(path,), videos=True, profile=profile)
        if path.suffix.lower() in SUFFIXES:
            raise BadData(f"{path} is a single picture; give the folder of all of them")
        raise BadData(f"{path} is neither a folder nor a video ({_suffixes(VIDEO_SUFFIXES)})")
    entries = _entries(path)
    if images := _images(entries):
        if profile is not None:
            raise BadData(
                f"{path}: its images are taken as they are, and --profile is for a session or a "
                "video: give one, or leave --profile out"
            )
        return Source(path=path, files=tuple(images), videos=False)
    if videos := _videos(path, entries):
        return Source(path=path, files=tuple(videos), videos=True, profile=profile)
    _refuse(path, entries)


def list_images(folder: Path) -> list[Path]:
    """The images of a folder by name. Raises `BadData` if there are none."""
    entries = _entries(folder)
    images = _images(entries)
    if not images:
        _refuse(folder, entries)
    return images


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        raise BadData(f"{folder} does not exist: it is not a folder of images") from None
    except NotADirectoryError:
        raise BadData(f"{folder} is not a folder of images") from None
    except OSError as error:
        raise BadData(f"{folder} cannot be read: {error.strerror}") from error


def _images(entries: list[Path]) -> list[Path]:
    """A link that leads nowhere is kept, so that it is counted as unreadable; a folder that is
    called x.png is none."""
    return [p for p in entries if p.suffix.lower() in SUFFIXES and not p.is_dir()]


def _videos(folder: Path, entries: list[Path]) -> list[Path]:
    """Those of a session, of a folder of sessions, or of a folder of videos."""
    if (folder / SESSION).exists():
        return [p for p in entries if p.name == VIDEO]
    sessions = [p for p in entries if (p / SESSION).exists()]
    if sessions:
        return [video for p in sessions for video in _videos(p, _entries(p))]
    return [p for p in entries if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]


def _refuse(folder: Path, entries: list[Path]) -> NoReturn:
    """Say what is there instead of pictures."""
    names = {p.name for p in entries if p.is_dir()}
    for pair in (("v", "c"), ("trainA", "trainB")):
        if names.issuperset(pair):
            raise BadData(
                f"{folder} holds no images itself, it is a data set with {pair[0]}/ and {pair[1]}/;"
                " give it with --data, or one of the two folders"
            )
    found = Counter(p.suffix.lower() or "no suffix" for p in entries if p.is_file())
    there = ", ".join(f"{count} {suffix}" for suffix, count in found.most_common(3))
    if names:
        there = ", ".join(filter(None, (there, f"folders {', '.join(sorted(names)[:3])}")))
    raise BadData(
        f"{folder} holds no images ({_suffixes(SUFFIXES)}), no video and no session; there is "
        f"{there or 'nothing'} in it"
    )


def _suffixes(suffixes: set[str]) -> str:
    return ", ".join(sorted(suffixes))
