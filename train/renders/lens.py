"""`ProfileCamera`: draws a rig as the model's view of a calibrated camera would show it.

An ideal camera at the same place draws everything that the view takes in; a table then moves its
light to where lens, crop, turn and mirror put it. The table comes from the function that the live
side makes its own table with, so that C and V agree by construction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calibration.errors import ProfileError
from calibration.lens import directions
from calibration.maps import view_places
from calibration.opencv import cv2
from calibration.profile import CameraProfile, Viewpoint
from train.errors import BadData
from train.simulate.avatar import Floats
from train.simulate.optics import Camera, Lighting
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig

Rays = NDArray[np.float64]

_OVERSAMPLING = 2
"""The view is sampled so many times a pixel each way, and averaged."""
_WIDEST_DEG = 80.0
"""Off the axis. An ideal camera that saw farther would draw little else than its own edges."""
_SMALLEST_PX, _LARGEST_PX = 32, 2048


class ProfileCamera:
    """One rig, one calibrated camera, one size of square pictures."""

    def __init__(self, rig: Rig, profile: CameraProfile, size_px: int) -> None:
        """Raises `BadData` for a profile that does not say where the camera is, or whose view is
        too wide; `TrainError` where nothing can be drawn."""
        viewpoint = profile.viewpoint
        if viewpoint is None:
            raise BadData(
                f"the profile of {profile.camera} has no viewpoint: run "
                "python -m calibration viewpoint"
            )
        self._size_px = size_px
        self.exact = profile.intrinsics is not None and viewpoint.camera_from_head is not None
        """Whether lens and turn of the camera are known. If not, an ideal camera is drawn that
        shows about the same."""
        rays = _rays(profile, size_px * _OVERSAMPLING) if self.exact else None
        if rays is None:
            self._camera, scene_px = Camera.at(viewpoint), size_px * _OVERSAMPLING
            self._table: tuple[Floats, Floats] | None = None
            self._view_from_camera = np.eye(3)
        else:
            self._camera, scene_px, self._table = _scene(viewpoint, rays)
            self._view_from_camera = _axes(rays) @ self._camera.camera_from_head()[:3, :3].T
        self._renderer = Renderer(rig, (scene_px, scene_px))
        self.device = self._renderer.device

    def render_linear(self, coefficients: Mapping[str, float], lighting: Lighting) -> Floats:
        """float32[size, size, 3] RGB, linear light, before black."""
        return self._seen(self._renderer.render_linear(coefficients, self._camera, lighting))

    def render_normals(self, coefficients: Mapping[str, float]) -> Floats:
        """float32[size, size, 3]: the direction that each place faces: right and up in the picture,
        and towards the camera, -1..1. Zero where nothing is."""
        normals = self._seen(self._renderer.render_normals(coefficients, self._camera))
        return np.asarray(normals @ self._view_from_camera.T, np.float32)

    def close(self) -> None:
        self._renderer.close()

    def _seen(self, picture: Floats) -> Floats:
        """What the ideal camera sees, as the view shows it."""
        if self._table is not None:
            picture = np.asarray(cv2.remap(np.ascontiguousarray(picture), *self._table,
                                           cv2.INTER_LINEAR), np.float32)  # fmt: skip
        size = (self._size_px, self._size_px)
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def _axes(rays: Rays) -> NDArray[np.float64]:
    """[3, 3], unit rows in the head frame: what is right in the view, up, and towards the camera.
    Of a mirrored view they are left-handed."""
    right = np.nanmean(np.diff(rays, axis=1), axis=(0, 1))
    towards = -np.nanmean(rays, axis=(0, 1))
    towards /= np.linalg.norm(towards)
    right -= (right @ towards) * towards
    right /= np.linalg.norm(right)
    down = np.nanmean(np.diff(rays, axis=0), axis=(0, 1))
    up = np.cross(towards, right)
    return np.stack([right, up if up @ down < 0 else -up, towards])


def _rays(profile: CameraProfile, samples: int) -> Rays:
    """[samples, samples, 3]: unit directions in the head frame that the model's view shows; NaN
    where it shows nothing."""
    intrinsics, viewpoint = profile.intrinsics, profile.viewpoint
    assert intrinsics is not None
    assert viewpoint is not None
    try:
        view = profile.view.scaled_to(intrinsics.size_px)
        places = view_places(view, intrinsics.size_px, (samples, samples), intrinsics)
    except ProfileError as error:
        raise BadData(f"the profile of {profile.camera}: {error}") from error
    pixels = places.reshape(-1, 2)
    size = np.array(intrinsics.size_px)
    seen = ((pixels >= -0.5) & (pixels <= size - 0.5)).all(axis=1)  # False for NaN as well
    rays = np.full((len(pixels), 3), np.nan)
    rays[seen] = directions(intrinsics, pixels[seen]) @ np.array(viewpoint.camera_from_head)
    return rays.reshape(samples, samples, 3)


def _scene(viewpoint: Viewpoint, rays: Rays) -> tuple[Camera, int, tuple[Floats, Floats]]:
    """The ideal camera that takes in all `rays`, its picture's side in pixels, and for each ray the
    x and y of that picture where it is seen."""
    position = np.array(viewpoint.position_m)
    middle = np.nanmean(rays, axis=(0, 1))
    middle /= np.linalg.norm(middle)
    widest = math.degrees(math.acos(np.clip(float(np.nanmin(rays @ middle)), -1.0, 1.0)))
    if widest > _WIDEST_DEG:
        raise BadData(
            f"the view reaches {widest:.0f} degrees from its middle and can be rendered up to "
            f"{_WIDEST_DEG:.0f}: crop closer to the face with python -m calibration view --roi"
        )
    camera = Camera(
        position_m=_vec3(position),
        look_at_m=_vec3(position + 0.1 * middle),
        up=_across(middle),
        vertical_fov_deg=90.0,
    )
    turned = rays @ camera.camera_from_head()[:3, :3].T  # OpenGL's camera looks along -z
    plane = turned[..., :2] / -turned[..., 2:]
    # A little more than what is seen: the picture's edge is blurred into nothing.
    tangent = 1.02 * float(np.nanmax(np.abs(plane)))
    # As dense as the view's own pixels where those are closest: the renderer draws twice as dense.
    step = _OVERSAMPLING * float(
        np.nanquantile(np.linalg.norm(np.diff(plane, axis=1), axis=2), 0.1)
    )
    side = math.ceil(2 * tangent / step)
    scene_px = min(max(side, _SMALLEST_PX), _LARGEST_PX)
    camera = Camera(
        position_m=camera.position_m, look_at_m=camera.look_at_m, up=camera.up,
        vertical_fov_deg=2 * math.degrees(math.atan(tangent)),
    )  # fmt: skip
    at = (plane / tangent * (1, -1) + 1) * scene_px / 2 - 0.5
    x, y = np.moveaxis(np.nan_to_num(at, nan=-1e4).astype(np.float32), 2, 0)
    return camera, scene_px, (np.ascontiguousarray(x), np.ascontiguousarray(y))


def _across(direction: NDArray[np.float64]) -> tuple[float, float, float]:
    """An axis that is not along `direction`."""
    return (0.0, 0.0, 1.0) if abs(direction[1]) > 0.9 else (0.0, 1.0, 0.0)


def _vec3(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
