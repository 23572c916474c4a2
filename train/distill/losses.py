"""How far a student's picture is from the teacher's: pixels, Haar's detail bands, A_C's word."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from train.cycles import Objective, l1, real
from train.distill.config import DistillWeights

EQUAL = 1e-10
"""Mean square, -1..1 scale, below which pictures are told to be 106 dB alike, not infinitely."""


def detail_bands(image: Tensor, levels: int) -> list[Tensor]:
    """The orthonormal Haar transform but for its last mean, from fine to coarse.

    float[B,C,H,W], H and W multiples of 2^levels -> float[B,3C,H/2,W/2], float[B,3C,H/4,W/4], ...:
    differences along x, along y, and across.
    """
    bands = []
    for _ in range(levels):
        upper, lower = image[:, :, ::2], image[:, :, 1::2]
        a, b, c, d = upper[..., ::2], upper[..., 1::2], lower[..., ::2], lower[..., 1::2]
        bands.append(torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], 1) / 2)
        image = (a + b + c + d) / 2
    return bands


def likeness(
    student: nn.Module,
    judges: Sequence[nn.Module],
    v: Tensor,
    picture: Tensor,
    weigh: DistillWeights,
) -> Objective:
    """v -> c'. Loss: |c' - t| + detail |bands(c') - bands(t)| + gan_weight (A_C(c') - 1)^2.

    v and picture, the teacher's t: float[B,3,H,W] in -1..1. judges: A_C, or nobody.
    """
    c = student(v)
    pixels = l1(c, picture)
    bands = zip(detail_bands(c, weigh.levels), detail_bands(picture, weigh.levels), strict=True)
    detail = torch.stack([l1(a, b) for a, b in bands]).mean()
    loss = pixels + weigh.detail * detail
    parts = {"l_teacher": pixels, "l_detail": detail, "psnr_db": psnr_db(c, picture)}
    for judge in judges:
        parts["gan_c"] = real(judge(c))
        loss = loss + weigh.gan_weight * parts["gan_c"]
    return Objective(loss, {name: part.detach() for name, part in parts.items()}, c.detach())


def psnr_db(a: Tensor, b: Tensor) -> Tensor:
    """Of pictures in -1..1, what lies beyond cut off; of all of them together."""
    square = (a.detach().clamp(-1, 1) - b.clamp(-1, 1)).square().mean()
    return 10 * torch.log10(4 / square.clamp_min(EQUAL))
