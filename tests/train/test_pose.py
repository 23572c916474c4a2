"""The headset's pose: taken out, put back, and learnt from no more than where things lie."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from train.networks.pose import LIMIT, Pose, put_back, take_out, together


def smooth(size: int, count: int = 2) -> Tensor:
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return functional.interpolate(coarse, size=(size, size), mode="bicubic")


def pose(*numbers: float) -> Tensor:
    return torch.tensor(numbers).view(1, 4, 1, 1)


def test_no_pose_changes_nothing() -> None:
    image = smooth(64, 1)
    assert torch.allclose(take_out(image, pose(0, 0, 0, 0)), image, atol=1e-5)


def test_a_shift_is_of_half_pictures_to_the_right_and_down() -> None:
    image = torch.zeros(1, 3, 64, 64)
    image[..., 40, 36] = 1
    moved = take_out(image, pose(4 / 32, 8 / 32, 0, 0))  # 4 px right and 8 px down
    assert float(moved[0, 0, 32, 32]) == pytest.approx(1, abs=1e-4)


def test_what_is_put_back_is_where_it_was() -> None:
    image = smooth(64)
    poses = torch.tensor([[0.1, -0.05, 0.08, 0.1], [-0.08, 0.1, -0.1, -0.12]])[:, :, None, None]
    back = put_back(take_out(image, poses), poses)
    inner = (..., slice(14, -14), slice(14, -14))  # what left the picture cannot come back
    assert (back - image)[inner].abs().mean() < 0.02
    assert (take_out(image, poses) - image)[inner].abs().mean() > 0.1


def test_two_poses_taken_out_one_after_the_other_are_one() -> None:
    image = smooth(64)
    first = torch.tensor([[0.1, -0.05, 0.08, 0.1], [-0.08, 0.1, -0.1, -0.12]])[:, :, None, None]
    second = torch.tensor([[-0.03, 0.06, 0.05, -0.09], [0.02, 0.01, 0.1, 0.04]])[:, :, None, None]
    at_once = take_out(image, together(first, second))
    inner = (..., slice(14, -14), slice(14, -14))
    assert (take_out(take_out(image, first), second) - at_once)[inner].abs().mean() < 0.01
    assert (take_out(image, first) - at_once)[inner].abs().mean() > 0.1


@pytest.mark.parametrize("size", [32, 36, 44, 128])
def test_a_pose_is_found_at_every_size_and_begins_at_none(size: int) -> None:
    found = Pose()(smooth(size))
    assert found.shape == (2, 4, 1, 1)
    assert found.abs().max() < 0.05 * LIMIT


def test_gradients_move_a_picture_to_its_place() -> None:
    image = smooth(32, 1)
    seen = put_back(image, pose(0.08, -0.06, 0.0, 0.0))
    torch.manual_seed(0)
    net = Pose()
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    inner = (..., slice(4, -4), slice(4, -4))

    def error() -> Tensor:
        return (take_out(seen, net(seen)) - image)[inner].abs().mean()

    before = float(error().detach())
    for _ in range(60):
        optimizer.zero_grad()
        loss = error()
        loss.backward()
        optimizer.step()
    assert float(error().detach()) < 0.4 * before
