"""`landmarks`: places that can be told on any face, found on an avatar's rest pose.

They are looked for on the front of the face: a height over x and y of the head frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from train.errors import BadAvatar

Floats = NDArray[np.float64]
Place = tuple[float, float, float]
"""x, y, z in metres of the head frame."""
Places = dict[str, Place]

STEP_M = 0.001
HALF_WIDTH_M, BOTTOM_M, TOP_M = 0.05, -0.07, 0.075
"""What part of the face is searched, in the head frame."""
CORNER_M, WING_M = 0.023, 0.017
"""x of the corners of the mouth, by the head frame's own measure, and of the nose's wings."""


def landmarks(rest: NDArray[np.float32], triangles: NDArray[np.int32]) -> Places:
    """Name -> x, y, z in metres of the head frame. `rest` [N, 3] is a face in the head frame.

    Raises `BadAvatar` where there is no surface.
    """
    height = _height(rest.astype(np.float64), triangles)

    def at(x: float, y: float) -> Place:
        place = _place(height, x, y)
        if place is None:
            raise BadAvatar(f"its face has a hole {x * 1000:.0f}, {y * 1000:.0f} mm from the lips")
        return place

    def along(low: float, high: float, sign: int) -> float:
        """y of the midline's farthest (+1) or deepest (-1) place between two heights."""
        ys = np.arange(low, high, STEP_M)
        profile = np.array([at(0.0, y)[2] for y in ys])
        return float(ys[np.argmax(sign * profile)])

    nose = along(0.012, 0.06, 1)
    base = along(0.006, nose, -1)
    chin = along(-0.055, -0.022, 1)
    fold = along(chin, -0.006, -1)
    return {
        "tip of the nose": at(0.0, nose),
        "below the nose, where the lip begins": at(0.0, base),
        "fold between lower lip and chin": at(0.0, fold),
        "foremost point of the chin": at(0.0, chin),
        "corner of the mouth, wearer's left": at(CORNER_M, 0.0),
        "corner of the mouth, wearer's right": at(-CORNER_M, 0.0),
        "below the outer edge of the nostril, wearer's left": at(WING_M, base + 0.004),
        "below the outer edge of the nostril, wearer's right": at(-WING_M, base + 0.004),
        "cheek, level with the tip of the nose, wearer's left": at(2 * WING_M, nose),
        "cheek, level with the tip of the nose, wearer's right": at(-2 * WING_M, nose),
        "jaw below the corner of the mouth, wearer's left": at(CORNER_M, chin),
        "jaw below the corner of the mouth, wearer's right": at(-CORNER_M, chin),
    } | _outer(height, nose)


def _outer(height: Floats, nose: float) -> Places:
    """Of the outer cheek, which lies far behind the nose: that tells best how a near camera is
    turned. A face with a wide mouth may be narrower than these."""
    places: Places = {}
    for level, y in (("the mouth", 0.0), ("the tip of the nose", nose)):
        for side, x in (("left", 2 * CORNER_M), ("right", -2 * CORNER_M)):
            place = _place(height, x, y)
            if place is not None:
                name = (
                    f"level with {level}, twice as far out as the mouth's corner, wearer's {side}"
                )
                places[name] = place
    return places


def _place(height: Floats, x: float, y: float) -> Place | None:
    """On the surface; None where there is none."""
    row, column = round((y - BOTTOM_M) / STEP_M), round((x + HALF_WIDTH_M) / STEP_M)
    z = float(height[row, column])
    return (round(x, 4), round(y, 4), round(z, 4)) if math.isfinite(z) else None


def _height(rest: NDArray[np.float64], triangles: NDArray[np.int32]) -> Floats:
    """[rows, columns], upwards and to the left: z of the front of the face, NaN where there is
    none."""
    shape = (round((TOP_M - BOTTOM_M) / STEP_M) + 1, round(2 * HALF_WIDTH_M / STEP_M) + 1)
    height = np.full(shape, -np.inf)
    for points in _samples(rest, triangles):
        column = np.rint((points[:, 0] + HALF_WIDTH_M) / STEP_M).astype(int)
        row = np.rint((points[:, 1] - BOTTOM_M) / STEP_M).astype(int)
        inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
        np.maximum.at(height, (row[inside], column[inside]), points[inside, 2])
    height[~np.isfinite(height)] = np.nan
    return height


def _samples(rest: NDArray[np.float64], triangles: NDArray[np.int32]) -> Iterator[Floats]:
    """Points all over the triangles, [N, 3] at a time, closer than `STEP_M`."""
    corners = rest[triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    low, high = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    near = (low < (HALF_WIDTH_M, TOP_M)).all(axis=1) & (high > (-HALF_WIDTH_M, BOTTOM_M)).all(
        axis=1
    )
    parts = np.ceil(1.5 * longest / STEP_M).astype(int)
    for count in np.unique(parts[near]):
        shares = np.array(
            [(i, j, count - i - j) for i in range(count + 1) for j in range(count + 1 - i)]
        )
        chosen = corners[near & (parts == count)]
        yield np.einsum("sk,tkx->tsx", shares / max(count, 1), chosen).reshape(-1, 3)
