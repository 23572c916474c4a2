"""`python -m tests.end_to_end.own_walk DIR`: what the user of `own_user` needs to go through
docs/your-own-avatar.md by hand, at full size.

    DIR/my.vrm, photos/, face.png, face.avi   before the page's first command
    DIR/points.csv                            gets its pixels, when run again after `landmarks`

face.avi is a slow camera: while `guide` asks, at its usual pace, this wearer does as asked, in
light that drifts, with a headset that slips.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from calibration.images import Image, write_image
from realtime.sessions.config import GuideConfig
from realtime.sessions.guide_script import SCRIPT, Step
from tests.calibration.simulated import write_clip
from tests.end_to_end.own_user import LIGHTS, SENSOR, FaceCamera, click, write_board_photos
from tests.train.simulate.other_avatar import other_glb
from train.simulate.expressions import REST, Expression, Face
from train.simulate.optics import Light, Lighting, Vec3
from train.simulate.sensor import develop

FPS = 3.0
SPARE_S = 5.0
"""After the guide's last step; it begins a moment later than the recording."""


def prepare(folder: Path) -> None:
    """Write what the user has before the first command."""
    folder.mkdir(parents=True)
    other_glb().save(folder / "my.vrm")
    write_board_photos(folder / "photos")
    with closing(FaceCamera(folder / "my.vrm")) as camera:
        rng = np.random.default_rng(5)
        write_image(folder / "face.png", develop(camera.light(REST, LIGHTS[0]), SENSOR, rng))
        write_clip(folder / "face.avi", _recording(camera, rng), FPS)


def _recording(camera: FaceCamera, rng: np.random.Generator) -> Iterator[Image]:
    times = GuideConfig(folder=Path())
    step_s = times.ready_s + times.hold_s
    seconds = len(SCRIPT) * step_s + SPARE_S
    speech = Face(camera.shapes).speech(rng, seconds, FPS)
    for index, talking in enumerate(speech):
        at_s = index / FPS
        number, in_step_s = divmod(at_s, step_s)
        step = SCRIPT[min(int(number), len(SCRIPT) - 1)]
        asked = step.kind == "expression" and in_step_s >= times.ready_s
        face = _face(step, (in_step_s - times.ready_s) / times.hold_s) if asked else talking
        slip_m = _slip_m(at_s, 0.004 if step.kind == "head" else 0.001)
        yield develop(camera.light(face, _light(at_s), slip_m), SENSOR, rng)


def _face(step: Step, share: float) -> Expression:
    """What is asked for, twice there and back. share: of the step's time that is over."""
    much = math.sin(2 * math.pi * share) ** 2
    return {shape + side: much for shape in step.shapes for side in ("", "Left", "Right")}


def _slip_m(at_s: float, most_m: float) -> Vec3:
    return most_m * math.sin(at_s / 1.7), most_m * math.sin(at_s / 2.3 + 1), 0.0


def _light(at_s: float) -> Lighting:
    """From the first to the second of `LIGHTS` and back, with a period that no step has."""
    share = 0.5 - 0.5 * math.cos(2 * math.pi * at_s / 37)
    lights = [
        Light(position_m=light.position_m, color=_times(light.color, part))
        for part, of in zip((1 - share, share), LIGHTS, strict=True)
        for light in of.lights
    ]
    return Lighting(lights=tuple(lights), sky=_mean("sky", share), ground=_mean("ground", share))


def _times(color: Vec3, factor: float) -> Vec3:
    red, green, blue = color
    return factor * red, factor * green, factor * blue


def _mean(name: str, share: float) -> Vec3:
    first, second = (getattr(of, name) for of in LIGHTS)
    red, green, blue = ((1 - share) * np.array(first) + share * np.array(second)).tolist()
    return red, green, blue


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(f"usage: python -m tests.end_to_end.own_walk DIR\n\n{__doc__}")
    place = Path(sys.argv[1])
    if (place / "points.csv").exists():
        click(place / "points.csv")
    else:
        prepare(place)
