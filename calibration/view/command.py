"""`run`: write the view into the profile, and a picture of before and after."""

from __future__ import annotations

from calibration.errors import ProfileError
from calibration.images import first_picture, size_of, write_image
from calibration.profile import CameraProfile, View
from calibration.update import load_or_new, update_profile
from calibration.view.config import ViewConfig
from calibration.view.editor import edit
from calibration.view.preview import preview
from calibration.viewpoint.pose import seen_by_view


def run(config: ViewConfig) -> None:
    """Raises `CalibrationError`; what was done is printed."""
    profile = load_or_new(config.profile, config.name or config.source)
    image = first_picture(config.source).image
    size_px = size_of(image)
    view = config.view(size_px)
    fitting, note = profile.model_copy(update={"view": View()}).for_size(size_px)
    intrinsics = fitting.intrinsics
    if note is not None:
        print(note)
    if config.window:
        if not config.says_numbers:
            view = profile.view.scaled_to(size_px).model_copy(update={"size_px": size_px})
        chosen = edit(image, view, intrinsics, config.model_size)
        if chosen is None:
            print(f"{config.profile} is left as it was")
            return
        view = chosen
    picture = preview(image, view, intrinsics, config.model_size)
    preview_path = config.preview or config.profile.with_suffix(".view.png")
    write_image(preview_path, picture)
    parts = {"view": view} | _moved_viewpoint(
        profile.model_copy(update={"view": view, "intrinsics": intrinsics}), config.model_size
    )
    notes = update_profile(config.profile, profile.camera, **parts)
    print("\n".join([*notes, f"wrote {config.profile} and {preview_path}"]))


def _moved_viewpoint(profile: CameraProfile, model_size_px: tuple[int, int]) -> dict[str, object]:
    """The viewpoint as the new view has it, where the camera's pose is known exactly."""
    old = profile.viewpoint
    if old is None:
        return {}
    if old.camera_from_head is None or profile.intrinsics is None:
        print("the profile's viewpoint stays as it was: it does not say how the camera is turned")
        return {}
    try:
        return {"viewpoint": seen_by_view(old, profile.view, profile.intrinsics, model_size_px)}
    except ProfileError as error:
        print(f"the profile's viewpoint stays as it was: {error}")
        return {}
