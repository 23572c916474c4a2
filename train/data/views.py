"""Views: the square of a picture that a network is given.

Of a recorded session it is what the live side would show the model, by the profile that is in the
session: crop, turn, mirror, lens and levels, in the live side's own code. Of everything else it is
the largest centred square.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from calibration.maps import crop_px
from calibration.profile import CameraProfile, ProfileError
from calibration.recorded import MOST_ABOUT_BYTES, objection
from calibration.view_map import ViewMap
from train.data.pixels import Image, square
from train.errors import BadData

Seen = tuple[Image, tuple[int, int]]
"""uint8[size,size,3] RGB, and the width and height in pixels of what it was made from."""
View = Callable[[Image, int], Seen]
"""Of uint8[H,W,3] RGB, at a size; from any thread."""


def centred(image: Image, size: int) -> Seen:
    """The largest centred square."""
    return square(image, size), (image.shape[1], image.shape[0])


def by_profile(profile: CameraProfile, video: Path) -> View:
    """What `ViewMap` shows a model of that size; made from a square as large as the crop's shorter
    side. The view raises `BadData` where the profile does not fit the session's pictures."""

    @cache
    def view_map(size: int) -> ViewMap:
        return ViewMap(profile, (size, size))

    def view(image: Image, size: int) -> Seen:
        try:
            seen = view_map(size)(image)[0]
            fitted, _ = profile.for_size((image.shape[1], image.shape[0]))
        except ProfileError as error:
            raise BadData(f"{video}: {error}; --profile gives another one") from error
        side = min(crop_px(fitted.view, (image.shape[1], image.shape[0]))[2:])
        return seen, (side, side)

    return view


def mapping(profile: CameraProfile) -> str:
    """What of a profile decides how a picture is seen: two of the same mapping show the same."""
    return geometry(profile) + profile.model_dump_json(
        include={"photometric"}, exclude={"photometric": {"stats"}}
    )


def geometry(profile: CameraProfile) -> str:
    """What of a profile decides where in the view a thing is seen, if the camera stays in place."""
    parts = {"view", "intrinsics"} if profile.view.undistort else {"view"}
    return profile.model_dump_json(include=parts)


def load_profile(path: Path | None) -> CameraProfile | None:
    """The profile that --profile names, if it does. Raises `BadData`."""
    try:
        return None if path is None else CameraProfile.load(path)
    except ProfileError as error:
        raise BadData(str(error)) from error


def recorded_profile(session_file: Path) -> CameraProfile | None:
    """The profile in a session.json; None if there is none, or it was recorded without. Raises
    `BadData` for one that is damaged."""
    if (why := objection(session_file, MOST_ABOUT_BYTES)) is not None:
        raise BadData(why)
    try:
        content = json.loads(session_file.read_bytes())
        kept = content.get("profile")
        return None if kept is None else CameraProfile.model_validate_json(json.dumps(kept))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise BadData(
            f"{session_file} cannot be read ({str(error).splitlines()[0]}): it is damaged, or of "
            "another version of this program"
        ) from error
