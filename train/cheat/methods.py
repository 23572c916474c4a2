"""The tests over several runs of a method: means over runs, with intervals over runs and images.

What comes out has the types of what went in, under the method's name; its pictures are those of the
method's first run. Where no method has two runs, each run stands for itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from train.cheat.crossed import Reading
from train.cheat.honesty import Point
from train.cheat.matched import Matched
from train.evaluate.bootstrap import Figure, mean_of, over_runs
from train.runs import Run

Groups = dict[str, list[str]]
"""Name -> names of the runs in it, in the order in which they were given."""
POINT = ("l_v", "l_c", "rise_v", "rise_c")


def group(runs: Sequence[Run]) -> Groups:
    """Runs by method, or each by itself where no method has two."""
    groups: Groups = {}
    for run in runs:
        groups.setdefault(run.method, []).append(run.name)
    if len(groups) == len(runs):
        return {run.name: [run.name] for run in runs}
    return {
        method if len(names) == 1 else f"{method} ({len(names)} runs)": names
        for method, names in groups.items()
    }


def matched_of(pairs: Mapping[str, Matched], groups: Groups, seed: int) -> dict[str, Matched]:
    """Group -> its mean."""
    return {
        name: dataclasses.replace(
            pairs[members[0]],
            figures={
                key: _over(name, (pairs[one].figures[key] for one in members), groups, seed)
                for key in pairs[members[0]].figures
            },
        )
        for name, members in groups.items()
    }


def honesty_of(
    curves: Mapping[str, list[Point]], groups: Groups, seed: int
) -> dict[str, list[Point]]:
    """Group -> the mean of its curves."""
    return {
        name: [
            dataclasses.replace(
                points[0],
                **{
                    key: _over(name, (getattr(point, key) for point in points), groups, seed)
                    for key in POINT
                },
            )
            for points in zip(*(curves[one] for one in members), strict=True)
        ]
        for name, members in groups.items()
    }


def crossed_of(readings: Sequence[Reading], groups: Groups, seed: int) -> list[Reading]:
    """Maker's group, kind of content and reader: "itself", "another of its method", or the group of
    readers that never met the maker. Of several readers of a maker the mean counts."""
    group_of = {one: name for name, members in groups.items() for one in members}
    found: dict[tuple[str, str, str], dict[str, list[Reading]]] = {}
    for reading in readings:
        maker, reader = group_of[reading.maker], group_of[reading.reader]
        if reading.maker == reading.reader:
            reader = "itself"
        elif maker == reader:
            reader = "another of its method"
        kinds = found.setdefault((maker, reading.content, reader), {})
        kinds.setdefault(reading.maker, []).append(reading)
    return [
        _told(list(by_maker.values()), maker, reader, groups, seed)
        for (maker, _, reader), by_maker in found.items()
    ]


def _told(
    by_maker: list[list[Reading]], maker: str, reader: str, groups: Groups, seed: int
) -> Reading:
    """The mean over makers of the mean over readers, with the pictures of the first."""

    def over(figure: Callable[[Reading], Figure]) -> Figure:
        each = (mean_of([figure(reading) for reading in readings]) for readings in by_maker)
        return _over(maker, each, groups, seed)

    return dataclasses.replace(
        by_maker[0][0],
        maker=maker,
        reader=reader,
        to_i=over(lambda reading: reading.to_i),
        to_j=over(lambda reading: reading.to_j),
        reads_i=over(lambda reading: reading.reads_i),
    )


def _over(name: str, figures: Iterable[Figure], groups: Groups, seed: int) -> Figure:
    """A stream of resamples for each group: its runs have nothing to do with those of another."""
    return over_runs(list(figures), np.random.default_rng([seed, list(groups).index(name)]))
