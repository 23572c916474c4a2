"""`Bench`: a simulated set, opened once, on which every candidate is measured alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.evaluate import simulated
from train.evaluate.bootstrap import Bootstrap, Figure
from train.evaluate.expression import JAW, expression, mouth_shapes, r2_per_shape
from train.evaluate.fidelity import fidelity
from train.evaluate.flicker import flicker
from train.evaluate.leaks import (
    Probe,
    image_features,
    light_statistics,
    probe,
    residual_features,
)
from train.evaluate.picture import sheet
from train.evaluate.reader import Reader
from train.runs import Images, Run

MEAN, TRUTH = "mean of C", "truth"
"""The rows that are no runs: who never looks, and who cannot be beaten."""
PICTURE_COLUMNS = 8
CLIP_FRAMES = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the tables."""

    name: str
    kind: str
    """"run", "baseline" or "ceiling"."""
    method: str
    """Of a run; empty for the others."""
    step: int | None
    figures: dict[str, Figure]
    """By `Metric.key`; what could not be measured is left out."""
    shapes_r2: dict[str, float]
    """R^2 of every shape that varies."""


class Bench:
    """The images, their truth, and the yardsticks."""

    def __init__(self, data: Path, size: int, count: int, seed: int, reader: Reader | None) -> None:
        """`reader` knows every shape of the set; without one, expression is not measured."""
        self.pairs = simulated.load_pairs(data, size, count)
        self.shapes, self.coefficients = simulated.load_coefficients(data, "v", self.pairs.names)
        self.clip = simulated.load_clip(data, size, CLIP_FRAMES)
        self._mean = simulated.mean_render(data, size)
        self._mouth_shapes = mouth_shapes(self.shapes, self.coefficients)
        self._reader = reader
        self._seed = seed
        self._bootstrap = Bootstrap(self.pairs.groups, seed)
        self._shown: list[tuple[str, Images]] = [("v", self.pairs.v)]

    def baseline(self) -> Row:
        """The mean of C, whatever v shows."""
        return self._row(MEAN, "baseline", lambda v: np.repeat(self._mean[None], len(v), 0))

    def run(self, run: Run) -> Row:
        return self._row(run.name, "run", run.translate, run)

    def ceiling(self) -> Row:
        """What the yardsticks say of the truth itself: no run can be told to be better."""
        truth = self.pairs.truth
        read, shapes_r2 = self._expression(truth)
        figures = read | self._light(truth)
        return Row(
            name=TRUTH, kind="ceiling", method="", step=None, figures=figures, shapes_r2=shapes_r2
        )

    def expression_in_v(self) -> dict[str, Figure]:
        """What the probes of r find in v itself, pooled: the measure for what they find in r."""
        return self._expression_probes(image_features(self.pairs.v))

    def picture(self) -> bytes:
        """PNG: v, each measured run's c', truth."""
        shown = [*self._shown, (TRUTH, self.pairs.truth)]
        count = min(PICTURE_COLUMNS, len(self.pairs.v))
        places = np.linspace(0, len(self.pairs.v) - 1, count).round().astype(int)
        return sheet(
            [[images[i] for i in places] for _, images in shown],
            [name for name, _ in shown],
            [Path(self.pairs.names[i]).stem for i in places],
            "v, c' = D_C(v) of each run, truth",
            gaps_above=(1, len(shown) - 1),
        )

    def _row(
        self,
        name: str,
        kind: str,
        translate: Callable[[Images], Images],
        run: Run | None = None,
    ) -> Row:
        """Measure a function v -> c', uint8[N,H,W,3] -> the same."""
        got = translate(self.pairs.v)
        figures = fidelity(got, self.pairs.truth, self.pairs.mouth, self._bootstrap)
        read, shapes_r2 = self._expression(got)
        figures |= read | self._light(got)
        if run is not None:
            self._shown.append((name, got))
            features = residual_features(run, self.pairs.v)
            if features is not None:
                figures |= self._expression_probes(features)
        if self.clip is not None:
            figures |= flicker(translate(self.clip.v), self.clip.truth, self.clip.fps, self._seed)
        return Row(
            name=name,
            kind=kind,
            method=run.method if run else "",
            step=run.step if run else None,
            figures=figures,
            shapes_r2=shapes_r2,
        )

    def _expression(self, images: Images) -> tuple[dict[str, Figure], dict[str, float]]:
        """Figures, and R^2 by shape."""
        if self._reader is None:
            return {}, {}
        order = [self._reader.shapes.index(shape) for shape in self.shapes]
        read = self._reader.read(images)[:, order]
        figures = expression(read, self.coefficients, self.shapes, self._bootstrap)
        return figures, r2_per_shape(read, self.coefficients, self.shapes)

    def _light(self, images: Images) -> dict[str, Figure]:
        found = self._probe(image_features(images), light_statistics(self.pairs.v))
        return {"light_in_c": found.r2, "light_in_c_floor": found.floor}

    def _expression_probes(self, features: NDArray[np.float64]) -> dict[str, Figure]:
        figures: dict[str, Figure] = {}
        if self._mouth_shapes:
            found = self._probe(features, self.coefficients[:, self._mouth_shapes])
            figures |= {"expression_in_r": found.r2, "expression_in_r_floor": found.floor}
        if JAW in [self.shapes[k] for k in self._mouth_shapes]:
            jaw = self.coefficients[:, [self.shapes.index(JAW)]]
            figures["jaw_open_in_r"] = self._probe(features, jaw).r2
        return figures

    def _probe(self, features: NDArray[np.float64], targets: NDArray[Any]) -> Probe:
        groups = self.pairs.groups
        return probe(features, targets.astype(float), groups, self._bootstrap, self._seed)
