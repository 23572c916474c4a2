"""Does the avatar flicker? Change from frame to frame of c' that the truth does not have.

    flicker        mean |(c'_t+1 - c'_t) - (truth_t+1 - truth_t)|, grey levels
    flicker_ratio  that, over mean |truth_t+1 - truth_t|: 0 is perfect, 1 what a still picture gets
    still_flicker  mean |c'_t+1 - c'_t| over the tenth of all steps in which the truth moves least:
                   what an eye sees when the face holds still; beside it the truth's own

The first counts a movement that is missed as much as one that is made up, the last only the latter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.evaluate.bootstrap import Bootstrap, Figure
from train.runs import Images

QUIET = 0.1
BLOCK_S = 0.5
"""Neighbouring frames are no independent evidence; intervals resample half-seconds."""


def flicker(got: Images, truth: Images, fps: float, seed: int) -> dict[str, Figure]:
    """Figures of the clip uint8[T,H,W,3] against its truth."""
    moved, should = _steps(got), _steps(truth)
    extra = np.abs(moved - should).mean((1, 2, 3))  # [T-1]
    motion, motion_truth = (np.abs(steps).mean((1, 2, 3)) for steps in (moved, should))
    blocks = (np.arange(len(extra)) / max(1.0, BLOCK_S * fps)).astype(np.int64)
    bootstrap = Bootstrap(blocks, seed)
    quiet = (motion_truth <= np.quantile(motion_truth, QUIET)).astype(float)
    return {
        "flicker": bootstrap.mean(extra),
        "flicker_ratio": bootstrap.ratio(extra, motion_truth),
        "still_flicker": bootstrap.ratio(quiet * motion, quiet),
        "still_flicker_of_truth": bootstrap.ratio(quiet * motion_truth, quiet),
    }


def _steps(clip: Images) -> NDArray[np.float32]:
    return np.diff(clip.astype(np.float32), axis=0)
