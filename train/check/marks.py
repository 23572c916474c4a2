"""What the wearer of V was asked to do, by the marks of its sessions: does it cover what C shows?

`python -m realtime.sessions guide` writes them: a mark when a thing begins, "pause" when it ends.
The text of a face's mark has the ARKit shapes that it is for behind a colon, without Left and Right
where both sides are meant. That a face was asked for does not prove that it was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from calibration.recorded import MARKS, MOST_INDEX_BYTES, objection
from train.check.survey import Survey
from train.errors import BadData
from train.evaluate.simulated import load_coefficients

PAUSE = "pause"
KINDS = ("expression", "speech", "head", "light")
MOVED = 0.3
"""How far a shape must go in some picture of C for V to need it, 0..1."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """The steps of all of V's sessions."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    """Kind of step -> how long all of them took."""
    steps: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    """Kind of step -> how many there were."""
    shapes: set[str] = field(default_factory=set)
    """ARKit shapes that faces were asked for, as the marks spell them."""
    needed: tuple[str, ...] = ()
    """ARKit shapes that C moves; empty if that is not known."""

    def missing(self) -> list[str]:
        """Shapes of C that no face was asked for."""
        return [shape for shape in self.needed if not self.shapes & {shape, _both_sides(shape)}]

    def verdict(self) -> Iterator[tuple[Literal["good", "note", "warning"], str]]:
        """Lines for people: how good, and what was seen with what to do."""
        done = ", ".join(
            f"{count} {kind} ({self.seconds[kind]:.0f} s)"
            for kind, count in self.steps.items()
            if count
        )
        yield "good", f"the wearer of V was asked for: {done or 'nothing'}"
        if missing := self.missing():
            yield (
                "warning",
                f"C shows {', '.join(missing)}, which the wearer of V was never asked for: record "
                "once more with python -m realtime.sessions guide",
            )
        for kind in ("head", "light"):
            if not self.steps[kind]:
                yield (
                    "note",
                    f"no change of {kind} is marked in V: what never changes there is not learnt "
                    f"to be left out (python -m realtime.sessions guide --only {kind})",
                )


def asked(v: Survey, c: Survey) -> Asked | None:
    """None if V has no marks. Raises `BadData` for marks that are damaged."""
    path = v.source.path
    files = [path / MARKS] if path.is_dir() else [path.with_name(MARKS)]
    files += [file.parent / MARKS for file in v.source.files if file.parent != path]
    found = [file for file in dict.fromkeys(files) if file.is_file()]
    if not found:
        return None
    result = Asked(needed=_moved(c))
    for file in found:
        _add(result, file)
    return result


def _add(to: Asked, path: Path) -> None:
    """The steps of one session; one without an end was broken off, and does not count."""
    begun: tuple[str, str, int] | None = None
    for mark in _read(path):
        try:
            kind, text, time_ns = str(mark["kind"]), str(mark["text"]), int(str(mark["time_ns"]))
            since_s = (time_ns - (begun[2] if begun else time_ns)) / 1e9
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadData(f"{path}: a mark lacks its {error}: the file is damaged") from error
        if kind == PAUSE and begun is not None:
            to.steps[begun[0]] += 1
            to.seconds[begun[0]] += since_s
            to.shapes.update(begun[1].partition(":")[2].split())
            begun = None
        elif kind in KINDS:
            begun = kind, text, time_ns


def _read(path: Path) -> Iterator[dict[str, object]]:
    """The lines; half a line at the end is what a killed writer leaves."""
    if (why := objection(path, MOST_INDEX_BYTES)) is not None:
        raise BadData(why)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        yield from map(json.loads, lines)
    except (OSError, ValueError, RecursionError) as error:
        raise BadData(f"{path} cannot be read as marks ({error}): restore or delete it") from error


def _moved(c: Survey) -> tuple[str, ...]:
    """Shapes that some picture of C moves, where `train renders` or `simulate` said so."""
    path = c.source.path.resolve()
    if not (path.parent / "coefficients.json").exists():
        return ()
    shapes, values = load_coefficients(path.parent, path.name, tuple(c.names))
    most = np.max(values, axis=0)
    return tuple(shape for shape, value in zip(shapes, most, strict=True) if value > MOVED)


def _both_sides(shape: str) -> str:
    return shape.removesuffix("Left").removesuffix("Right")
