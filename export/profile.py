"""`bundle_profile`: by which camera profile the live side is to show the model pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from calibration.profile import CameraProfile
from export.errors import ExportError
from realtime.manifest import CAMERA
from train.config_json import RunConfig
from train.data import open_source
from train.data.views import mapping


def bundle_profile(
    asked: Path | None, run: RunConfig, on_event: Callable[[str], None]
) -> CameraProfile:
    """The one that was asked for, or else the one by which the run's V was seen, if that is known.

    on_event: gets a line where the live model will see something else than it was trained on, or
    where nobody knows. Raises `ProfileError`, `BadData`, `ExportError`.
    """
    v = run.v
    if asked is not None:
        profile = CameraProfile.load(asked)
        if any(shown != mapping(profile) for shown in _seen_by(run)):
            on_event(
                f"warning: {asked} shows the model another part of the picture, or in other "
                f"colours, than what it was trained on ({v})"
            )
        return profile
    seen_by = _seen_by(run)
    if len(seen_by) > 1:
        raise ExportError(
            f"the sessions in {v} are seen by {len(seen_by)} profiles that show different things: "
            "say with --profile which one the live side is to use"
        )
    if seen_by:
        return next(iter(seen_by.values()))
    if (v.parent / CAMERA).exists():
        return CameraProfile.load(v.parent / CAMERA)
    on_event("no camera profile: live, the model is shown the camera's centred square")
    return CameraProfile(camera="unknown")


def _seen_by(run: RunConfig) -> dict[str, CameraProfile]:
    """Mapping -> profile, of the run's sessions or of the views that were exported from one."""
    if (run.v / CAMERA).exists():
        profiles = [CameraProfile.load(run.v / CAMERA)]
    elif run.profile is not None:
        profiles = [CameraProfile.load(run.profile)]
    elif run.v.exists():
        recorded = open_source(run.v).sessions().values()
        profiles = [profile for profile in recorded if profile is not None]
    else:
        profiles = []
    return {mapping(profile): profile for profile in profiles}
