"""The factors have the moments that are promised, and their randomness is each seed's own."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from train.synthetic.config import DataName
from train.synthetic.data import (
    CLUSTER_WEIGHTS,
    CLUSTER_WIDTH,
    NormalNumbers,
    held_out,
    quantiles_c,
    samples,
)


@pytest.mark.parametrize("name", ["isotropic", "shapes", "clusters"])
def test_means_and_variances(name: DataName) -> None:
    c, v, other = samples([name], held_out(100_000))
    means = torch.cat([c.mean((0, 2)), v.mean((0, 2)), other.mean((0, 2))])
    torch.testing.assert_close(means, torch.tensor([2.0, 2, -2, 2, -2]), atol=0.02, rtol=0)
    spreads = torch.cat([c.std((0, 2)), v.std((0, 2))])
    torch.testing.assert_close(spreads, torch.ones(3), atol=0.02, rtol=0)
    everything = torch.cat([c[0], v[0], other[0]])
    assert (torch.corrcoef(everything) - torch.eye(5)).abs().max() < 0.02
    cut = quantiles_c(name, 1000)[0, 0]
    assert (cut.diff() > 0).all()
    assert (c < cut[250]).float().mean() == pytest.approx(0.25, abs=0.01)


def test_clusters_are_apart_and_of_unequal_weight() -> None:
    _, v, _ = samples(["clusters"], held_out(100_000))
    for factor, weight in zip(v[0], CLUSTER_WEIGHTS, strict=True):
        ordered = factor.sort().values
        gaps = ordered.diff()
        assert gaps.max() > 2 * CLUSTER_WIDTH
        assert int(gaps.argmax()) / len(ordered) == pytest.approx(weight, abs=0.01)


def test_no_wrong_choice_of_clusters_gives_the_weight_of_the_lower_c() -> None:
    low_c, low_r = CLUSTER_WEIGHTS
    weights = {
        (c, r): (low_c if c == "low" else 1 - low_c) * (low_r if r == "low" else 1 - low_r)
        for c in ("low", "high")
        for r in ("low", "high")
    }
    right = {("low", "low"), ("low", "high")}
    for size in range(5):
        for chosen in combinations(weights, size):
            off = abs(sum(weights[one] for one in chosen) - low_c)
            assert (off < 1e-9) == (set(chosen) == right)
            assert off < 1e-9 or off > 0.08


def test_a_seed_draws_the_same_whoever_else_is_there_and_wherever_it_starts() -> None:
    together, alone = NormalNumbers([3, 4], 8), NormalNumbers([4], 8)
    later = alone.after(NormalNumbers.BLOCK + 7)[0]
    for step in (0, 1, NormalNumbers.BLOCK + 7):
        drawn = together.after(step)[0]
    assert torch.equal(drawn[1:], later)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(together.after(0)[0], together.after(1)[0])
