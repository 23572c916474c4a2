"""Points of the avatar's head and the pixels that show them: read from a file, or clicked."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from calibration.drawing import GREEN, YELLOW, captioned, write_text
from calibration.errors import BadFit
from calibration.images import Image
from calibration.opencv import cv2
from calibration.part import Part
from calibration.window import ENTER, ESCAPE, Window

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Point(Part):
    """One point of the head."""

    name: str
    head_m: tuple[Finite, Finite, Finite]
    """In the head frame: x to the avatar's left, y up, z forward, origin between the lips."""
    pixel: tuple[Finite, Finite] | None = None
    """x, y in the camera's picture; None: still to be clicked."""


_POINTS = TypeAdapter(list[Point])


def load_points(path: Path) -> list[Point]:
    """From JSON, a list of {"name", "head_m": [x, y, z], "pixel": [u, v]}, or from CSV with the
    columns name, x_m, y_m, z_m, u_px, v_px; pixels may be missing. Raises `BadFit`."""
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="") as file:
                entries = [_entry(row) for row in csv.DictReader(file)]
        else:
            entries = json.loads(path.read_text())
        return _POINTS.validate_python(entries, strict=False)
    except OSError as error:
        raise BadFit(f"cannot read points {path}: {error.strerror}") from error
    except KeyError as error:
        raise BadFit(
            f"points {path}: there is no column {error}; name, x_m, y_m, z_m, u_px, v_px are needed"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadFit(
            f"points {path}: {where}: {first['msg']} (got {first['input']!r:.60})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadFit(f"points {path}: neither JSON nor CSV (.csv) as expected: {error}") from error


def save_points(points: Sequence[Point], path: Path) -> None:
    """As JSON, to be used again. Raises `BadFit` if the file cannot be written."""
    try:
        path.write_bytes(_POINTS.dump_json(list(points), indent=1) + b"\n")
    except OSError as error:
        raise BadFit(f"cannot write points {path}: {error.strerror}") from error


def click_points(image: Image, points: Sequence[Point]) -> list[Point]:
    """Ask for the missing pixels in a window, one point after the other. Raises `NoDisplay`, or
    `BadFit` when the user gives up."""
    result = list(points)
    missing = [index for index, point in enumerate(result) if point.pixel is None]
    clicks: list[tuple[int, int]] = []

    def on_mouse(event: int, x: int, y: int) -> None:
        if event == cv2.EVENT_LBUTTONDOWN and len(clicks) < len(missing):
            clicks.append((x, y))

    with Window("calibration: viewpoint", "give the pixels in the points' file") as window:
        window.on_mouse(on_mouse)
        while True:
            done = len(clicks) == len(missing)
            wanted = "" if done else f"click on: {result[missing[len(clicks)]].name}"
            window.show(_with_clicks(image, clicks, wanted))
            key = window.key(30)
            if key == ESCAPE:
                raise BadFit("the clicking was given up; nothing is written")
            if key == ord("z") and clicks:
                clicks.pop()
            if key == ENTER and done:
                break
    for index, click in zip(missing, clicks, strict=True):
        result[index] = result[index].model_copy(update={"pixel": click})
    return result


def _with_clicks(image: Image, clicks: Sequence[tuple[int, int]], wanted: str) -> Image:
    shown = image.copy()
    for number, click in enumerate(clicks):
        cv2.drawMarker(shown, click, GREEN, cv2.MARKER_CROSS, 12, 1)
        write_text(shown, str(number + 1), (click[0] + 6, click[1] - 6), YELLOW, 0.4)
    return captioned(shown, [wanted or "Enter: done", "z: undo | Esc: give up"])


def _entry(row: dict[str, str]) -> dict[str, object]:
    pixel = (row.get("u_px") or "").strip(), (row.get("v_px") or "").strip()
    return {
        "name": row["name"],
        "head_m": (row["x_m"], row["y_m"], row["z_m"]),
        "pixel": pixel if all(pixel) else None,
    }
