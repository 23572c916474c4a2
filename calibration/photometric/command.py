"""`run`: measure what was asked for, print it, and put it into the profile."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from calibration.errors import ProfileError
from calibration.images import Image, pictures, size_of
from calibration.levels import PhotometricStats, drift
from calibration.maps import ViewTable
from calibration.photometric.config import PhotometricConfig
from calibration.photometric.measure import black_level, card_colour
from calibration.profile import CameraProfile, Photometric
from calibration.update import load_or_new, update_profile

_VIEW_PX = (256, 256)
"""Levels do not depend on the size; this one is quick."""


def run(config: PhotometricConfig) -> None:
    """Raises `CalibrationError`; what was found is printed."""
    first = config.dark or config.grey or config.reference or config.drift
    profile = load_or_new(config.profile, config.name or str(first))
    before = profile.photometric or Photometric()
    after = _measure_levels(config, profile, before)
    if config.reference is not None:
        stats = PhotometricStats.of(_views(config, profile, config.reference))
        after = after.model_copy(update={"stats": stats})
        print(f"levels of {stats.pictures} pictures: {_describe(stats)}")
    if after != before:
        notes = update_profile(config.profile, profile.camera, photometric=after)
        print("\n".join([*notes, f"wrote {config.profile}"]))
    if config.drift is not None:
        _print_drift(config, profile, after, config.drift)


def _measure_levels(
    config: PhotometricConfig, profile: CameraProfile, before: Photometric
) -> Photometric:
    found: dict[str, object] = {}
    black = before.black_level
    if config.dark is not None:
        black = round(black_level(_views(config, profile, config.dark)), 2)
        found["black_level"] = black
        print(f"black level {black:.1f}")
    if config.grey is not None:
        red, green, blue = card_colour(_views(config, profile, config.grey), black)
        balance = (round(green / red, 4), 1.0, round(green / blue, 4))
        found["white_balance"] = balance
        print(f"white balance R x {balance[0]:.3f}, B x {balance[2]:.3f} (card {green:.0f})")
        if config.level is not None:
            found["gain"] = gain = round(config.level / float(green), 4)
            print(f"gain x {gain:.3f}")
    return before.model_copy(update=found)


def _print_drift(
    config: PhotometricConfig, profile: CameraProfile, photometric: Photometric, source: str
) -> None:
    if photometric.stats is None:
        raise ProfileError(
            f"{config.profile} holds no levels to compare with: run "
            "python -m calibration photometric --reference on the pictures that were trained on"
        )
    now = PhotometricStats.of(_views(config, profile, source))
    moved = drift(photometric.stats, now)
    print(f"reference: {_describe(photometric.stats)}")
    print(f"now:       {_describe(now)}")
    print("\n".join(moved.warnings) if moved.warnings else "no drift to speak of")


def _views(config: PhotometricConfig, profile: CameraProfile, source: str) -> Iterator[Image]:
    """The model's view of each picture."""
    table: ViewTable | None = None
    for picture in islice(pictures(source), config.pictures):
        size_px = size_of(picture.image)
        if table is None or table.camera_size_px != size_px:
            fitting, note = profile.for_size(size_px)
            if note is not None:
                print(note)
            table = ViewTable(fitting.view, size_px, _VIEW_PX, fitting.intrinsics)
        yield table(picture.image)


def _describe(stats: PhotometricStats) -> str:
    red, blue = stats.colour
    return (
        f"brightness {stats.brightness:.1f} (+-{stats.spread:.1f}), contrast {stats.contrast:.0f}, "
        f"red {red:.3f}, blue {blue:.3f}, overexposed {stats.clipped:.1%}"
    )
