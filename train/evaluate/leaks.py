"""What leaks where it should not: expression into r, light into c'. Linear probes, cross-validated.

A probe is a ridge regression from pooled features; its R^2 is out of fold, folds hold whole groups.
Few images and many features make chance look like skill, so a floor stands beside each: the same
probe on shuffled targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from train.data import to_float
from train.evaluate.bootstrap import Bootstrap, Figure, Floats, r2
from train.runs import BATCH, Images, Run

FOLDS = 5
SHUFFLES = 5
PENALTIES = tuple(10.0**k for k in range(-2, 4))
"""Ridge penalties as parts of the mean squared feature norm; the best one is taken, for the
shuffled targets as well."""
POOLED_R, POOLED_C = 4, 8
"""Side of the grids that r and c' are pooled to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How well a linear reader does, and how well it does by chance."""

    r2: Figure
    floor: Figure
    """Its interval is the range over the shuffles."""


def probe(
    features: Floats, targets: Floats, groups: NDArray[np.int64], bootstrap: Bootstrap, seed: int
) -> Probe:
    """R^2 of float[N,S] `targets` from float[N,F] `features`."""
    rng = np.random.default_rng(seed)
    folds = rng.permutation(int(groups.max()) + 1)[groups] % FOLDS
    shuffled = [targets[rng.permutation(len(targets))] for _ in range(SHUFFLES)]
    got, *by_chance = _out_of_fold(features, [targets, *shuffled], folds)
    luck = [_r2(one, truth) for one, truth in zip(by_chance, shuffled, strict=True)]
    floor = Figure(value=float(np.mean(luck)), low=min(luck), high=max(luck))
    return Probe(r2=r2(got, targets, bootstrap), floor=floor)


def residual_features(run: Run, v: Images) -> Floats | None:
    """r = D_R(v), each map pooled to 4x4 and flattened: float[N,F]. None for a method without r."""
    pooled = []
    with torch.inference_mode():
        for start in range(0, len(v), BATCH):
            maps = run.residual(to_float(v[start : start + BATCH]))
            if not maps:
                return None
            cells = [functional.adaptive_avg_pool2d(m, POOLED_R).flatten(1) for m in maps]
            pooled.append(torch.cat(cells, 1).numpy())
    return np.concatenate(pooled).astype(float)


def image_features(images: Images) -> Floats:
    """uint8[N,H,W,3] pooled to 8x8 and flattened: float[N,192]."""
    with torch.inference_mode():
        pooled = functional.adaptive_avg_pool2d(to_float(images), POOLED_C)
    return pooled.flatten(1).numpy().astype(float)


def light_statistics(v: Images) -> Floats:
    """What light does to a picture, float[N,5]: mean red, green, blue; how much brighter the left
    half is than the right one, and the upper than the lower."""
    levels = v.astype(float) / 255
    grey = levels.mean(-1)  # [N,H,W]
    height, width = grey.shape[1:]
    left = grey[:, :, : width // 2].mean((1, 2)) - grey[:, :, width // 2 :].mean((1, 2))
    upper = grey[:, : height // 2].mean((1, 2)) - grey[:, height // 2 :].mean((1, 2))
    return np.column_stack([levels.mean((1, 2)), left, upper])


def _out_of_fold(features: Floats, targets: list[Floats], folds: NDArray[np.int64]) -> list[Floats]:
    """Predictions of each of `targets` float[N,S], each with the penalty that suits it best."""
    stacked = np.stack(targets, 1)  # [N,T,S]
    predicted = np.zeros((len(PENALTIES), *stacked.shape))
    for fold in np.unique(folds):
        test = folds == fold
        predicted[:, test] = _ridge(features[~test], stacked[~test], features[test])
    return [
        max(predicted[:, :, k], key=lambda got, truth=truth: _r2(got, truth))  # type: ignore[misc]
        for k, truth in enumerate(targets)
    ]


def _ridge(x: Floats, y: Floats, x_test: Floats) -> Floats:
    """Predictions for each penalty, float[penalties,N_test,T,S]; in the dual, since F > N."""
    mean, scale = x.mean(0), x.std(0)
    scale = np.where(scale > 1e-9, scale, np.inf)  # a feature that stands still says nothing
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    eigenvalues, vectors = np.linalg.eigh(x @ x.T)
    turned = np.tensordot(vectors.T, y - y.mean(0), 1)
    to_test = (x_test @ x.T) @ vectors
    unit = max(float(eigenvalues.mean()), 1e-9)
    shrunk = [to_test / (np.maximum(eigenvalues, 0) + penalty * unit) for penalty in PENALTIES]
    return np.asarray(np.tensordot(np.stack(shrunk), turned, 1) + y.mean(0))


def _r2(got: Floats, truth: Floats) -> float:
    return float(1 - (np.square(got - truth).mean(0) / np.maximum(truth.var(0), 1e-12)).mean())
