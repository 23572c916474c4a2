"""ARKit's names of facial blendshapes, and how files spell them."""

from __future__ import annotations

import re

_NAMES = """
eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight
eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight
eyeWideLeft eyeWideRight jawForward jawLeft jawRight jawOpen mouthClose mouthFunnel mouthPucker
mouthLeft mouthRight mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight
mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower
mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight
mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft
browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
cheekSquintRight noseSneerLeft noseSneerRight tongueOut
"""
ARKIT_SHAPES = tuple(_NAMES.split())

REQUIRED_SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight")
"""The least that an avatar must have: the smiles tell where the mouth is, how wide, and which side
is left; without jawOpen there is no speech. Any other ARKit shape is driven when it is there."""

_CANONICAL = {name.lower(): name for name in ARKIT_SHAPES}


def canonical(name: str) -> str | None:
    """The ARKit shape that a morph target's name means, or None.

    Case, a prefix up to the last dot ("Face.jawOpen") and _L / _R for Left / Right do not matter.
    """
    plain = name.rpartition(".")[2].lower()
    plain = re.sub(r"_l$", "left", re.sub(r"_r$", "right", plain))
    return _CANONICAL.get(re.sub(r"[^a-z]", "", plain))
