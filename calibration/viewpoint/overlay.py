"""The picture that shows a pose: the pixels given, where the pose puts them, the head's axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.drawing import BLUE, GREEN, RED, YELLOW, captioned, write_text
from calibration.images import Image
from calibration.lens import Floats, project
from calibration.opencv import cv2
from calibration.profile import Intrinsics
from calibration.viewpoint.points import Point
from calibration.viewpoint.solve import Solution

_AXIS_M = 0.02
_AXES = (("left", RED), ("up", GREEN), ("out", BLUE))
_MIN_WIDTH_PX = 800


def overlay(
    image: Image,
    intrinsics: Intrinsics,
    points: Sequence[Point],
    solution: Solution,
    lines: Sequence[str],
) -> Image:
    """Circle: the pixel that was given (red: left out). Cross: where the pose puts the point. The
    names stand below, by number: the points lie closer together than names are long."""
    scale = max(1, -(-_MIN_WIDTH_PX // image.shape[1]))
    shown = np.asarray(
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8
    )

    def place(head_m: Floats) -> list[tuple[int, int] | None]:
        pixels = project(intrinsics, (head_m - solution.position_m) @ solution.camera_from_head.T)
        return [None if np.isnan(p).any() else _whole(p, scale) for p in pixels]

    origin, *ends = place(np.vstack([np.zeros(3), np.eye(3) * _AXIS_M]))
    for end, (name, colour) in zip(ends, _AXES, strict=True):
        if origin is not None and end is not None:
            cv2.arrowedLine(shown, origin, end, colour, 2, cv2.LINE_AA, tipLength=0.2)
            write_text(shown, name, (end[0] + 4, end[1] + 4), colour)
    seen = place(np.array([point.head_m for point in points]))
    names = []
    for number, (point, at, used) in enumerate(zip(points, seen, solution.used, strict=True), 1):
        assert point.pixel is not None
        given = _whole(np.array(point.pixel), scale)
        cv2.circle(shown, given, 6, YELLOW if used else RED, 1, cv2.LINE_AA)
        if at is not None:
            cv2.line(shown, given, at, YELLOW if used else RED, 1, cv2.LINE_AA)
            cv2.drawMarker(shown, at, GREEN, cv2.MARKER_CROSS, 10, 1, cv2.LINE_AA)
        write_text(shown, str(number), (given[0] + 9, given[1] - 7))
        names.append(f"{number} {point.name}" + ("" if used else " (left out)"))
    about = "circle: given; cross: where the pose puts it; axes of 20 mm"
    return captioned(shown, [*lines, about, *names])


def _whole(pixel: Floats, scale: int) -> tuple[int, int]:
    x, y = ((pixel + 0.5) * scale - 0.5).round()
    return int(x), int(y)
