"""Pictures of a run as it trains: v, c', v' and mixes E(c, r), a row each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from train.config import FitConfig
from train.data import ImageSet, to_float, to_uint8
from train.evaluate.picture import Cell, sheet, write
from train.state import State

COLUMNS = 6
MIXES = 3


@torch.no_grad()
def write_samples(state: State, config: FitConfig, v_set: ImageSet, c_set: ImageSet) -> Path:
    """Write out/samples/step-NNNNNNN.png: some v and c, always the same, and what comes of them."""
    device = next(state.networks.parameters()).device
    columns = min(COLUMNS, len(v_set), len(c_set))
    picks = range(columns)
    v = to_float(np.stack([v_set.images[i * len(v_set) // columns] for i in picks])).to(device)
    c = to_float(np.stack([c_set.images[i * len(c_set) // columns] for i in picks])).to(device)
    d, e = state.networks.disentangler, state.networks.entangler
    c_fake, r = d(v)
    rows = {
        "v": v,
        "c' averaged": state.content_ema(v),
        "c' = D_C(v)": c_fake,
        "v' = E(c', r')": e(c_fake, r),
        "c": c,
    }
    for i in range(min(MIXES, columns)) if r else ():
        rows[f"E(c, r of v{i + 1})"] = e(c, [m[i : i + 1].expand_as(m) for m in r])
    if not r:
        rows["E(c)"] = e(c, r)

    cells: list[list[Cell]] = [list(to_uint8(row)) for row in rows.values()]
    names = [f"v{i + 1}, c{i + 1}" for i in picks]
    path = config.out / "samples" / f"step-{state.step:07d}.png"
    write(path, sheet(cells, list(rows), names, f"step {state.step}", gaps_above=[4]))
    return path
