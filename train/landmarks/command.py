"""Finds the points, writes them without pixels, and draws where they are."""

from __future__ import annotations

import csv
import math
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from calibration.drawing import GREEN, YELLOW, captioned, write_text
from calibration.opencv import cv2
from train.errors import BadAvatar, TrainError
from train.landmarks.config import LandmarksConfig
from train.landmarks.find import Places, landmarks
from train.simulate.avatar import Avatar
from train.simulate.optics import Camera
from train.simulate.output import write_png
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig
from train.simulate.scene import STUDIO

COLUMNS = ("name", "x_m", "y_m", "z_m", "u_px", "v_px")
PICTURE_PX = 640
REACH_M, FAR_M = 0.075, 1.0
"""What the picture shows to each side of the mouth, and from how far."""


def run(config: LandmarksConfig) -> None:
    """Raises `TrainError`."""
    rig = Rig(Avatar.load(config.avatar))
    try:
        places = landmarks(rig.rest, rig.triangles)
    except BadAvatar as error:
        raise BadAvatar(f"avatar {config.avatar}: {error}") from error
    picture = config.out.with_suffix(".png")
    try:
        write_png(picture, _picture(rig, places))
        with config.out.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for name, place in places.items():
                table.writerow([name, *(f"{value:.4f}" for value in place), "", ""])
    except OSError as error:
        raise TrainError(f"{config.out} cannot be written: {error}") from error
    print(f"wrote {len(places)} points to {config.out}; {picture} shows where they are")


def _picture(rig: Rig, places: Places) -> NDArray[np.uint8]:
    """The face from the front, a number at each place, and the names below."""
    angle_deg = 2 * math.degrees(math.atan(REACH_M / FAR_M))
    camera = Camera(position_m=(0, 0, FAR_M), look_at_m=(0, 0, 0), vertical_fov_deg=angle_deg)
    with closing(Renderer(rig, (PICTURE_PX, PICTURE_PX))) as renderer:
        image = np.ascontiguousarray(renderer.render({}, camera, STUDIO))
    pixels = camera.project(list(places.values()), PICTURE_PX).round().astype(int).tolist()
    for number, (x, y) in enumerate(pixels, 1):
        cv2.drawMarker(image, (x, y), GREEN, cv2.MARKER_CROSS, 12, 1)
        write_text(image, str(number), (x + 6, y - 6), YELLOW)
    return captioned(image, [f"{number} {name}" for number, name in enumerate(places, 1)])
