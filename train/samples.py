"""Pictures of a run as it trains: v, c', v' and mixes E(c, r), a row each."""

from __future__ import annotations

import numpy as np
import torch

from calibration.opencv import cv2
from train.config import FitConfig
from train.data import ImageSet, to_float, to_uint8
from train.state import State

COLUMNS = 6


@torch.no_grad()
def write_samples(state: State, config: FitConfig, v_set: ImageSet, c_set: ImageSet) -> None:
    """Write out/samples/step-NNNNNNN.png; rows from the top: v, c' (averaged D_C), c' (D_C as it
    is), v' = E(D(v)), c, E(c, r of the v above)."""
    columns = min(COLUMNS, len(v_set), len(c_set))
    v = to_float(np.stack([v_set.images[i * len(v_set) // columns] for i in range(columns)]))
    c = to_float(np.stack([c_set.images[i * len(c_set) // columns] for i in range(columns)]))
    d, e = state.networks.disentangler, state.networks.entangler
    c_fake, r = d(v)
    rows = [v, state.content_ema(v), c_fake, e(c_fake, r), c, e(c, r)]
    picture = np.concatenate([np.concatenate(list(to_uint8(row)), axis=1) for row in rows])
    folder = config.out / "samples"
    folder.mkdir(exist_ok=True)
    path = folder / f"step-{state.step:07d}.png"
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
