"""By what the recorded sessions of a domain are seen: does the live model see the same?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from train.check.survey import Survey
from train.data.views import mapping


def verdict(of: Survey) -> Iterator[tuple[Literal["good", "warning"], str]]:
    """Lines for people: how good, and what was seen with what to do."""
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
