"""What the face does: random stills that cover the mouth's range, and speech-like trajectories.

Both draw on the same material - visemes (mouth postures of speech) and feelings - and pass through
`plausible`, so that a still looks like a moment of a clip. A coefficient is in 0..1, keyed by its
ARKit name; shapes that an avatar lacks are left out at the end, by `Face`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.simulate.smooth import smoothed

Expression = dict[str, float]

REST: Expression = {"mouthPress": 0.35}
"""Lips that touch: many avatars' own rest leaves them a little apart."""

VISEMES: tuple[Expression, ...] = (
    REST,
    {"jawOpen": 0.62, "mouthLowerDown": 0.15, "mouthUpperUp": 0.1},  # aa
    {"jawOpen": 0.42, "mouthStretch": 0.2, "mouthUpperUp": 0.15, "mouthLowerDown": 0.2},  # ae
    {"jawOpen": 0.28, "mouthSmile": 0.25, "mouthStretch": 0.2, "mouthLowerDown": 0.25},  # e
    {"jawOpen": 0.12, "mouthSmile": 0.35, "mouthStretch": 0.3, "mouthUpperUp": 0.2,
     "mouthLowerDown": 0.3},  # ee
    {"jawOpen": 0.38, "mouthFunnel": 0.6, "mouthPucker": 0.1},  # o
    {"jawOpen": 0.14, "mouthPucker": 0.75, "mouthFunnel": 0.25},  # oo, w
    {"jawOpen": 0.08, "mouthPress": 0.35, "mouthRollLower": 0.35, "mouthRollUpper": 0.25},  # m b p
    {"jawOpen": 0.07, "mouthRollLower": 0.55, "mouthUpperUp": 0.3},  # f v
    {"jawOpen": 0.06, "mouthFunnel": 0.45, "mouthUpperUp": 0.15, "mouthLowerDown": 0.2},  # sh ch
    {"jawOpen": 0.05, "mouthStretch": 0.25, "mouthUpperUp": 0.2, "mouthLowerDown": 0.35},  # s z
    {"jawOpen": 0.18, "mouthLowerDown": 0.2, "mouthShrugUpper": 0.1},  # t d n l
    {"jawOpen": 0.2, "tongueOut": 0.25, "mouthLowerDown": 0.2},  # th
    {"jawOpen": 0.2, "mouthFunnel": 0.25, "mouthPucker": 0.3},  # r
)  # fmt: skip
"""Sides that act alike carry the name without Left / Right. The first is rest."""

FEELINGS: tuple[Expression, ...] = (
    {"mouthSmile": 0.8, "cheekSquint": 0.5, "mouthDimple": 0.3, "mouthPress": 0.4},
    {"mouthSmile": 0.9, "cheekSquint": 0.7, "mouthUpperUp": 0.3, "mouthLowerDown": 0.3,
     "jawOpen": 0.15},
    {"mouthSmile": 0.85, "cheekSquint": 0.7, "jawOpen": 0.55, "mouthUpperUp": 0.25},
    {"mouthFrown": 0.8, "mouthShrugLower": 0.4},
    {"mouthFrown": 0.5, "mouthStretch": 0.6, "jawOpen": 0.15, "mouthLowerDown": 0.4},
    {"noseSneer": 0.8, "mouthUpperUp": 0.6, "mouthFrown": 0.3},
    {"jawOpen": 0.7, "mouthFunnel": 0.3},
    {"mouthPucker": 1.0},
    {"cheekPuff": 0.9, "mouthPress": 0.4},
    {"mouthPress": 0.8, "mouthRollLower": 0.5, "mouthRollUpper": 0.5},
    {"mouthRollLower": 0.9, "mouthRollUpper": 0.8},
    {"mouthShrugLower": 0.8, "mouthShrugUpper": 0.6, "mouthFrown": 0.3},
    {"mouthDimple": 0.8, "mouthPress": 0.3},
    {"jawOpen": 0.35, "tongueOut": 0.9},
    {"jawForward": 0.8, "mouthLowerDown": 0.3},
    {"mouthSide": 0.9},
    {"jawSide": 0.9, "jawOpen": 0.15},
)  # fmt: skip
"""mouthSide and jawSide go to a random side."""

