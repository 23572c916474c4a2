"""`Detector`: the board's corners in one picture, or why there are none to be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.board.target import DICTIONARIES, Board
from calibration.images import Image, Picture
from calibration.opencv import cv2

Ids = NDArray[np.int32]

Reason = Literal["blurred", "another board", "no board", "few corners"]

BLURRED_PX = 8.0
"""Edges wider than this, in pixels, put corners where they are not."""
_MIN_CORNERS = 8
_MIN_MARKERS = 4
"""That many markers are no accident."""
_REFINE = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.005)
_WAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """The board as one picture shows it."""

    name: str
    ids: Ids
    """[N], the board's numbers of its inner corners."""
    points_m: NDArray[np.float64]
    """[N, 3], on the board: metres, z is 0."""
    corners_px: NDArray[np.float64]
    """[N, 2], the same points in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A picture that cannot be used."""

    name: str
    reason: Reason


class Detector:
    """Finds one board in picture after picture."""

    def __init__(self, board: Board) -> None:
        self._board = board.opencv()
        self._needed = min(_MIN_CORNERS, board.corner_count)
        # Around a corner, up to the markers, there is nothing but the corner's own edges; a larger
        # window would draw the corner towards a marker.
        self._clear_share = (board.square_mm - board.marker_mm) / 2 / board.square_mm
        self._detector = cv2.aruco.CharucoDetector(self._board)

    def __call__(self, picture: Picture) -> Sighting | Miss:
        grey = np.asarray(cv2.cvtColor(picture.image, cv2.COLOR_RGB2GRAY), np.uint8)
        corners, corner_ids, _, marker_ids = self._detector.detectBoard(grey)
        ids = _numbers(corner_ids)
        if len(ids) >= self._needed and not self._board.checkCharucoCornersCollinear(ids):
            pixels = np.asarray(corners, np.float32).reshape(-1, 1, 2)
            if edge_width_px(_around(grey, pixels)) > BLURRED_PX:
                return Miss(name=picture.name, reason="blurred")
            half = int(np.clip(self._clear_share * _spacing_px(pixels) - 1, 2, 5))
            cv2.cornerSubPix(grey, pixels, (half, half), (-1, -1), _REFINE)
            return Sighting(
                name=picture.name,
                ids=ids,
                points_m=np.asarray(self._board.getChessboardCorners(), np.float64)[ids],
                corners_px=pixels.reshape(-1, 2).astype(np.float64),
            )
        return Miss(name=picture.name, reason=self._why(grey, _numbers(marker_ids), len(ids)))

    def _why(self, grey: Image, markers: Ids, corner_count: int) -> Reason:
        if edge_width_px(grey) > BLURRED_PX:
            return "blurred"
        foreign = np.setdiff1d(markers, np.ravel(self._board.getIds()))
        if len(foreign) or (len(markers) >= _MIN_MARKERS and corner_count * 4 < len(markers)):
            return "another board"
        return "few corners" if len(markers) else "no board"


def recognise_dictionary(pictures: Iterable[Picture], board: Board) -> str | None:
    """Another dictionary whose markers the pictures show; None: none is there."""
    for picture in pictures:
        for name in DICTIONARIES:
            # The dictionaries of one marker size begin alike: the largest one knows them all.
            if not name.endswith("_250") or name.split("_")[0] == board.dictionary.split("_")[0]:
                continue
            number = getattr(cv2.aruco, f"DICT_{name.upper()}")
            detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(number))
            ids = detector.detectMarkers(picture.image)[1]
            if ids is not None and len(ids) >= _MIN_MARKERS:
                return name
    return None


def edge_width_px(grey: Image) -> float:
    """Width of the picture's strongest edges, in the direction in which they are widest.

    Motion leaves the edges along it sharp; so each direction is asked for its steepest step, and
    the flattest answer counts. About 3 for a sharp picture; grows with the blur.
    """
    low, high = np.percentile(grey, (2, 98))
    smooth = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32)
    # Every second row and column is sample enough.
    slope_x = (smooth[1:-1, 2:] - smooth[1:-1, :-2])[::2, ::2] / 2
    slope_y = (smooth[2:, 1:-1] - smooth[:-2, 1:-1])[::2, ::2] / 2
    steepest = min(
        np.percentile(np.abs(slope_x * np.cos(angle) + slope_y * np.sin(angle)), 99.5)
        for angle in np.arange(_WAYS) * np.pi / _WAYS
    )
    return float((high - low) / max(steepest, 1e-3))


def _numbers(ids: object) -> Ids:
    """OpenCV's [N, 1], or None, as [N]."""
    return np.zeros(0, np.int32) if ids is None else np.asarray(ids, np.int32).ravel()


def _around(grey: Image, pixels: NDArray[np.float32]) -> Image:
    """The part of the picture that the corners lie in."""
    left, top = np.maximum(pixels.min(axis=(0, 1)).astype(int) - 4, 0)
    right, bottom = pixels.max(axis=(0, 1)).astype(int) + 5
    return grey[top:bottom, left:right]


def _spacing_px(pixels: NDArray[np.float32]) -> float:
    """Distance of a corner to its nearest neighbour, the smallest of all."""
    flat = pixels[:, 0]
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    return float(distances[distances > 0].min())
