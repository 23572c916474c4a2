"""Pictures of a run as it trains: v, c', v', what is restored and mixes E(c, r), a row each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from train.config import FitConfig
from train.data import ImageSet, to_float, to_uint8
from train.disturb import disturb
from train.evaluate.picture import Cell, sheet, write
from train.state import State

COLUMNS = 6
MIXES = 3


@torch.no_grad()
def write_samples(
    state: State,
    config: FitConfig,
    v_set: ImageSet,
    c_set: ImageSet,
    normals_set: ImageSet | None = None,
) -> Path:
    """Write out/samples/step-NNNNNNN.png: some v and c, always the same, and what comes of them."""
    device = next(state.networks.parameters()).device
    columns = min(COLUMNS, len(v_set), len(c_set))
    picks = range(columns)

    def some(images: ImageSet) -> Tensor:
        spread = [images.images[i * len(images) // columns] for i in picks]
        return to_float(np.stack(spread)).to(device)

    v, c = some(v_set), some(c_set)
    normals = None if normals_set is None else some(normals_set)
    rows = {"v": v, "c' averaged": state.content_ema(v)}
    alone = config.method == "restoration"
    rows |= {} if alone else _cycle_v(state, v)
    from_c = len(rows)
    rows["c"] = c
    if alone or config.weights.restoration:
        rows |= _restored(state, c, v, normals, config.network.needed_shrink)
    rows |= {} if alone else _mixes(state, c, v)

    cells: list[list[Cell]] = [list(to_uint8(row)) for row in rows.values()]
    names = [f"v{i + 1}, c{i + 1}" for i in picks]
    path = config.out / "samples" / f"step-{state.step:07d}.png"
    write(path, sheet(cells, list(rows), names, f"step {state.step}", gaps_above=[from_c]))
    return path


def _cycle_v(state: State, v: Tensor) -> dict[str, Tensor]:
    c_fake, r = state.networks.disentangler(v)
    return {"c' = D_C(v)": c_fake, "v' = E(c', r')": state.networks.entangler(c_fake, r)}


def _restored(
    state: State, c: Tensor, v: Tensor, normals: Tensor | None, shrink: int
) -> dict[str, Tensor]:
    disturbed = disturb(c, v, torch.Generator().manual_seed(0), normals, shrink=shrink)
    return {"c disturbed": disturbed, "D_C of it": state.networks.disentangler.content(disturbed)}


def _mixes(state: State, c: Tensor, v: Tensor) -> dict[str, Tensor]:
    e, r = state.networks.entangler, state.networks.disentangler.find_residual(v)
    if not r:
        return {"E(c)": e(c, r)}
    return {
        f"E(c, r of v{i + 1})": e(c, [m[i : i + 1].expand_as(m) for m in r])
        for i in range(min(MIXES, len(v)))
    }
