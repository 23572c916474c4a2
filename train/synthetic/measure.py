"""What each run has learnt, against the known truth, on samples that it has not seen."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from train.synthetic.data import held_out, quantiles_c, samples
from train.synthetic.kind import Kind

CURVE_SAMPLES = 1024
FINAL_SAMPLES = 8192
CONVERGED_BELOW = 0.1
"""All of l_v, l_c, off_c and off_v, where C and V have variance 1 along each axis."""
_DIRECTIONS = 8

Figures = dict[str, Tensor]
"""Name -> float[seeds]."""

CURVES = ("l_v", "l_c", "rho_r", "rho_c", "leak")
MEANING = {
    "l_v": "mean |v - v'|, cycle V",
    "l_c": "mean |c - c'|, cycle C",
    "rho_r": "correlation of the true r and r'; the sign is arbitrary",
    "rho_c": "correlation of the true c and c'",
    "leak": "correlation of the true c and r'",
    "rank_r": "rank correlation of r and r'",
    "rank_c": "rank correlation of c and c'",
    "rank_leak": "rank correlation of c and r'",
    "off_c": "Wasserstein-1 distance of c' from C",
    "off_v": "Wasserstein-1 distance of v' = E(c, r) from V, mean over directions",
}


@torch.no_grad()
def curve_point(kind: Kind) -> Figures:
    """The figures of `CURVES`, which are cheap enough to be taken often."""
    return _measure(kind, CURVE_SAMPLES)[0]


@torch.no_grad()
def final(kind: Kind) -> Figures:
    """The figures of `MEANING`, and `converged` (0 or 1)."""
    figures, learnt = _measure(kind, FINAL_SAMPLES)
    v, r_fake, c_fake, v_fake = learnt
    rank_c, rank_r = ranked(v[:1, :1]), ranked(v[:1, 1:])
    figures["rank_r"] = correlation(rank_r, ranked(r_fake))
    figures["rank_c"] = correlation(rank_c, ranked(c_fake))
    figures["rank_leak"] = correlation(rank_c, ranked(r_fake))
    figures["off_c"] = wasserstein(quantiles_c(kind.group.data, FINAL_SAMPLES), c_fake)
    figures["off_v"] = sliced_wasserstein(v, v_fake)
    worst = torch.stack([figures[name] for name in ("l_v", "l_c", "off_c", "off_v")]).amax(0)
    figures["converged"] = (worst < CONVERGED_BELOW).float()  # NaN is not below
    return figures


def _measure(kind: Kind, count: int) -> tuple[Figures, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """The figures of a curve; v, r', c', v' that they are made of."""
    rows, networks = kind.group.rows, kind.networks
    seeds = rows.stop - rows.start
    c, v, other = (x.expand(seeds, -1, -1) for x in samples([kind.group.data], held_out(count)))
    c_fake, r_fake = networks.disentangle(v)
    v_back = networks.entangle(c_fake, r_fake)
    v_fake = networks.entangle(c, networks.residual(other))
    c_back = networks.content(v_fake)
    true_c, true_r = v[:, :1], v[:, 1:]
    figures = {
        "l_v": (v - v_back).abs().mean((1, 2)),
        "l_c": (c - c_back).abs().mean((1, 2)),
        "rho_r": correlation(true_r, r_fake),
        "rho_c": correlation(true_c, c_fake),
        "leak": correlation(true_c, r_fake),
    }
    return figures, (v, r_fake, c_fake, v_fake)


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson's, float[rows,1,N] each -> float[rows]. 0 where one of them does not vary."""
    a, b = (x.double() - x.double().mean(2, keepdim=True) for x in (a, b))
    spread = (a.square().mean((1, 2)) * b.square().mean((1, 2))).sqrt()
    return ((a * b).mean((1, 2)) / spread.clamp_min(1e-12)).float()


def ranked(x: Tensor) -> Tensor:
    """float[rows,1,N] -> each value's rank in its row."""
    return x.argsort(dim=2).argsort(dim=2).float()


def wasserstein(a: Tensor, b: Tensor) -> Tensor:
    """Wasserstein-1 distance of two samples of equal size, float[rows,1,N] each -> float[rows]."""
    return (a.sort(dim=2).values - b.sort(dim=2).values).abs().mean((1, 2))


def sliced_wasserstein(a: Tensor, b: Tensor) -> Tensor:
    """float[rows,2,N] each -> float[rows]: the mean over directions of the plane."""
    angles = [math.pi * i / _DIRECTIONS for i in range(_DIRECTIONS)]
    distances = []
    for angle in angles:
        direction = torch.tensor([math.cos(angle), math.sin(angle)], dtype=a.dtype)[:, None]
        distances.append(
            wasserstein((a * direction).sum(1, keepdim=True), (b * direction).sum(1, keepdim=True))
        )
    return torch.stack(distances).mean(0)
