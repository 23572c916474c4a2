"""Pixels: bytes of an image file -> uint8 RGB -> floats in -1..1, and back to bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from calibration.opencv import cv2

Image = NDArray[np.uint8]
"""uint8[H,W,3] RGB."""

_JPEG, _PNG, _WEBP = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"


class Undecodable(Exception):
    """One picture that cannot be used; the message is the reason, a few words."""


def decode_file(path: Path) -> Image:
    """The whole picture, uint8[H,W,3] RGB. Raises `Undecodable`.

    Grey becomes three equal channels. 16 bits per channel become 8. What is transparent is shown on
    black, as renders of domain C are. A JPEG is turned as its EXIF orientation says.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would hold this up for ever
            raise Undecodable("no regular file")
        data = path.read_bytes()
    except OSError as error:
        raise Undecodable(error.strerror or "cannot be read") from error
    if not data:
        raise Undecodable("empty file")
    if not _complete(data):
        raise Undecodable("truncated")
    # IMREAD_UNCHANGED keeps alpha and 16 bits, but ignores EXIF: no JPEG has the former, and
    # photographs need the latter.
    how = cv2.IMREAD_COLOR if data.startswith(_JPEG) else cv2.IMREAD_UNCHANGED
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        image = None
    if image is None:
        raise Undecodable("not an image, or damaged")
    return _rgb8(image)


def read_image(path: Path, size: int) -> Image | None:
    """uint8[size,size,3] RGB: the largest centred square, resized; None if it cannot be decoded."""
    try:
        return square(decode_file(path), size)
    except Undecodable:
        return None


def square(image: Image, size: int) -> Image:
    """The largest centred square of uint8[H,W,3], resized to uint8[size,size,3]."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = image[top : top + side, left : left + side]
    if side != size:
        how = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, (size, size), interpolation=how), np.uint8)
    return np.ascontiguousarray(image)


def to_float(images: NDArray[np.uint8]) -> Tensor:
    """uint8[B,H,W,3] -> float[B,3,H,W] in -1..1."""
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    floats = planes.to(torch.float32, memory_format=torch.contiguous_format)
    return floats.div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """float[B,3,H,W] in -1..1 -> uint8[B,H,W,3], rounded as the exported model rounds."""
    levels = images.detach().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())


def _complete(data: bytes) -> bool:
    """Whether the file goes on to its end mark. OpenCV shows the missing part of a JPEG as grey,
    and says so nowhere but on the terminal."""
    if data.startswith(_JPEG):
        return data.find(b"\xff\xd9", _scan_start(data)) >= 0
    if data.startswith(_PNG):
        return b"IEND" in data
    if data.startswith(_WEBP):
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return True


def _scan_start(data: bytes) -> int:
    """Where a JPEG's picture begins: a thumbnail in its head has an end mark of its own."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _rgb8(image: NDArray[Any]) -> Image:
    """What OpenCV decoded - uint8 or uint16, grey, BGR or BGRA - as uint8[H,W,3] RGB."""
    if image.dtype == np.uint16:
        image = cv2.convertScaleAbs(image, alpha=1 / 257)  # 65535 -> 255, rounded
    if image.dtype != np.uint8:
        raise Undecodable(f"{image.dtype} per channel; 8 or 16 bits can be read")
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    if image.shape[2] == 4:
        opacity = image[..., 3:].astype(np.uint16)
        on_black = (image[..., :3] * opacity + 127) // 255
        image = on_black.astype(np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
