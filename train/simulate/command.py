"""`python -m train simulate`: writes a simulated data set.

    OUT/v/000000.png ...       what the headset's camera sees
    OUT/truth/000000.png ...   the avatar with the same expression, under the same names
    OUT/c/000000.png ...       the avatar with expressions of its own: the unpaired domain C
    OUT/normals/000000.png ... the normal pass of c: which way each of its places faces
    OUT/clip.mp4, clip_truth.mp4
    OUT/coefficients.json      {"v": {name: {shape: value}}, "c": {...}, "clip": [{...}, ...]}
    OUT/camera.json            the camera's profile, with the viewpoint of domain C
    OUT/simulation.json        how it was made, and whom to credit

truth/ and coefficients.json are for evaluation; what trains on v/ and c/ never reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from calibration.profile import CameraProfile
from train.errors import TrainError
from train.simulate import scene
from train.simulate.avatar import Avatar
from train.simulate.backgrounds import Backgrounds
from train.simulate.config import SimulateConfig
from train.simulate.expressions import Expression, Face
from train.simulate.optics import Camera
from train.simulate.output import normal_map, prepare, software_version, write_json, write_png
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig
from train.simulate.scene import Shot
from train.simulate.sensor import develop
from train.simulate.video import VideoWriter

CLIP_FPS = 30
RECORD = "simulation.json"
WRITTEN = (
    *("v", "truth", "c", "normals", "clip.mp4", "clip_truth.mp4"),
    *("coefficients.json", "camera.json", RECORD),
)

V_FACE, V_SHOT, V_SESSION, V_NOISE, C_FACE, CLIP_FACE, CLIP_SHOT, CLIP_NOISE = range(8)
"""Independent streams of random numbers, so that --v does not change c/ and the other way round."""


def run(config: SimulateConfig) -> None:
    """Write the data set. Raises `TrainError`; Ctrl-C keeps what is written and exits with 130."""
    console = Console(stderr=True)
    with closing(Simulation(config)) as simulation:
        prepare(config.out, ("v", "truth", "c", "normals"), RECORD, WRITTEN, config.overwrite)
        try:
            with Progress(console=console) as progress, simulation.recorded():
                simulation.write_v(progress)
                simulation.write_c(progress)
                simulation.write_clip(progress)
        except KeyboardInterrupt:
            console.print(f"Interrupted; {config.out} has {simulation.summary()}")
            raise SystemExit(130) from None
        except OSError as error:
            raise TrainError(f"--out {config.out} cannot be written: {error}") from error
        console.print(f"Wrote {config.out}: {simulation.summary()}; drawn by {simulation.device}")


class Simulation:
    """An avatar, a renderer and what they have written until now."""

    def __init__(self, config: SimulateConfig) -> None:
        self._config = config
        self._avatar = Avatar.load(config.avatar)
        self._backgrounds = Backgrounds(config.backgrounds, config.size)
        self._face = Face(self._avatar.shapes)
        self._renderer = Renderer(Rig(self._avatar), (config.size, config.size))
        self._coefficients: dict[str, dict[str, Expression]] = {"v": {}, "c": {}}
        self._clip: list[Expression] = []
        self.device = self._renderer.device

    def close(self) -> None:
        self._renderer.close()

    def summary(self) -> str:
        """What is written until now, for people."""
        v, c = len(self._coefficients["v"]), len(self._coefficients["c"])
        return f"{v} v with truth, {c} c, {len(self._clip)} frames of clip"

    def write_v(self, progress: Progress) -> None:
        for index in progress.track(range(self._config.v), description="v"):
            name = f"{index:06d}.png"
            face = self._face.still(self._random(V_FACE, index))
            session = self._random(V_SESSION, index // self._config.stills_per_session)
            shot = scene.still(self._random(V_SHOT, index), session, len(self._backgrounds))
            write_png(self._config.out / "truth" / name, self.draw_c(face))
            write_png(
                self._config.out / "v" / name,
                self.draw_v(face, shot, self._random(V_NOISE, index)),
            )
            self._coefficients["v"][name] = face

    def write_c(self, progress: Progress) -> None:
        for index in progress.track(range(self._config.c), description="c"):
            name = f"{index:06d}.png"
            face = self._face.still(self._random(C_FACE, index))
            write_png(self._config.out / "c" / name, self.draw_c(face))
            write_png(self._config.out / "normals" / name, self.draw_normals(face))
            self._coefficients["c"][name] = face

    def write_clip(self, progress: Progress) -> None:
        seconds, out = self._config.clip, self._config.out
        if seconds == 0:
            return
        faces = self._face.speech(self._random(CLIP_FACE), seconds, CLIP_FPS)
        shots = scene.moving(self._random(CLIP_SHOT), len(faces), CLIP_FPS, len(self._backgrounds))
        frames = list(zip(faces, shots, strict=True))
        with (
            VideoWriter(out / "clip.mp4", self._config.size, CLIP_FPS) as clip,
            VideoWriter(out / "clip_truth.mp4", self._config.size, CLIP_FPS) as truth,
        ):
            for index, (face, shot) in enumerate(progress.track(frames, description="clip")):
                clip.write(self.draw_v(face, shot, self._random(CLIP_NOISE, index)))
                truth.write(self.draw_c(face))
                self._clip.append(face)

    def draw_v(self, face: Expression, shot: Shot, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The headset camera's picture, uint8[size, size, 3] RGB."""
        behind = self._backgrounds.crop(shot.backdrop)
        light = self._renderer.render_linear(face, shot.camera, shot.lighting, behind)
        return develop(light, shot.sensor, rng)

    def draw_c(self, face: Expression) -> NDArray[np.uint8]:
        """The avatar's picture in domain C, uint8[size, size, 3] RGB."""
        return self._renderer.render(face, Camera.at(scene.VIEWPOINT), scene.STUDIO)

    def draw_normals(self, face: Expression) -> NDArray[np.uint8]:
        """The normal pass of that picture, as `normal_map` has it."""
        return normal_map(self._renderer.render_normals(face, Camera.at(scene.VIEWPOINT)))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Writes the JSON files at the end, however it comes: they describe what is there."""
        try:
            yield
        finally:
            out = self._config.out
            write_json(out / "coefficients.json", {**self._coefficients, "clip": self._clip})
            write_json(out / RECORD, self._record())
            CameraProfile(camera="simulated", viewpoint=scene.VIEWPOINT).save(out / "camera.json")

    def _record(self) -> dict[str, Any]:
        config, avatar = self._config, self._avatar
        return {
            "version": 1,
            "description": f"simulated, {self.summary()}, avatar {config.avatar.name}, "
            f"seed {config.seed}",
            "software": f"headset-avatar {software_version()}",
            "credits": [avatar.copyright] if avatar.copyright else [],
            "size": config.size,
            "mouth_px": _mouth_px(config.size),
            "clip_fps": CLIP_FPS,
            "stills_per_session": config.stills_per_session,
            "config": {
                "avatar": config.avatar.name,
                "backgrounds": config.backgrounds.name,
                "v": config.v,
                "c": config.c,
                "clip": config.clip,
                "seed": config.seed,
                "size": config.size,
            },
            "avatar_sha256": avatar.sha256,
            "driven_shapes": list(self._face.shapes),
            "viewpoint": scene.VIEWPOINT.model_dump(),
            "device": self.device,
        }

    def _random(self, stream: int, index: int = 0) -> np.random.Generator:
        return np.random.default_rng([self._config.seed, stream, index])


def _mouth_px(size: int) -> list[int]:
    """x, y, width, height of where the mouth moves in a picture of domain C."""
    corners = Camera.at(scene.VIEWPOINT).project(scene.MOUTH_BOX_M, size)
    left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    return [left, top, right - left, bottom - top]
