"""By what V's recorded sessions are seen: the same as the live model's pictures and the renders?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from train.check.survey import Survey
from train.data.views import geometry, load_profile, mapping

PROFILE = "camera.json"
"""Of the camera that renders were made for, beside their folder."""


Line = tuple[Literal["good", "warning"], str]


def verdict(v: Survey, c: Survey) -> Iterator[Line]:
    """Lines for people: how good, and what was seen with what to do."""
    yield from _seen_by(v)
    yield from _apart(v, c)


def _seen_by(of: Survey) -> Iterator[Line]:
    """Does the live model see the same?"""
    sessions = of.source.sessions()
    without = [name for name, profile in sessions.items() if profile is None]
    mappings = {mapping(profile) for profile in sessions.values() if profile is not None}
    if without:
        yield (
            "warning",
            f"{', '.join(without[:3])} of {of.title} was recorded without a camera profile, so the "
            "centred square of its pictures is trained on: if the live model is to see by a "
            "profile, give it with --profile, here and to fit",
        )
    if len(mappings) > 1:
        yield (
            "warning",
            f"the sessions of {of.title} are seen by {len(mappings)} profiles that show different "
            "things, and the live model sees by one: give it with --profile, here and to fit",
        )
    elif mappings and not without:
        yield "good", f"{of.title} is seen by its camera profile, as the live model sees"


def _apart(v: Survey, c: Survey) -> Iterator[Line]:
    """Is the avatar rendered for that?"""
    rendered_for = c.source.path.resolve().parent / PROFILE
    profiles = [of for of in v.source.sessions().values() if of is not None]
    if not profiles or not rendered_for.exists():
        return
    renders = load_profile(rendered_for)
    if renders is not None and any(geometry(of) != geometry(renders) for of in profiles):
        yield (
            "warning",
            "C was rendered for another view than V is seen by, so that faces lie elsewhere or are "
            "bent otherwise: render C anew with the profile of V's sessions, or give that of C, "
            f"{rendered_for}, with --profile, here and to fit",
        )
