"""What surrounds the face, by seed: camera, lights, background and sensor of each shot.

A `Shot` is everything but the expression. Its continuous side is one vector of standard normals, so
that stills (independent draws) and clips (the same draws, wandering over time) share one recipe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.profile import Viewpoint
from train.simulate.optics import MAX_LIGHTS, Camera, Light, Lighting
from train.simulate.sensor import Sensor
from train.simulate.smooth import wandering

VIEWPOINT = Viewpoint(
    position_m=(0.0, -0.004, 0.1), look_at_m=(0.0, -0.018, 0.0), vertical_fov_deg=56.0
)
"""Where a headset holds its face camera: ten centimetres before the mouth, nose to chin in view."""

MOUTH_BOX_M = ((-0.03, 0.018, -0.01), (0.03, -0.042, -0.01))
"""Opposite corners of what the lips reach, in the head frame."""

STUDIO = Lighting(
    lights=(
        Light(position_m=(-0.22, 0.2, 0.4), color=(0.34, 0.34, 0.34)),
        Light(position_m=(0.22, 0.2, 0.4), color=(0.34, 0.34, 0.34)),
        Light(position_m=(0.0, -0.22, 0.35), color=(0.2, 0.2, 0.2)),
    ),
    sky=(0.3, 0.3, 0.3),
    ground=(0.2, 0.2, 0.2),
    softness=3.0,
)
"""The light of domain C: even, from in front, the same in every picture."""

SHIFT_M, TILT_DEG, ROLL_DEG, SCALE = 0.0016, 0.7, 1.3, 0.022
"""Standard deviations of the headset's slop: a few pixels at 256, degrees, part of the distance."""
DIRECT_LIGHT = 0.85
CAMERA_PERIOD_S, LIGHT_PERIOD_S = 1.5, 6.0
CAMERA_VALUES, LIGHT_VALUES, OTHER_VALUES = 7, 6, 11
SHOT_VALUES = CAMERA_VALUES + MAX_LIGHTS * LIGHT_VALUES + OTHER_VALUES
SESSION_SHARE = 0.8
"""How much of a still's slop comes from how the headset sits in its session; the rest is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What stays as it is while a camera runs."""

    light_count: int
    background: int
    """Index among the background images."""
    jpeg_quality: int | None

    @classmethod
    def random(cls, rng: np.random.Generator, backgrounds: int) -> Setting:
        return cls(
            light_count=int(rng.integers(1, MAX_LIGHTS + 1)),
            background=int(rng.integers(backgrounds)),
            jpeg_quality=int(rng.integers(75, 96)) if rng.random() < 0.4 else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """A square part of one background image."""

    image: int
    centre: tuple[float, float]
    """x, y in 0..1: where the crop lies within its freedom."""
    size: float
    """Side of the crop, part of the image's shorter side."""
    gain: float
    """Factor on its linear light."""
    blur: float
    """Standard deviation of the defocus, part of the picture's height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One moment of a session, but for the expression."""

    camera: Camera
    lighting: Lighting
    backdrop: Backdrop
    sensor: Sensor

    @classmethod
    def of(cls, setting: Setting, values: NDArray[np.float64]) -> Shot:
        """The shot that `SHOT_VALUES` standard normals stand for."""
        camera, lights, other = np.split(values, [CAMERA_VALUES, len(values) - OTHER_VALUES])
        return cls(
            camera=_camera(camera),
            lighting=_lighting(lights.reshape(MAX_LIGHTS, -1)[: setting.light_count], other[:2]),
            backdrop=_backdrop(setting, other[2:7]),
            sensor=_sensor(setting, other[7:]),
        )


def still(rng: np.random.Generator, session: np.random.Generator, backgrounds: int) -> Shot:
    """A shot of its own light and background, from a headset worn as in its session."""
    values = rng.standard_normal(SHOT_VALUES)
    worn = session.standard_normal(CAMERA_VALUES)
    own_share = math.sqrt(1 - SESSION_SHARE**2)
    values[:CAMERA_VALUES] = SESSION_SHARE * worn + own_share * values[:CAMERA_VALUES]
    return Shot.of(Setting.random(rng, backgrounds), values)


def moving(rng: np.random.Generator, count: int, fps: float, backgrounds: int) -> list[Shot]:
    """A shot for each frame of a clip: one setting, in which everything drifts."""
    setting = Setting.random(rng, backgrounds)
    camera = wandering(rng, count, CAMERA_VALUES, CAMERA_PERIOD_S * fps)
    other = wandering(rng, count, SHOT_VALUES - CAMERA_VALUES, LIGHT_PERIOD_S * fps)
    return [Shot.of(setting, values) for values in np.hstack([camera, other])]


def _uniform(value: float, low: float, high: float) -> float:
    """A standard normal, as a uniform draw from low..high."""
    return low + (high - low) * 0.5 * (1 + math.erf(value / math.sqrt(2)))


def _camera(values: NDArray[np.float64]) -> Camera:
    side, rise, yaw, pitch, roll, nearer, bend = np.clip(values, -2.5, 2.5).tolist()
    position = np.array(VIEWPOINT.position_m)
    ahead = np.array(VIEWPOINT.look_at_m) - position
    distance = float(np.linalg.norm(ahead))
    position = position + SHIFT_M * np.array([side, rise, 0.0]) + SCALE * nearer * ahead
    turn = math.radians(TILT_DEG) * distance
    target = position + ahead + turn * np.array([yaw, pitch, 0.0])
    tilt = math.radians(ROLL_DEG) * roll
    return Camera(
        position_m=_vec(position),
        look_at_m=_vec(target),
        up=(math.sin(tilt), math.cos(tilt), 0.0),
        vertical_fov_deg=VIEWPOINT.vertical_fov_deg,
        distortion=_uniform(bend, 0.02, 0.09),
    )


def _lighting(lights: NDArray[np.float64], ambient: NDArray[np.float64]) -> Lighting:
    positions, colors, weights = [], [], []
    for around, above, far, warm, green, strength in lights.tolist():
        azimuth = math.radians(_uniform(around, -80, 80))
        elevation = math.radians(_uniform(above, -40, 70))
        direction = np.array(
            [math.sin(azimuth) * math.cos(elevation), math.sin(elevation),
             math.cos(azimuth) * math.cos(elevation)]
        )  # fmt: skip
        positions.append(direction * _uniform(far, 0.22, 0.8))
        colors.append(math.exp(0.5 * strength) * _tint(0.24 * warm, 0.08 * green))
        weights.append(math.exp(0.5 * strength) * max(float(direction[2]), 0.35))
    total = sum(weights)
    level, warm = ambient.tolist()
    sky = _uniform(level, 0.06, 0.28) * _tint(0.2 * warm, 0.0)
    return Lighting(
        lights=tuple(
            Light(position_m=_vec(position), color=_vec(DIRECT_LIGHT * color / total))
            for position, color in zip(positions, colors, strict=True)
        ),
        sky=_vec(sky),
        ground=_vec(0.6 * sky),
    )


def _backdrop(setting: Setting, values: NDArray[np.float64]) -> Backdrop:
    across, down, size, gain, blur = values.tolist()
    return Backdrop(
        image=setting.background,
        centre=(_uniform(across, 0, 1), _uniform(down, 0, 1)),
        size=_uniform(size, 0.35, 0.95),
        gain=2 ** _uniform(gain, -2.0, 0.8),
        blur=_uniform(blur, 0.0, 0.015),
    )


def _sensor(setting: Setting, values: NDArray[np.float64]) -> Sensor:
    exposure, vignette, noise, warm = values.tolist()
    return Sensor(
        exposure=2 ** _uniform(exposure, -0.7, 0.45),
        vignette=_uniform(vignette, 0.15, 0.6),
        shot_noise=_uniform(noise, 0.01, 0.05),
        read_noise=_uniform(noise, 0.001, 0.006),
        white_balance=_vec(_tint(0.08 * warm, 0.0)),
        jpeg_quality=setting.jpeg_quality,
    )


def _tint(warm: float, green: float) -> NDArray[np.float64]:
    """A colour of luminance about 1, linear RGB."""
    color = np.exp([warm - green / 2, green, -warm - green / 2])
    return np.asarray(color / (color @ (0.2126, 0.7152, 0.0722)))


def _vec(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
