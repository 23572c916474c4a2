"""`ViewTable`: camera pixels -> the model's view in one remap, computed once per camera size.

Crop, turn, mirror, resize and, where the view asks for it, the lens's distortion are one table: for
every pixel of the view, the place in the camera image that it shows. A table alone would skip
pixels where the view is smaller than its crop; so the crop is first averaged over boxes about as
large as the step from one view pixel to the next, which costs less than `cv2.resize` with
`INTER_AREA` does for the whole job. A view whose pixels are the camera's own needs no table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.errors import ProfileError
from calibration.lens import Floats, directions, project
from calibration.opencv import cv2
from calibration.profile import Intrinsics, Size, View

_WIDEST_DEG = 150.0
"""Without distortion, a wider view would spend nearly all of its pixels on its edges."""
_OUTSIDE = -1e4
_SHOWN_PX = 1 / 64
"""Half of the smallest step that the table knows."""


class ViewTable:
    """Camera image -> model's view, for one camera size. A camera that changes needs a new one."""

    def __init__(
        self,
        view: View,
        camera_size_px: Size,
        model_size_px: Size,
        intrinsics: Intrinsics | None = None,
    ) -> None:
        """Sizes are width, height. Raises `ProfileError` if the crop leaves the camera image, or
        if `view.undistort` is set and the intrinsics are missing or for another size."""
        self.camera_size_px, self.model_size_px = camera_size_px, model_size_px
        places = view_places(view, camera_size_px, model_size_px, intrinsics)
        places = _drop_outside(places, camera_size_px)
        self._as_it_is = _as_it_is(places)
        box_x, box_y = _box(places)
        self._box_px = (box_x, box_y)
        self._crop, left, top = _region(places, camera_size_px, margin_px=max(box_x, box_y))
        # cv2.blur centres a box of even width half a pixel before the pixel that it writes to.
        places = places - (left - 0.5 * (box_x % 2 == 0), top - 0.5 * (box_y % 2 == 0))
        places[~(places > _OUTSIDE / 2).all(axis=2)] = _OUTSIDE
        x, y = np.moveaxis(places.astype(np.float32), 2, 0)
        # Whole pixels and 1/32 fractions: as exact as linear interpolation of bytes can show.
        self._whole, self._fraction = cv2.convertMaps(x, y, cv2.CV_16SC2)

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] of the camera's size -> a contiguous uint8[h, w, 3]: a new one, or a part
        of an image that is read-only; black where the view shows what the camera does not see."""
        if self._as_it_is is not None:
            part = image[self._as_it_is]
            return part.copy() if image.flags.writeable else np.ascontiguousarray(part)
        crop = image[self._crop]
        box = self._box_px
        smooth = crop if box == (1, 1) else cv2.blur(crop, box, borderType=cv2.BORDER_REPLICATE)
        out = cv2.remap(
            smooth, self._whole, self._fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(out, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdealCamera:
    """A camera without distortion, with square pixels, at the place of the real one: it looks at
    the middle of the crop and just takes in the middles of the crop's four edges."""

    ideal_from_camera: Floats
    """[3, 3] rotation, from the real camera's axes to its own (x right, y down, z forward)."""
    focal_px: float
    """In pixels of the model's view."""
    vertical_fov_deg: float


def ideal_camera(view: View, intrinsics: Intrinsics, model_size_px: Size) -> IdealCamera:
    """The ideal camera of a view, before its `flip`. Raises `ProfileError`, as `ViewTable` does."""
    _check_size(intrinsics.size_px, intrinsics)
    unflipped = view.model_copy(update={"flip": False})
    middles = np.array([[[0.5, 0.5], [0.0, 0.5], [1.0, 0.5], [0.5, 0.0], [0.5, 1.0]]])
    pixels = _crop_places(unflipped, intrinsics.size_px, middles)[0]
    forward, left, right, top, bottom = directions(intrinsics, pixels)
    across = right - left
    across = across - (across @ forward) * forward
    x = across / np.linalg.norm(across)
    ideal_from_camera = np.stack([x, np.cross(forward, x), forward])
    width, height = model_size_px
    edges = np.stack([left, right, top, bottom]) @ ideal_from_camera.T
    widest_deg = 2 * math.degrees(math.acos(min(1.0, edges[:, 2].min())))
    if widest_deg > _WIDEST_DEG:
        raise ProfileError(
            f"the profile's crop spans {widest_deg:.0f} degrees, which no picture without "
            f"distortion can show well: crop to less than {_WIDEST_DEG:.0f}, or leave "
            "view.undistort off"
        )
    tangents = np.abs(edges[:, :2] / edges[:, 2:])
    focal_px = min(width / 2 / tangents[:2, 0].max(), height / 2 / tangents[2:, 1].max())
    return IdealCamera(
        ideal_from_camera=ideal_from_camera,
        focal_px=float(focal_px),
        vertical_fov_deg=2 * math.degrees(math.atan(height / 2 / focal_px)),
    )


