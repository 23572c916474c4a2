"""`run`: print the board, or find a camera's intrinsics from pictures of it, and say how well."""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice

from calibration.board.collect import Collection, StreamCollector, collect_all, collect_stream
from calibration.board.config import BoardConfig
from calibration.board.coverage import Coverage
from calibration.board.detect import Detector, recognise_dictionary
from calibration.board.fit import Fit, fit
from calibration.board.live import LiveView
from calibration.board.target import write_sheet
from calibration.errors import BadFit, BadImages
from calibration.images import Picture, pictures, write_image
from calibration.update import update_profile

_MAX_FOCAL_SHARE = 0.01
_MIN_AGREEING_SHARE = 0.75
"""A lens model that needs more views left out is the wrong one."""
_NAMES_SHOWN = 6


def run(config: BoardConfig) -> None:
    """Raises `CalibrationError`; what was found is printed."""
    if config.print_board is not None:
        write_sheet(config.board, config.print_board, config.dpi)
        print(f"wrote {config.print_board}: {config.board}, {config.dpi} dpi; print it at 100 %")
    if not config.measures:
        return
    assert config.profile is not None
    collection = _collect(config)
    print(_summary(collection))
    if len(collection.sightings) < config.min_views:
        raise BadFit(_too_few(config, collection))
    result = fit(collection.sightings, collection.size_px, config.model)
    coverage = _coverage(collection, result)
    lines = _report(result, coverage)
    map_path = config.coverage_map or config.profile.with_suffix(".coverage.png")
    write_image(map_path, coverage.picture(lines))
    print("\n".join([*lines, f"coverage map: {map_path}"]))
    _check(config, result, coverage)
    source = config.camera if config.camera is not None else str(config.images)
    notes = update_profile(config.profile, config.name or source, intrinsics=result.intrinsics)
    print("\n".join([*notes, f"wrote {config.profile}"]))


def _collect(config: BoardConfig) -> Collection:
    detector = Detector(config.board)
    if config.images is not None:
        if not config.images.is_dir():
            raise BadImages(f"--images {config.images}: not a folder; a video goes to --camera")
        return collect_all(detector, pictures(config.images))
    assert config.camera is not None
    if config.keep is not None:
        config.keep.mkdir(parents=True, exist_ok=True)
    with LiveView(config.window) as live:

        def watch(picture: Picture, collector: StreamCollector, taken: bool) -> bool:
            if taken and config.keep is not None:
                number = len(collector.collection.sightings)
                write_image(config.keep / f"{number:03d}.png", picture.image)
            return live.show(picture, collector, taken)

        return collect_stream(detector, pictures(config.camera), config.seconds, watch)


def _coverage(collection: Collection, result: Fit) -> Coverage:
    coverage = Coverage(collection.size_px)
    for view in collection.sightings:
        if view.name in result.view_rms_px:
            coverage.add(view.corners_px)
    return coverage


def _summary(collection: Collection) -> str:
    parts = [f"{len(collection.sightings)} views of the board"]
    blurred = collection.missed("blurred")
    if blurred:
        parts.append(f"{len(blurred)} blurred ({_names(blurred)})")
    other = collection.missed("another board")
    if other:
        parts.append(f"{len(other)} of another board ({_names(other)})")
    without = collection.missed("no board") + collection.missed("few corners")
    if without:
        parts.append(f"{len(without)} with no board or too little of it ({_names(without)})")
    return f"{collection.pictures} pictures: {', '.join(parts)}"


def _too_few(config: BoardConfig, collection: Collection) -> str:
    asked = f"{config.min_views} views of the board are needed, got {len(collection.sightings)}: "
    reasons = Counter(miss.reason for miss in collection.misses)
    common = reasons.most_common(1)[0][0] if reasons else None
    if common == "another board":
        return asked + (
            f"{reasons['another board']} pictures show markers that are not where a board of "
            f"{config.board} has them; measure it and give its --squares, --marker-mm, --dictionary"
        )
    if common == "blurred":
        return asked + "most pictures are blurred: more light, a board held still, or refocus"
    if config.images is not None and common == "no board":
        found = recognise_dictionary(islice(pictures(config.images), 3), config.board)
        if found is not None:
            return asked + (
                f"the pictures show markers of {found}, the board asked for has "
                f"{config.board.dictionary}: give --dictionary {found}"
            )
    return asked + "take more, with more of the board in view, well lit, tilted to all sides"


def _report(result: Fit, coverage: Coverage) -> list[str]:
    lens = result.intrinsics
    worst = max(result.view_rms_px, key=lambda name: result.view_rms_px[name])
    lines = [
        f"{lens.model} {lens.size_px[0]}x{lens.size_px[1]}: focal {_two(lens.focal_px)} px "
        f"(+-{result.focal_share:.2%}), centre {_two(lens.centre_px)} px",
        f"distortion {' '.join(f'{k:.5f}' for k in lens.distortion)}",
        f"reprojection error {lens.rms_px:.3f} px RMS over {len(result.view_rms_px)} views, "
        f"worst {result.view_rms_px[worst]:.3f} px ({worst})",
        f"coverage {coverage.share:.0%} of the picture",
    ]
    if result.dropped_rms_px:
        names = [f"{name} {error:.2f} px" for name, error in result.dropped_rms_px.items()]
        lines.append(f"left out, they do not fit the others: {_names(names)}")
    return lines


def _check(config: BoardConfig, result: Fit, coverage: Coverage) -> None:
    """Raises `BadFit` when the result is not to be relied on."""
    lens, views = result.intrinsics, len(result.view_rms_px)
    assert lens.rms_px is not None
    other = "fisheye" if config.model == "pinhole" else "pinhole"
    seen = views + len(result.dropped_rms_px)
    if views < config.min_views or views < _MIN_AGREEING_SHARE * seen:
        raise BadFit(
            f"at least {config.min_views} views and {_MIN_AGREEING_SHARE:.0%} of them must agree, "
            f"got {views} of {seen}: try --model {other}; else the board is not flat and stiff, or "
            "the focus moved"
        )
    beyond = [name for name, error in result.dropped_rms_px.items() if math.isinf(error)]
    if beyond:
        raise BadFit(
            f"the {config.model} lens that fits {views} views shows nothing where the board was "
            f"seen in {_names(beyond)}: try --model {other}, or leave those out"
        )
    if lens.rms_px > config.max_rms_px:
        raise BadFit(
            f"reprojection error of at most {config.max_rms_px:g} px is asked for, got "
            f"{lens.rms_px:.2f}: try --model {other}; else the board is bent, the pictures are "
            "blurred, or the focus moved"
        )
    if coverage.share < config.min_coverage:
        raise BadFit(
            f"the board must have been in {config.min_coverage:.0%} of the picture, got "
            f"{coverage.share:.0%}: show it at the {coverage.missing()} as well, right to the edge"
        )
    if result.focal_share > _MAX_FOCAL_SHARE:
        raise BadFit(
            f"the focal length must be known to {_MAX_FOCAL_SHARE:.0%}, the views leave it open to "
            f"{result.focal_share:.1%}: tilt the board by 20 to 40 degrees, to all sides"
        )


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _two(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.1f} {pair[1]:.1f}"
