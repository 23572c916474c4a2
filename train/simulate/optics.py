"""Camera and lights in the head frame (see `rig`), and the matrices that OpenGL wants of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.profile import Viewpoint

Matrix = NDArray[np.float64]
"""[4, 4], acts on columns."""
Vec3 = tuple[float, float, float]

MAX_LIGHTS = 3
NEAR_M, FAR_M = 0.01, 2.0
SHADOW_RADIUS_M = 0.13
"""What a light's shadow map covers: this far around the middle of the jaw."""
SHADOW_CENTRE_M = (0.0, 0.0, -0.03)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Pose in the head frame, and lens."""

    position_m: Vec3
    look_at_m: Vec3
    up: Vec3 = (0.0, 1.0, 0.0)
    vertical_fov_deg: float
    distortion: float = 0.0
    """Barrel: what an ideal lens shows at r (1 + distortion r^2) from the centre, this one shows at
    r; r is the tangent of the angle to the axis."""

    @classmethod
    def at(cls, viewpoint: Viewpoint) -> Camera:
        """The camera of a calibrated viewpoint, with an ideal lens."""
        return cls(
            position_m=viewpoint.position_m,
            look_at_m=viewpoint.look_at_m,
            up=viewpoint.up,
            vertical_fov_deg=viewpoint.vertical_fov_deg,
        )

    @property
    def tangent(self) -> float:
        """Of half the vertical field of view: the picture's half height at distance 1."""
        return math.tan(math.radians(self.vertical_fov_deg) / 2)

    def camera_from_head(self) -> Matrix:
        return look_at(self.position_m, self.look_at_m, self.up)

    def project(self, points_m: Sequence[Vec3], size_px: int) -> NDArray[np.float64]:
        """x, y in pixels of a square picture, [N, 2], without distortion."""
        points = np.column_stack([np.array(points_m, float), np.ones(len(points_m))])
        x, y, z, _ = self.camera_from_head() @ points.T
        half = size_px / 2
        return np.stack(
            [half - half * x / (z * self.tangent), half + half * y / (z * self.tangent)], 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A point light with a shadow."""

    position_m: Vec3
    """In the head frame."""
    color: Vec3
    """Linear RGB of the light that arrives at the mouth: a white surface facing it looks so."""

    @property
    def intensity(self) -> Vec3:
        """Light that arrives at one metre."""
        distance2 = math.hypot(*self.position_m) ** 2
        red, green, blue = self.color
        return red * distance2, green * distance2, blue * distance2

    def clip_from_head(self) -> Matrix:
        """The view from the light that its shadow map is drawn with."""
        distance = math.dist(self.position_m, SHADOW_CENTRE_M)
        reach = SHADOW_RADIUS_M / max(distance, 1.2 * SHADOW_RADIUS_M)
        near = max(distance - 2 * SHADOW_RADIUS_M, NEAR_M)
        projection = perspective(
            math.tan(math.asin(reach)), 1.0, near, distance + 2 * SHADOW_RADIUS_M
        )
        overhead = abs(self.position_m[1]) > 0.9 * distance
        up = (0.0, 0.0, 1.0) if overhead else (0.0, 1.0, 0.0)
        return projection @ look_at(self.position_m, SHADOW_CENTRE_M, up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lighting:
    """All the light there is."""

    lights: tuple[Light, ...]
    """At most `MAX_LIGHTS`."""
    sky: Vec3
    """Linear RGB of the ambient light from above."""
    ground: Vec3
    """The same from below."""
    softness: float = 1.5
    """Width of a shadow's edge, texels of its map."""

    def __post_init__(self) -> None:
        if len(self.lights) > MAX_LIGHTS:
            raise ValueError(f"at most {MAX_LIGHTS} lights, got {len(self.lights)}")


def look_at(eye: Vec3, target: Vec3, up: Vec3) -> Matrix:
    """camera_from_head of a camera at `eye`; OpenGL's looks along -z."""
    back = np.subtract(eye, target)
    back /= np.linalg.norm(back)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = right, np.cross(back, right), back
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def perspective(tangent: float, aspect: float, near: float, far: float) -> Matrix:
    """clip_from_camera; `tangent` is that of half the vertical field of view."""
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1] = 1 / (tangent * aspect), 1 / tangent
    matrix[2, 2], matrix[2, 3] = (far + near) / (near - far), 2 * far * near / (near - far)
    matrix[3, 2] = -1.0
    return matrix
