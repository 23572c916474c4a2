"""Disturbed renders: what may change, and what decides it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from train.disturb import disturb
from train.disturb.draw import Draw
from train.disturb.light import lamps, relief, shape_lit
from train.disturb.shadows import heights_of, seen_by_lamp

SIZE = 32


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def v() -> Tensor:
    return torch.rand(4, 3, SIZE, SIZE, generator=random(1)) * 2 - 1


@pytest.fixture
def c() -> Tensor:
    """A grey square on black."""
    c = torch.full((4, 3, SIZE, SIZE), -1.0)
    c[..., 8:24, 8:24] = 0.2
    return c


def test_one_seed_gives_one_result_and_another_seed_another(c: Tensor, v: Tensor) -> None:
    first = disturb(c, v, random(2))
    assert first.equal(disturb(c, v, random(2)))
    assert (first - disturb(c, v, random(3))).abs().mean() > 0.05


def test_pictures_stay_pictures_of_the_same_kind(c: Tensor, v: Tensor) -> None:
    for seed in range(20):
        out = disturb(c.double(), v.double(), random(seed))
        assert out.shape == c.shape
        assert out.dtype == torch.float64
        assert out.isfinite().all()
        assert out.min() >= -1
        assert out.max() <= 1


def test_each_picture_is_disturbed_in_its_own_way(c: Tensor, v: Tensor) -> None:
    same_v = v[:1].expand_as(v)
    out = disturb(c, same_v, random(4))
    assert min((out[i] - out[j]).abs().mean() for i in range(4) for j in range(i)) > 0.05


def test_a_room_of_v_stands_where_it_was_black(c: Tensor) -> None:
    """Far from the avatar, the blue of all v."""
    blue = torch.full_like(c, -1.0)
    blue[:, 2] = 0.5
    corner = disturb(c, blue, random(5))[..., :4, :4].mean((2, 3))  # [4,3]
    assert (corner[:, 2] > corner[:, 0] + 0.3).all()
    assert (corner[:, 2] > corner[:, 1] + 0.3).all()


def test_what_is_drawn_on_the_avatar_can_still_be_seen() -> None:
    """A light spot on a dark face: it is lighter than what is around it in nearly every picture."""
    c = torch.full((4, 3, SIZE, SIZE), -0.6)
    c[..., 12:20, 12:20] = 0.6
    out = torch.cat([disturb(c, torch.zeros_like(c), random(seed)) for seed in range(8)])
    spot, around = out[..., 14:18, 14:18].mean((1, 2, 3)), out[..., 8:24, 8:24].mean((1, 2, 3))
    assert (spot > around).float().mean() > 0.9


def test_lamps_light_the_shape_that_normals_tell() -> None:
    """A grey roof: one side faces right, the other left. Seldom are both as bright."""
    c = torch.zeros(16, 3, 64, 64)
    normals = torch.zeros_like(c)
    normals[:, 0, :, :32], normals[:, 0, :, 32:] = -0.7, 0.7
    normals[:, 2] = 0.7
    flat = torch.zeros_like(c)
    flat[:, 2] = 1.0

    def contrast(normals: Tensor | None) -> float:
        out = torch.cat(
            [disturb(c, torch.zeros_like(c), random(seed), normals) for seed in range(4)]
        )
        left, right = out[..., 26:31].mean((1, 2, 3)), out[..., 33:38].mean((1, 2, 3))
        return float((left - right).abs().median())

    assert contrast(normals) > 3 * contrast(flat)
    assert contrast(normals) > 3 * contrast(None)


def test_what_has_no_normal_is_lit_as_from_in_front(c: Tensor) -> None:
    normals = torch.zeros_like(c)
    normals[:, 2, :, :16] = 1.0
    lit = shape_lit(normals, torch.ones_like(c[:, :1]), Draw(random(7), c))[0]
    assert (lit[..., 16:] == 1).all()


def test_no_finer_than_it_is_looked_at(c: Tensor, v: Tensor) -> None:
    normals = torch.rand(c.shape, generator=random(6)) * 2 - 1
    seen = disturb(c, v, random(7), normals, shrink=2)
    assert seen.shape == c.shape
    small = [torch.nn.functional.avg_pool2d(x, 2) for x in (c, v, normals)]
    assert seen[..., ::2, ::2].equal(disturb(small[0], small[1], random(7), small[2]))
    assert seen[..., ::2, ::2].equal(seen[..., 1::2, 1::2])


def test_a_single_render_is_not_lit_as_v_is(c: Tensor) -> None:
    """That takes another render, which tells how light renders usually are: by its own light its
    own mouth would be divided out."""

    def differs(c: Tensor, seed: int) -> bool:
        avatar, dark = torch.ones_like(c[:, :1]), torch.full_like(c, 0.1)
        lit = [lamps(c, avatar, seen, Draw(random(seed), c)) for seen in (dark, 8 * dark)]
        return not lit[0].equal(lit[1])

    light = c.clamp_min(0.05)
    assert any(differs(light, seed) for seed in range(8))
    assert not any(differs(light[:1], seed) for seed in range(8))


def test_what_faces_no_lamp_is_finite(c: Tensor, v: Tensor) -> None:
    for normals in (torch.zeros_like(c), -torch.ones_like(c)):
        out = disturb(c, v, random(7), normals)
        assert out.isfinite().all()
        assert out.min() >= -1
        assert out.max() <= 1


def test_a_valley_is_lit_from_a_side_and_what_is_flat_is_not() -> None:
    """A dark line down the middle: one of its slopes turns lighter, the other one darker."""
    light = torch.full((8, 3, 64, 64), 0.4, dtype=torch.float64)
    avatar = torch.ones(8, 1, 64, 64, dtype=torch.float64)
    assert torch.allclose(relief(light, avatar, Draw(random(6), light)), torch.ones(()).double())
    light[..., 30:34] = 0.2
    lit = relief(light, avatar, Draw(random(6), light))[:, 0, 32]  # [8,64]
    left, right = lit[:, 29], lit[:, 34]
    assert ((left > 1.02) & (right < 0.98) | (left < 0.98) & (right > 1.02)).sum() >= 4
    assert torch.allclose(lit[:, :2], torch.ones(()).double(), atol=0.3)


def test_heights_are_those_of_the_surface_that_has_the_normals() -> None:
    """A shallow dome."""
    place = torch.arange(SIZE) - (SIZE - 1) / 2
    square = place.square()[:, None] + place.square()
    radius = 24.0
    dome = (radius**2 - square).clamp_min(radius**2 - 11**2).sqrt()[None, None]
    inside = square < 10**2
    x, y = place.expand(SIZE, SIZE), -place[:, None].expand(SIZE, SIZE)  # right, up
    outwards = torch.stack([x, y, dome[0, 0]])[None] / radius
    flat = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1)
    heights = heights_of(torch.where(inside, outwards, flat))
    found, truth = (h[0, 0][inside] - h[0, 0][inside].mean() for h in (heights, dome))
    assert (found - truth).abs().mean() < 0.1 * truth.abs().mean()


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_what_stands_before_a_lamp_casts_a_shadow_on_the_other_side(side: float) -> None:
    """A wall from above to below, as high as a quarter of the picture."""
    heights = torch.zeros(1, 1, SIZE, SIZE)
    heights[..., 13:19] = SIZE / 4
    soft = torch.full((1, 1, 1, 1), 0.1)
    low = torch.tensor([side, 0.0, 1.0]).view(1, 3, 1, 1)
    seen = seen_by_lamp(heights, low, soft)[0, 0]
    lit, shadow = (seen[:, 19:23], seen[:, 9:13])[:: int(side)]
    assert (lit > 0.99).all()
    assert (shadow < 0.01).all()
    in_front = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1)
    assert (seen_by_lamp(heights, in_front, soft) > 0.9).all()


def test_a_lamp_above_lights_what_is_above_a_wall() -> None:
    heights = torch.zeros(1, 1, SIZE, SIZE)
    heights[..., 13:19, :] = SIZE / 4
    above = torch.tensor([0.0, 1.0, 1.0]).view(1, 3, 1, 1)
    seen = seen_by_lamp(heights, above, torch.full((1, 1, 1, 1), 0.1))[0, 0]
    assert (seen[9:13] > 0.99).all()
    assert (seen[19:23] < 0.01).all()
