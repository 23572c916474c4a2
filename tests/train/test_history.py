"""The adversaries' memory."""

import numpy as np
import torch

from train.history import History


def test_until_it_is_full_everything_shown_is_new() -> None:
    history = History(4, (3, 2, 2))
    images = torch.rand(4, 3, 2, 2)
    assert torch.equal(history.mix(images, np.random.default_rng(0)), images)
    assert history.filled == 4


def test_when_full_half_of_what_is_shown_is_old_and_was_replaced() -> None:
    history = History(50, (1, 1, 1))
    rng = np.random.default_rng(0)
    for value in range(50):
        history.mix(torch.full((1, 1, 1, 1), float(value)), rng)
    shown = [float(history.mix(torch.full((1, 1, 1, 1), v), rng)) for v in np.arange(50.0, 450.0)]
    old = [s for s, v in zip(shown, np.arange(50.0, 450.0), strict=True) if s != v]
    assert 150 < len(old) < 250
    assert len(set(old)) == len(old), "an image that was shown again is out of the memory"
