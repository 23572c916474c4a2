"""`Seen`: all that is known of a pair of domains; what the verdict and the page are made of."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.profile import CameraProfile
from train.check import duplicates
from train.check.coverage import Coverage, coverage
from train.check.duplicates import Groups
from train.check.marks import Asked, asked
from train.check.survey import Survey, survey
from train.data import Domains, open_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Pictures of `theirs` that are near-duplicates of one of `ours`."""

    ours: Survey
    theirs: Survey
    pairs: list[tuple[int, int]]

    @property
    def share(self) -> float:
        return len({theirs for _, theirs in self.pairs}) / len(self.theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that is known of a pair of domains."""

    size: int
    """Height and width at which pictures were judged, pixels."""
    v: Survey
    c: Survey
    groups: tuple[Groups, Groups]
    """Near-duplicates in V and in C."""
    between: Overlap
    """V and C."""
    leaks: list[Overlap]
    """Each domain and its counterpart in a set for validation or test."""
    coverage: Coverage | None
    asked: Asked | None
    """What the wearer of V was asked to do; None: V has no marks."""


def look(
    chosen: Domains, others: Domains | None, size: int, profile: CameraProfile | None = None
) -> Seen:
    """Look at both domains, and whether they share pictures with `others`. Raises `BadData` where
    nothing can be decoded.

    profile: by which V is seen, see `open_source`.
    """
    v = survey("V", open_source(chosen.v, profile), size)
    c = survey("C", open_source(chosen.c), size)
    points = [duplicates.points(domain.fingerprints()) for domain in (v, c)]
    near = [duplicates.near(of) for of in points]
    leaks = []
    if others is not None:
        for ours, of_ours, within, path in zip(
            (v, c), points, near, (others.v, others.c), strict=True
        ):
            theirs = survey(ours.title, open_source(path), size)
            of_theirs = duplicates.points(theirs.fingerprints())
            pairs = duplicates.shared(of_ours, of_theirs, within)
            leaks.append(Overlap(ours=ours, theirs=theirs, pairs=pairs))
    return Seen(
        size=size,
        v=v,
        c=c,
        groups=(duplicates.group(points[0], near[0]), duplicates.group(points[1], near[1])),
        between=Overlap(ours=v, theirs=c, pairs=duplicates.shared(points[0], points[1], min(near))),
        leaks=leaks,
        coverage=coverage(v, c),
        asked=asked(v, c),
    )