PAIRED = (
    "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress", "mouthLowerDown",
    "mouthUpperUp", "cheekSquint", "noseSneer",
)  # fmt: skip
SIDED = {"mouthSide": "mouth", "jawSide": "jaw"}
SINGLE = (
    "jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "cheekPuff", "tongueOut",
)  # fmt: skip
OPENED_BY = {"mouthClose": 1.0, "tongueOut": 0.4}
"""Shape -> how far the jaw has to open for it; see `plausible`."""
DRIVEN = (
    *SINGLE,
    *(f"{name}{side}" for name in (*PAIRED, "mouth", "jaw") for side in ("Left", "Right")),
)
"""Every shape that the simulator ever moves: those of the lower face."""


class Face:
    """Expressions for an avatar that has `shapes`."""

    def __init__(self, shapes: Sequence[str]) -> None:
        self.shapes = tuple(name for name in DRIVEN if name in shapes)

    def still(self, rng: np.random.Generator) -> Expression:
        """One random expression: speech, a feeling, both, or a free mixture."""
        kind = rng.choice(4, p=(0.4, 0.2, 0.2, 0.2))
        face: Expression = {}
        if kind in (0, 2):
            first, second = rng.choice(len(VISEMES), 2)
            share = rng.beta(0.5, 0.5)  # mostly one or the other: the middle is all alike
            size = rng.uniform(0.5, 1.4)
            _add(face, _sided(VISEMES[first], rng, 0.1), size * share)
            _add(face, _sided(VISEMES[second], rng, 0.1), size * (1 - share))
        if kind in (1, 2):
            feeling = FEELINGS[rng.integers(len(FEELINGS))]
            _add(face, _sided(feeling, rng, 0.4), rng.uniform(0.3, 1.1) * (0.6 if kind == 2 else 1))
        if kind == 3:
            for name in (*PAIRED, *SINGLE, *SIDED):
                if rng.random() < 0.22:
                    _add(face, _sided({name: 1.0}, rng, 0.5), rng.beta(1.2, 1.6))
        return self._finish(face)

    def alone(self, rng: np.random.Generator, number: int) -> Expression:
        """One shape by itself, the `number`-th around the list of them: first its most, later any
        part of it, so that each of an avatar's shapes is seen, also those that speech never moves.
        """
        turn, place = divmod(number, len(self.shapes))
        shape, value = self.shapes[place], 1.0 if turn == 0 else float(rng.random())
        return self._finish({"jawOpen": OPENED_BY.get(shape, 0.0) * value, shape: value})

    def speech(self, rng: np.random.Generator, seconds: float, fps: float) -> list[Expression]:
        """Somebody who talks: syllables, pauses, feelings that come and go; one per frame."""
        count = max(1, round(seconds * fps))
        times = np.arange(count) / fps
        talk = smoothed(_sample(_syllables(rng, seconds), times), 0.035 * fps)
        mood = smoothed(_sample(_moods(rng, seconds), times), 0.12 * fps)
        frames = talk + mood
        return [self._finish(dict(zip(DRIVEN, map(float, row), strict=True))) for row in frames]

    def _finish(self, face: Expression) -> Expression:
        face = plausible(face)
        return {name: round(min(max(face.get(name, 0.0), 0.0), 1.0), 4) for name in self.shapes}


