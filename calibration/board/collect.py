"""Which pictures of the board to calibrate from: all of a folder, the useful ones of a stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from calibration.board.coverage import Coverage
from calibration.board.detect import Detector, Miss, Reason, Sighting
from calibration.errors import BadImages
from calibration.images import Picture, size_of
from calibration.lens import Floats
from calibration.opencv import cv2
from calibration.profile import Size

STILL_PX_PER_WIDTH = 0.003
"""A board that moves less than this part of the picture's width from one picture to the next."""
_NEW_SHARE = 0.06
"""A view is new when the board lies this far, in widths, from where any other showed it."""
WANTED_VIEWS, WANTED_COVERAGE = 20, 0.85
_MOST_VIEWS = 60


@dataclass(slots=True, kw_only=True)
class Collection:
    """What was found in the pictures."""

    size_px: Size
    sightings: list[Sighting] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    pictures: int = 0
    """How many were looked at."""

    def missed(self, reason: Reason) -> list[str]:
        """Names of the pictures that could not be used for this reason."""
        return [miss.name for miss in self.misses if miss.reason == reason]


def collect_all(detector: Detector, pictures: Iterable[Picture]) -> Collection:
    """Every picture of a folder. Raises `BadImages` if they are not of one size."""
    collection: Collection | None = None
    for picture in pictures:
        size_px = size_of(picture.image)
        collection = collection or Collection(size_px=size_px)
        if size_px != collection.size_px:
            raise BadImages(
                f"{picture.name} is {size_px[0]}x{size_px[1]}, the pictures before it are "
                f"{collection.size_px[0]}x{collection.size_px[1]}: a lens is calibrated from "
                "pictures of one size"
            )
        collection.pictures += 1
        found = detector(picture)
        if isinstance(found, Sighting):
            collection.sightings.append(found)
        else:
            collection.misses.append(found)
    if collection is None:
        raise BadImages("no picture at all: give a folder that holds some")
    return collection


class StreamCollector:
    """Takes a picture of a stream when the board in it is still and shows something new."""

    def __init__(self, detector: Detector, size_px: Size) -> None:
        self._detector = detector
        self.collection = Collection(size_px=size_px)
        self.coverage = Coverage(size_px)
        self.seen: Sighting | None = None
        """The board in the picture offered last."""
        self._outlines: list[Floats] = []

    @property
    def complete(self) -> bool:
        """Enough has been seen, or more would not help."""
        views = len(self.collection.sightings)
        enough = views >= WANTED_VIEWS and self.coverage.share >= WANTED_COVERAGE
        return enough or views >= _MOST_VIEWS

    def offer(self, picture: Picture) -> bool:
        """Look at the next picture; True if it was taken."""
        self.collection.pictures += 1
        before = self.seen
        found = self._detector(picture)
        if isinstance(found, Miss):
            self.seen = None
            self.collection.misses.append(found)
            return False
        self.seen = found
        if before is None or not self._still(before, found):
            return False
        outline = self._outline(found)
        near = [np.abs(outline - other).mean() for other in self._outlines]
        if near and min(near) < _NEW_SHARE:
            return False
        self._outlines.append(outline)
        self.coverage.add(found.corners_px)
        self.collection.sightings.append(found)
        return True

    def _still(self, before: Sighting, now: Sighting) -> bool:
        _, a, b = np.intersect1d(before.ids, now.ids, return_indices=True)
        if not len(a):
            return False
        moved = np.linalg.norm(before.corners_px[a] - now.corners_px[b], axis=1)
        return float(np.median(moved)) < STILL_PX_PER_WIDTH * self.collection.size_px[0]

    def _outline(self, view: Sighting) -> Floats:
        """The board's four outermost corners, in widths of the picture, seen or not: [4, 2]."""
        homography, _ = cv2.findHomography(view.points_m[:, :2], view.corners_px)
        (right, bottom) = view.points_m[:, :2].max(axis=0)
        board = np.array([[[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]]])
        outline = cv2.perspectiveTransform(board, homography)[0]
        return np.asarray(outline / self.collection.size_px[0], np.float64)


def collect_stream(
    detector: Detector,
    pictures: Iterable[Picture],
    seconds: float,
    watch: Callable[[Picture, StreamCollector, bool], bool],
) -> Collection:
    """Of a camera or video, until enough was seen, time is over, it ends, or `watch` says False.

    `watch(picture, collector, taken)` is called for every picture. Ctrl-C ends the taking.
    """
    collector: StreamCollector | None = None
    end_s = time.monotonic() + seconds
    try:
        for picture in pictures:
            collector = collector or StreamCollector(detector, size_of(picture.image))
            taken = collector.offer(picture)
            going_on = watch(picture, collector, taken)
            if not going_on or collector.complete or time.monotonic() > end_s:
                break
    except KeyboardInterrupt:
        pass
    if collector is None:
        raise BadImages("no picture came from the camera")
    return collector.collection
