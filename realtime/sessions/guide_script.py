"""What the wearer is asked to do: the faces that renders show, and changes of head and light.

A face names the ARKit blendshapes that it is there for. train/simulate/expressions.py has those
that domain C moves; a test holds the two together, since neither side may import the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["expression", "speech", "head", "light"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do for a while."""

    kind: Kind
    name: str
    """What the mark says."""
    ask: str
    """What the wearer is told."""
    shapes: tuple[str, ...] = ()
    """ARKit names; those of both sides without Left and Right."""


_FACES = (
    Step("expression", "rest", "Lips closed, face at rest.", ("mouthPress",)),
    Step("expression", "jaw open", "Open your mouth, slowly, as far as it goes; close it.",
         ("jawOpen",)),
    Step("expression", "lips closed, jaw open", "Lower your jaw and keep your lips together.",
         ("mouthClose",)),
    Step("expression", "smile", "Smile with closed lips; then with your teeth; then laugh.",
         ("mouthSmile", "cheekSquint", "mouthDimple")),
    Step("expression", "one-sided smile", "Smile with the left half only; then the right half.",
         ("mouthSmile", "mouthDimple")),
    Step("expression", "sad", "Pull down the corners of your mouth.", ("mouthFrown",)),
    Step("expression", "afraid", "Pull the corners out and down, teeth visible.",
         ("mouthStretch", "mouthLowerDown")),
    Step("expression", "disgust", "Wrinkle your nose and raise your upper lip.",
         ("noseSneer", "mouthUpperUp")),
    Step("expression", "kiss", "Push your lips forward, as for a kiss; relax; again.",
         ("mouthPucker",)),
    Step("expression", "o", "Say a long 'oh', then a long 'oo'.", ("mouthFunnel", "mouthPucker")),
    Step("expression", "press", "Press your lips together, hard.", ("mouthPress",)),
    Step("expression", "roll in", "Roll both lips in over your teeth.",
         ("mouthRollLower", "mouthRollUpper")),
    Step("expression", "shrug", "Push your lower lip up, as if you did not know.",
         ("mouthShrugLower", "mouthShrugUpper")),
    Step("expression", "cheeks", "Puff out both cheeks; let go.", ("cheekPuff",)),
    Step("expression", "mouth aside", "Pull your mouth to the left; to the right.", ("mouth",)),
    Step("expression", "jaw aside", "Move your jaw to the left; to the right.", ("jaw",)),
    Step("expression", "jaw forward", "Push your jaw forward; back.", ("jawForward",)),
    Step("expression", "tongue", "Put out your tongue, a little; then far.", ("tongueOut",)),
)  # fmt: skip

_SPEECH = (
    Step("speech", "counting", "Count from one to twenty, as you would to a friend."),
    Step("speech", "reading", "Tell what you did yesterday. Loud and quiet, with feeling."),
)

_CONDITIONS = (
    Step("head", "turned", "Turn your head slowly: left, right, up, down. Keep talking."),
    Step("head", "shaken", "Nod and shake your head, so that the headset shifts a little."),
    Step("head", "worn anew", "Take the headset off, put it on again. Then talk."),
    Step("light", "window", "Face a window or lamp; turn around once, while talking."),
    Step("light", "dim", "Switch the light off, or shade it. Talk and smile."),
    Step("light", "from one side", "Stand with the light to your left; then right. Talk."),
)

SCRIPT: tuple[Step, ...] = (*_FACES, *_SPEECH, *_CONDITIONS)
"""All steps, in the order in which they are asked for."""