def view_places(
    view: View,
    camera_size_px: Size,
    model_size_px: Size,
    intrinsics: Intrinsics | None = None,
) -> Floats:
    """[h, w, 2]: for each pixel of the model's view, the pixel x, y of the camera image that it
    shows. NaN where the lens shows nothing. Raises `ProfileError`, as `ViewTable` does."""
    width, height = model_size_px
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    shares = np.stack(np.meshgrid(across, down), axis=-1)
    if not view.undistort:
        return _crop_places(view, camera_size_px, shares)
    if intrinsics is None:
        raise ProfileError(
            "view.undistort is set and the profile has no intrinsics: run "
            "python -m calibration board, or leave view.undistort off"
        )
    _check_size(camera_size_px, intrinsics)
    ideal = ideal_camera(view, intrinsics, model_size_px)
    plane = (shares - 0.5) * (width, height) / ideal.focal_px
    if view.flip:
        plane[..., 0] *= -1
    rays = np.concatenate([plane, np.ones((height, width, 1))], axis=-1)
    return project(intrinsics, rays.reshape(-1, 3) @ ideal.ideal_from_camera).reshape(plane.shape)


def crop_px(view: View, camera_size_px: Size) -> tuple[int, int, int, int]:
    """x, y, width, height of the view's crop. Raises `ProfileError` if it leaves the picture."""
    camera_width, camera_height = camera_size_px
    if view.roi_px is None:
        side = min(camera_size_px)
        return (camera_width - side) // 2, (camera_height - side) // 2, side, side
    x, y, width, height = view.roi_px
    inside = x + width <= camera_width and y + height <= camera_height
    if min(x, y) < 0 or min(width, height) < 1 or not inside:
        raise ProfileError(
            f"the camera profile's crop x={x} y={y} {width}x{height} does not lie inside the "
            f"camera's picture of {camera_width}x{camera_height}: correct view.roi_px, or ask "
            "the camera for the size that the profile was made for"
        )
    return view.roi_px


def _crop_places(view: View, camera_size_px: Size, shares: Floats) -> Floats:
    """Places in the view, [h, w, 2] of 0..1 of its width and height -> camera pixels."""
    x, y, width, height = crop_px(view, camera_size_px)
    across, down = shares[..., 0], shares[..., 1]
    if view.flip:
        across = 1 - across
    across, down = {
        0: (across, down),
        90: (down, 1 - across),
        180: (1 - across, 1 - down),
        270: (1 - down, across),
    }[view.rotation_deg]
    return np.stack([x + width * across - 0.5, y + height * down - 0.5], axis=-1)


def _check_size(camera_size_px: Size, intrinsics: Intrinsics) -> None:
    if camera_size_px != intrinsics.size_px:
        raise ProfileError(
            f"the profile's intrinsics are for {intrinsics.size_px[0]}x{intrinsics.size_px[1]}, "
            f"the camera gives {camera_size_px[0]}x{camera_size_px[1]}: "
            "use CameraProfile.for_size, which scales them where that is right"
        )


def _drop_outside(places: Floats, camera_size_px: Size) -> Floats:
    """Places within half a pixel of the picture's edge move onto it; those beyond are outside."""
    last = np.array(camera_size_px) - 1.0
    outside = ~((places >= -0.5) & (places <= last + 0.5)).all(axis=2)
    places = np.clip(places, 0.0, last)
    places[outside] = np.nan
    if outside.all():
        raise ProfileError(
            "the profile's view shows nothing of the camera's picture: correct view.roi_px"
        )
    return places


def _as_it_is(places: Floats) -> tuple[slice, slice] | None:
    """The part of the camera image that is the view, pixel for pixel; None if no part is."""
    height, width, _ = places.shape
    if np.isnan(places).any():
        return None
    left, top = np.rint(places[0, 0]).astype(int).tolist()
    pixels = np.stack(np.meshgrid(np.arange(width) + left, np.arange(height) + top), axis=-1)
    if np.abs(places - pixels).max() > _SHOWN_PX:
        return None
    return np.s_[top : top + height, left : left + width]


def _box(places: Floats) -> tuple[int, int]:
    """Width and height in camera pixels of what one view pixel stands for, whole numbers."""
    # A turn by 90 degrees makes camera columns of view rows: the longer of the two steps counts.
    steps = [np.nanmedian(np.abs(np.diff(places, axis=axis)), axis=(0, 1)) for axis in (0, 1)]
    step_x, step_y = np.max(steps, axis=0)
    return max(1, round(step_x)), max(1, round(step_y))


def _region(
    places: Floats, camera_size_px: Size, margin_px: int
) -> tuple[tuple[slice, slice], int, int]:
    """The part of the camera image that the places lie in, and its left and top."""
    left, top = (max(0, int(low) - margin_px) for low in np.nanmin(places, axis=(0, 1)))
    highest = np.nanmax(places, axis=(0, 1))
    right, bottom = (
        min(size, int(high) + 2 + margin_px)
        for size, high in zip(camera_size_px, highest, strict=True)
    )
    return np.s_[top:bottom, left:right], left, top
