"""`python -m train renders`: writes domain C for a calibrated camera.

    OUT/c/000000.png ...       the avatar as the model's view would show it; give OUT/c to fit --c
    OUT/normals/000000.png ... which way each of its places faces; give OUT/normals to fit --normals
    OUT/overview/contact.png   a few of them on one sheet
    OUT/coefficients.json      {"c": {name: {shape: value}}}
    OUT/camera.json            the camera's profile that they were made for
    OUT/renders.json           how they were made, and whom to credit

coefficients.json is for evaluation and for `check`; training never reads it. The contact sheet has
a folder of its own, because a folder of images is what training takes for a domain.
"""

from __future__ import annotations

import math
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from calibration.opencv import cv2
from calibration.profile import CameraProfile, ProfileError
from train.errors import BadData, TrainError
from train.renders.config import RendersConfig
from train.renders.lens import ProfileCamera
from train.simulate import scene
from train.simulate.avatar import Avatar
from train.simulate.expressions import Expression, Face
from train.simulate.output import normal_map, prepare, software_version, write_json, write_png
from train.simulate.rig import Rig
from train.simulate.sensor import encode

RECORD = "renders.json"
WRITTEN = ("c", "normals", "overview", "coefficients.json", "camera.json", RECORD)
ALONE_EVERY = 4
"""One picture in so many shows one blendshape by itself; the others are what faces do."""
SHEET_PX, SHEET_COLUMNS, SHEET_ROWS = 128, 8, 5
BARELY_SEEN = 0.5
"""A shape that never gets so far is told about."""


def run(config: RendersConfig) -> None:
    """Write the renders. Raises `TrainError`; Ctrl-C keeps what is written, exits with 130."""
    console = Console(stderr=True, highlight=False)
    try:
        profile = CameraProfile.load(config.profile)
    except ProfileError as error:
        raise BadData(str(error)) from error
    avatar = Avatar.load(config.avatar)
    with closing(ProfileCamera(Rig(avatar), profile, config.size)) as camera:
        prepare(config.out, ("c", "normals", "overview"), RECORD, WRITTEN, config.overwrite)
        renders = Renders(config, avatar, camera)
        if not camera.exact:
            console.print(
                "the profile does not know the lens and the camera's turn: an ideal camera is "
                "drawn (run python -m calibration board, then viewpoint)"
            )
        try:
            with Progress(console=console) as progress:
                renders.write(progress)
        except KeyboardInterrupt:
            console.print(f"Interrupted; {config.out} has {len(renders.faces)} pictures")
            raise SystemExit(130) from None
        except OSError as error:
            raise TrainError(f"--out {config.out} cannot be written: {error}") from error
        finally:
            _finish(renders, profile)
    console.print("\n".join(renders.summary()), markup=False)


class Renders:
    """What has been drawn until now."""

    def __init__(self, config: RendersConfig, avatar: Avatar, camera: ProfileCamera) -> None:
        self.config, self.avatar = config, avatar
        self.faces: dict[str, Expression] = {}
        self.device = camera.device
        self._camera = camera
        self._face = Face(avatar.shapes)
        self._thumbnails: list[NDArray[np.uint8]] = []

    def write(self, progress: Progress) -> None:
        """Draw all pictures."""
        count = self.config.count
        places = SHEET_COLUMNS * SHEET_ROWS
        shown = set(np.linspace(0, count - 1, min(count, places)).round().astype(int).tolist())
        for index in progress.track(range(count), description="c"):
            name = f"{index:06d}.png"
            face = self._expression(index)
            image = encode(self._camera.render_linear(face, scene.STUDIO))
            write_png(self.config.out / "c" / name, image)
            normals = normal_map(self._camera.render_normals(face))
            write_png(self.config.out / "normals" / name, normals)
            self.faces[name] = face
            if index in shown:
                self._thumbnails.append(image)

    def contact_sheet(self) -> NDArray[np.uint8]:
        """uint8[H, W, 3] RGB: pictures from all over the set, in rows."""
        rows = max(1, math.ceil(len(self._thumbnails) / SHEET_COLUMNS))
        sheet = np.full((rows * SHEET_PX, SHEET_COLUMNS * SHEET_PX, 3), 40, np.uint8)
        for number, image in enumerate(self._thumbnails):
            y, x = (SHEET_PX * place for place in divmod(number, SHEET_COLUMNS))
            small = cv2.resize(image, (SHEET_PX, SHEET_PX), interpolation=cv2.INTER_AREA)
            sheet[y : y + SHEET_PX, x : x + SHEET_PX] = small
        return sheet

    def most(self) -> dict[str, float]:
        """Shape -> the most of it that any picture has, 0..1."""
        return {
            shape: max((face[shape] for face in self.faces.values()), default=0.0)
            for shape in self._face.shapes
        }

    def summary(self) -> list[str]:
        """What was done, for people."""
        out, shapes = self.config.out, self._face.shapes
        lines = [
            f"Wrote {len(self.faces)} pictures to {out / 'c'}; drawn by {self.device}",
            f"{len(shapes)} of the avatar's {len(self.avatar.shapes)} ARKit shapes are driven: "
            "those of the lower face",
            f"look at {out / 'overview' / 'contact.png'}: is the face where your camera sees it?",
        ]
        rare = [shape for shape, value in self.most().items() if value < BARELY_SEEN]
        if rare:
            lines.append(f"hardly seen: {', '.join(rare)}; a larger --count shows them")
        return lines

    def record(self) -> dict[str, Any]:
        """renders.json."""
        config, avatar = self.config, self.avatar
        return {
            "version": 1,
            "description": f"{len(self.faces)} renders, avatar {config.avatar.name}, "
            f"seed {config.seed}",
            "software": f"headset-avatar {software_version()}",
            "credits": [avatar.copyright] if avatar.copyright else [],
            "size": config.size,
            "avatar": config.avatar.name,
            "avatar_sha256": avatar.sha256,
            "profile": config.profile.name,
            "seed": config.seed,
            "most": self.most(),
            "device": self.device,
        }

    def _expression(self, index: int) -> Expression:
        rng = np.random.default_rng([self.config.seed, index])
        turn, place = divmod(index, ALONE_EVERY)
        return self._face.alone(rng, turn) if place == 0 else self._face.still(rng)


def _finish(renders: Renders, profile: CameraProfile) -> None:
    """What describes the pictures, however many there are."""
    out = renders.config.out
    try:
        write_json(out / "coefficients.json", {"c": renders.faces})
        write_json(out / RECORD, renders.record())
        write_png(out / "overview" / "contact.png", renders.contact_sheet())
        profile.save(out / "camera.json")
    except (OSError, ProfileError) as error:
        raise TrainError(f"--out {out} cannot be written: {error}") from error
