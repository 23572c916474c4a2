"""The verdict: figures -> lines that say what was seen, and what to do about it.

A line warns only of what hurts a run; thresholds stand beside the reason for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.check import views
from train.check.coverage import Coverage
from train.check.duplicates import Groups
from train.check.seen import Overlap, Seen
from train.check.survey import Survey
from train.data.domains import CLEAR

Level = Literal["good", "note", "warning", "unusable"]

FEW, LOPSIDED = 200, 10
MANY = 0.05
"""Share of pictures from which on a fault is worth a warning, not a note."""
FLAT, DARK, BURNT, GREY = 2.0, 20.0, 0.25, 3.0
UNCOVERED = 0.15
"""Share of V's expressions without a render near by; .05 is chance."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the verdict."""

    level: Level
    about: str
    """What it is about, a word or two."""
    text: str
    """What was seen, and what to do."""


def findings(seen: Seen) -> list[Finding]:
    """All lines, the worst first."""
    lines: list[Finding] = []
    for domain, groups in zip((seen.v, seen.c), seen.groups, strict=True):
        lines += _count(domain)
        lines += _files(domain, seen.size)
        lines += _flat(domain)
        lines += _blur(domain)
        lines += _duplicates(domain, groups)
    lines += _light(seen.v)
    lines += _pair(seen)
    lines += [Finding(level, "view", text) for level, text in views.verdict(seen.v, seen.c)]
    lines += [_leak(overlap) for overlap in seen.leaks]
    if seen.coverage is not None:
        lines += _expressions(seen.coverage)
    if seen.asked is not None:
        lines += [Finding(level, "guide", text) for level, text in seen.asked.verdict()]
    order: tuple[Level, ...] = ("unusable", "warning", "note", "good")
    return sorted(lines, key=lambda line: order.index(line.level))


def outliers(sharpness: NDArray[np.float64]) -> NDArray[np.intp]:
    """Pictures that are far more blurred than is usual in their set, the worst first."""
    median = np.median(sharpness)
    spread = 1.4826 * np.median(np.abs(sharpness - median))
    odd = np.flatnonzero(sharpness < min(median - 4 * spread, 0.8 * median))
    return odd[np.argsort(sharpness[odd])]


def _count(of: Survey) -> Iterator[Finding]:
    if len(of) < 2:
        yield Finding("unusable", "count", f"{of.title} has 1 image; training needs 2")
    elif len(of) < FEW:
        yield Finding(
            "warning",
            "count",
            f"{of.title} has {len(of)} images: a run learns them by heart. Add more; from "
            "1,000 on it need not",
        )
    else:
        yield Finding("good", "count", f"{of.title} has {len(of):,} images")


def _files(of: Survey, size: int) -> Iterator[Finding]:
    if of.unreadable:
        name, reason = next(iter(of.unreadable.items()))
        yield Finding(
            "warning",
            "unreadable",
            f"{len(of.unreadable)} of {of.title} cannot be read and will be left out, "
            f"first {name} ({reason}): copy them again, or delete them",
        )
    sides = np.array([min(picture.size_px) for picture in of.pictures])
    small = int((sides < size).sum())
    if len({picture.size_px for picture in of.pictures}) > 1:
        yield Finding(
            "note",
            "sizes",
            f"{of.title} has mixed sizes, {sides.min()} to {sides.max()} pixels on the short "
            "side: all are resized to one",
        )
    if small:
        yield Finding(
            "warning" if small > MANY * len(of) else "note",
            "too small",
            f"{_of(small, of)} are smaller than {size} pixels: enlarged, they are blurred. "
            "Train at a smaller --size, or take larger ones",
        )
    wide = sum(picture.size_px[0] != picture.size_px[1] for picture in of.pictures)
    if wide:
        yield Finding(
            "note",
            "shape",
            f"{_of(wide, of)} are not square: their largest centred square is used. Look at "
            "the pictures: is all that matters in it?",
        )


def _flat(of: Survey) -> Iterator[Finding]:
    flat = int((of.column("contrast") < FLAT).sum())
    if flat == len(of):
        yield Finding("unusable", "flat", f"there is nothing to see in any image of {of.title}")
    elif flat:
        yield Finding(
            "warning",
            "flat",
            f"{_of(flat, of)} are of one colour, with nothing on them: delete them",
        )


