"""From light to pixels: the picture that a small camera makes of it, and the clean encoding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2

Floats = NDArray[np.float32]
SHOULDER = 0.75
"""Linear light above this is compressed towards white, as every camera's tone curve does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Settings and faults of one camera at one moment."""

    exposure: float = 1.0
    """Factor on linear light."""
    vignette: float = 0.0
    """Part of the light that the corners lose."""
    shot_noise: float = 0.0
    """Standard deviation of the noise at linear 1; it grows with the root of the light."""
    read_noise: float = 0.0
    """Standard deviation of the noise in the dark, linear."""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of R, G, B."""
    jpeg_quality: int | None = None
    """The camera's own compression; None is none."""


def develop(light: Floats, sensor: Sensor, rng: np.random.Generator) -> NDArray[np.uint8]:
    """uint8[H, W, 3] RGB of linear float32[H, W, 3] RGB `light`."""
    height, width = light.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    falloff = 1 - sensor.vignette * (x * x + y * y) / 2
    gains = np.array(sensor.white_balance, np.float32) * sensor.exposure
    exposed = light * falloff * gains
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    deviation = np.sqrt(sensor.shot_noise**2 * np.maximum(exposed, 0) + sensor.read_noise**2)
    image = encode(exposed + noise * deviation)
    return image if sensor.jpeg_quality is None else _compressed(image, sensor.jpeg_quality)


def _compressed(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def encode(light: Floats) -> NDArray[np.uint8]:
    """sRGB uint8[H, W, 3] of linear light, its highlights rolled off rather than clipped."""
    room = 1 - SHOULDER
    over = np.maximum(light - SHOULDER, 0)
    rolled = np.clip(np.minimum(light, SHOULDER) + room * over / (over + room), 0, 1)
    srgb = np.where(rolled <= 0.0031308, rolled * 12.92, 1.055 * rolled ** (1 / 2.4) - 0.055)
    return np.asarray(srgb * 255 + 0.5, np.uint8)


def linear(image: NDArray[np.uint8]) -> Floats:
    """Linear float32 light of an sRGB uint8 picture."""
    return _LINEAR[image]


_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