def plausible(face: Expression) -> Expression:
    """`face` without what no face does: lips that press while the jaw hangs, a smile that puckers,
    a jaw that goes to both sides."""
    face = {name: max(value, 0.0) for name, value in face.items()}
    jaw = min(face.get("jawOpen", 0.0), 1.0)
    closed = max(0.0, 1 - jaw / 0.3)
    rounded = min(1.0, face.get("mouthPucker", 0.0) + face.get("mouthFunnel", 0.0))
    _scale(face, closed, "mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper",
           "cheekPuff", "mouthShrugLower")  # fmt: skip
    for name in ("mouthSmile", "mouthStretch", "mouthDimple"):
        _scale(face, 1 - 0.75 * rounded, f"{name}Left", f"{name}Right")
    _scale(face, 1 - 0.6 * face.get("cheekPuff", 0.0), "mouthUpperUpLeft", "mouthUpperUpRight",
           "mouthLowerDownLeft", "mouthLowerDownRight", "mouthFunnel")  # fmt: skip
    _scale(face, 1 - 0.6 * jaw, "mouthFunnel", "mouthPucker")
    for smile, frown in (
        ("mouthSmileLeft", "mouthFrownLeft"),
        ("mouthSmileRight", "mouthFrownRight"),
    ):
        _scale(face, 1 - min(1.0, face.get(smile, 0.0)), frown)
    for name in ("mouth", "jaw"):
        left, right = face.get(f"{name}Left", 0.0), face.get(f"{name}Right", 0.0)
        face[f"{name}Left"], face[f"{name}Right"] = max(left - right, 0), max(right - left, 0)
    face["mouthClose"] = min(face.get("mouthClose", 0.0), 0.8 * jaw)
    face["tongueOut"] = min(face.get("tongueOut", 0.0), 3 * jaw)
    return face


def _scale(face: Expression, factor: float, *names: str) -> None:
    for name in names:
        if name in face:
            face[name] *= max(factor, 0.0)


def _add(face: Expression, other: Expression, factor: float) -> None:
    for name, value in other.items():
        face[name] = face.get(name, 0.0) + factor * value


def _sided(face: Expression, rng: np.random.Generator, asymmetry: float) -> Expression:
    """Names of both sides become Left and Right; one side gets up to `asymmetry` less."""
    result: Expression = {}
    for name, value in face.items():
        if name in SIDED:
            result[SIDED[name] + str(rng.choice(["Left", "Right"]))] = value
        elif name in PAIRED:
            less = 1 - asymmetry * rng.random()
            left = rng.random() < 0.5
            result[f"{name}Left"] = value * (1.0 if left else less)
            result[f"{name}Right"] = value * (less if left else 1.0)
        else:
            result[name] = value
    return result


Keys = list[tuple[float, Expression]]


def _syllables(rng: np.random.Generator, seconds: float) -> Keys:
    """Postures of speech at their times: consonant, vowel, ... and a pause after each phrase."""
    keys: Keys = [(0.0, REST)]
    time = rng.uniform(0.1, 0.5)
    while time < seconds:
        for _ in range(rng.integers(3, 11)):
            loudness = rng.uniform(0.55, 1.15)
            for viseme in (VISEMES[rng.integers(7, len(VISEMES))], VISEMES[rng.integers(1, 7)]):
                posture: Expression = {}
                _add(posture, _sided(viseme, rng, 0.15), loudness)
                keys.append((time, posture))
                time += rng.uniform(0.07, 0.15)
        keys.append((time, REST))
        time += rng.choice([0.15, 0.3, 0.9], p=(0.4, 0.4, 0.2))
        keys.append((time, REST))
        time += 0.1
    return keys


def _moods(rng: np.random.Generator, seconds: float) -> Keys:
    """Feelings that come, stay a second or two, and go."""
    keys: Keys = [(0.0, {})]
    time = rng.uniform(0.3, 1.5)
    while time < seconds:
        feeling: Expression = {}
        _add(
            feeling, _sided(FEELINGS[rng.integers(len(FEELINGS))], rng, 0.4), rng.uniform(0.2, 0.9)
        )
        rise, stay, fall = rng.uniform(0.2, 0.5), rng.uniform(0.4, 1.6), rng.uniform(0.3, 0.7)
        keys += [(time, {}), (time + rise, feeling), (time + rise + stay, feeling)]
        time += rise + stay + fall
        keys.append((time, {}))
        time += rng.uniform(0.2, 2.0)
    return keys


def _sample(keys: Keys, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear between keys: [len(times), len(DRIVEN)]."""
    at = [time for time, _ in keys]
    return np.stack(
        [np.interp(times, at, [face.get(name, 0.0) for _, face in keys]) for name in DRIVEN], axis=1
    )