def _blur(of: Survey) -> Iterator[Finding]:
    blurred = len(outliers(of.column("sharpness")))
    if blurred:
        yield Finding(
            "warning" if blurred > MANY * len(of) else "note",
            "blur",
            f"{_of(blurred, of)} are far more blurred than the others: look at them",
        )


def _duplicates(of: Survey, groups: Groups) -> Iterator[Finding]:
    if groups.redundant > MANY * len(of):
        yield Finding(
            "warning" if groups.distinct < len(of) / 2 or groups.distinct < FEW else "note",
            "duplicates",
            f"{of.title} shows {groups.distinct:,} distinct pictures; the other "
            f"{groups.redundant:,} repeat one of them almost exactly. What repeats is learnt more "
            "often: thin it out, or record more variety",
        )
    else:
        yield Finding(
            "good",
            "duplicates",
            f"{_of(groups.redundant, of)} are near-duplicates"
            if groups.redundant
            else f"no near-duplicates in {of.title}",
        )


def _light(v: Survey) -> Iterator[Finding]:
    dark = int((v.column("brightness") < DARK).sum())
    burnt = int((v.column("burnt") > BURNT).sum())
    for count, what, cure in (
        (dark, "almost black", "raise exposure or gain, or delete them"),
        (burnt, "burnt out: white over more than a quarter", "lower exposure, or delete them"),
    ):
        if count:
            yield Finding(
                "warning" if count > MANY * len(v) else "note",
                "light",
                f"{_of(count, v)} are {what}: {cure}",
            )


def _pair(seen: Seen) -> Iterator[Finding]:
    v, c = seen.v, seen.c
    many, few = (v, c) if len(v) >= len(c) else (c, v)
    if len(many) > LOPSIDED * len(few):
        yield Finding(
            "warning",
            "balance",
            f"{many.title} has {len(many) / len(few):.0f} times as many images as "
            f"{few.title}, which a run will see that much more often: add to {few.title}",
        )
    if seen.between.pairs:
        yield Finding(
            "unusable" if seen.between.share > 0.5 else "warning",
            "same images",
            f"{len(seen.between.pairs)} images of {c.title} are in {v.title} as well: are "
            "these two domains, or one folder twice?",
        )
    of_v, of_c = (float(np.mean(domain.column("information"))) for domain in (v, c))
    if of_c > CLEAR * of_v:
        yield Finding(
            "warning",
            "direction",
            f"C carries more information than V ({of_c:.1f} and {of_v:.1f} bits per pixel): "
            "V is what has the residual. Are they swapped? Then give --swap",
        )
    grey_v, grey_c = (bool(np.median(domain.column("colour")) < GREY) for domain in (v, c))
    if grey_v != grey_c:
        grey, other = (v, c) if grey_v else (c, v)
        yield Finding(
            "note",
            "colour",
            f"{grey.title} is grey and {other.title} is in colour: the colours are learnt as "
            "what all of the set have in common",
        )


def _leak(overlap: Overlap) -> Finding:
    name, ours = overlap.theirs.source.path, overlap.ours.title
    if not overlap.pairs:
        return Finding("good", "leak", f"no image of {len(overlap.theirs)} in {name} is in {ours}")
    if ours == "C":  # nothing is measured on them, and all renders of one avatar are alike
        return Finding(
            "note",
            "leak",
            f"{overlap.share:.0%} of {name} look like one of C: of renders of one avatar that "
            "is to be expected, and does no harm",
        )
    return Finding(
        "warning",
        "leak",
        f"{overlap.share:.0%} of {name} are in V as well, almost exactly: figures measured on "
        "them will flatter. Take them out of one of the two",
    )


def _expressions(coverage: Coverage) -> Iterator[Finding]:
    beyond = {shape: share for shape, share in coverage.beyond().items() if share > MANY}
    if beyond:
        worst = sorted(beyond, key=lambda shape: -beyond[shape])[:4]
        listed = ", ".join(f"{shape} ({beyond[shape]:.0%})" for shape in worst)
        yield Finding(
            "warning",
            "expression",
            f"V goes where C never does, in {len(beyond)} shapes: {listed}. Render them",
        )
    alone = coverage.alone()
    yield Finding(
        "warning" if alone > UNCOVERED else "good",
        "expression",
        f"{alone:.0%} of V's expressions have no render of C near by (5 % is chance)"
        + (": render more, or more alike" if alone > UNCOVERED else ""),
    )


def _of(count: int, of: Survey) -> str:
    return f"{count:,} of {len(of):,} images of {of.title} ({count / len(of):.1%})"
