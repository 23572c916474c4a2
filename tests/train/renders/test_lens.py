"""Domain C is what the model's view of the real camera would show, for a lens that OpenCV bends."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from calibration.maps import ViewTable
from calibration.profile import CameraProfile, View
from calibration.viewpoint.pose import viewpoint_of
from tests.end_to_end.own_user import LENS, POSITION_M, FaceCamera, pose
from tests.train.simulate.conftest import egl  # noqa: F401
from tests.train.simulate.other_avatar import other_glb
from train.errors import BadData
from train.renders.lens import ProfileCamera
from train.simulate.avatar import Avatar
from train.simulate.rig import Rig
from train.simulate.scene import STUDIO
from train.simulate.sensor import encode

SIZE_PX = 96
SMILE = {"mouthSmileLeft": 0.8, "jawOpen": 0.4}
VIEW = View(roi_px=(130, 20, 500, 500), rotation_deg=90, size_px=(720, 540))


def profile(view: View) -> CameraProfile:
    viewpoint = viewpoint_of(
        pose().turn, np.array(POSITION_M), view, LENS, (SIZE_PX, SIZE_PX), None
    )
    return CameraProfile(camera="test", view=view, intrinsics=LENS, viewpoint=viewpoint)


@pytest.fixture
def avatar(tmp_path: Path) -> Path:
    return other_glb().save(tmp_path / "my.vrm")


@pytest.mark.usefixtures("egl")
@pytest.mark.parametrize("change", [{}, {"flip": True}, {"undistort": True}])
def test_a_render_is_the_models_view_of_the_same_face(
    avatar: Path, change: dict[str, bool]
) -> None:
    view = VIEW.model_copy(update=change)
    with closing(FaceCamera(avatar)) as film:
        picture = encode(film.light(SMILE, STUDIO))
    seen = ViewTable(view, LENS.size_px, (SIZE_PX, SIZE_PX), LENS)(picture).astype(float)
    with closing(ProfileCamera(Rig(Avatar.load(avatar)), profile(view), SIZE_PX)) as camera:
        assert camera.exact
        drawn = encode(camera.render_linear(SMILE, STUDIO)).astype(float)
    assert (seen > 60).any(axis=2).mean() > 0.1
    error = np.abs(seen - drawn).mean()
    shifted = np.abs(seen - np.roll(drawn, 1, axis=1)).mean()
    assert error < 2.5
    assert shifted > 1.5 * error  # one pixel off would be seen


@pytest.mark.usefixtures("egl")
@pytest.mark.parametrize("change", [{}, {"flip": True}, {"rotation_deg": 180}])
def test_normals_are_of_the_view_however_it_is_turned(
    avatar: Path, change: dict[str, object]
) -> None:
    """A face bulges: right of its middle it faces right, above it up."""
    view = VIEW.model_copy(update=change)
    with closing(ProfileCamera(Rig(Avatar.load(avatar)), profile(view), SIZE_PX)) as camera:
        assert camera.exact
        normals = camera.render_normals({})
    assert (normals.shape, normals.dtype) == ((SIZE_PX, SIZE_PX, 3), np.float32)
    length = np.linalg.norm(normals, axis=2)
    assert length.min() == 0, "where nothing is"
    y, x = np.nonzero(length > 0.98)
    right, up, towards = normals[y, x].T
    assert np.corrcoef(right, x)[0, 1] > 0.4
    assert np.corrcoef(up, y)[0, 1] < -0.2
    assert towards.mean() > 0.3


@pytest.mark.usefixtures("egl")
def test_a_viewpoint_without_a_lens_is_drawn_by_an_ideal_camera(avatar: Path) -> None:
    known = profile(VIEW).model_copy(update={"intrinsics": None})
    with closing(ProfileCamera(Rig(Avatar.load(avatar)), known, SIZE_PX)) as camera:
        assert not camera.exact
        assert camera.render_linear({}, STUDIO).shape == (SIZE_PX, SIZE_PX, 3)


def test_a_profile_that_cannot_be_rendered_from_is_refused(avatar: Path) -> None:
    rig = Rig(Avatar.load(avatar))
    with pytest.raises(BadData, match="no viewpoint: run python -m calibration viewpoint"):
        ProfileCamera(rig, CameraProfile(camera="mine"), SIZE_PX)
    everything = profile(VIEW).model_copy(
        update={"view": View(roi_px=(0, 0, 720, 540), size_px=(720, 540))}
    )
    with pytest.raises(BadData, match="crop closer to the face"):
        ProfileCamera(rig, everything, SIZE_PX)
    elsewhere = profile(VIEW).model_copy(
        update={"view": View(roi_px=(0, 0, 400, 400), size_px=(400, 400))}
    )
    with pytest.raises(BadData, match="another shape"):
        ProfileCamera(rig, elsewhere, SIZE_PX)
