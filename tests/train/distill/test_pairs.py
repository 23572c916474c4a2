"""v and the teacher's picture of it: of the same image, at the right size, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.train.conftest import write_images
from tests.train.distill.conftest import Ask
from tests.train.untrained import write_run
from train import checkpoint
from train.config import FitConfig, NetworkConfig
from train.data import ImageSet, to_float, to_uint8
from train.distill.command import _saved, _settled
from train.distill.config import DistillArguments, DistillConfig, StudentNetwork
from train.distill.pairs import Pairs
from train.distill.state import StudentState
from train.engine import Engine
from train.networks import build_content

Make = Callable[..., FitConfig]


def open_pairs(asked: DistillArguments, keep: bool = False) -> tuple[Pairs, DistillConfig]:
    _, weights, config = _settled(asked, _saved(asked))
    engine, state = Engine(config), StudentState(config)
    state.teacher.load_state_dict(weights)
    engine.adopt(state)
    cache = asked.out / "cache"
    images = ImageSet(config.v, config.decoded_size, cache, config.jitter_px)
    return Pairs(images, config, engine, state, cache if keep else None), config


def averaged(run: Path, network: NetworkConfig) -> nn.Module:
    """The teacher as export takes it."""
    content = build_content(network).eval()
    content.load_state_dict(checkpoint.load(run).under("content_ema"))
    return content


@torch.no_grad()
def test_the_picture_is_what_the_teachers_bundle_would_show_of_that_v(ask: Ask) -> None:
    pairs, config = open_pairs(ask())
    teacher = averaged(config.teacher.path, config.teacher.network)
    for step in range(5):
        v, picture = pairs.batch(step, 2)
        torch.testing.assert_close(picture, teacher(v))


@torch.no_grad()
def test_kept_pictures_are_the_same_in_256_levels_and_the_teacher_is_asked_once(ask: Ask) -> None:
    pairs, config = open_pairs(ask(), keep=True)
    teacher = averaged(config.teacher.path, config.teacher.network)
    asked: list[int] = []
    pairs._teacher.register_forward_hook(lambda module, given, got: asked.append(len(given[0])))
    for step in range(12):  # 7 images: some three passes
        v, picture = pairs.batch(step, 2)
        expected = torch.cat([to_float(to_uint8(teacher(one))) for one in v.split(1)])
        assert torch.equal(picture, expected)
    assert asked == [1] * 7
    v, picture = pairs.at([6, 0])
    assert torch.equal(picture[1], to_float(to_uint8(teacher(v[1:])))[0])
    assert asked == [1] * 7


def test_kept_pictures_of_another_teacher_are_not_taken(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    """Not even where only one weight differs: as when a teacher has trained on."""
    open_pairs(ask(), keep=True)
    network = NetworkConfig(family="paper", size=32, width=12, blocks=2, adversary_width=8)
    other = write_run(fit_config(network=network, out=tmp_path / "other", seed=1))
    folders = set((tmp_path / "student" / "cache").glob("teacher-*"))
    open_pairs(ask(teacher=other), keep=True)
    assert len(set((tmp_path / "student" / "cache").glob("teacher-*")) - folders) == 1
    open_pairs(ask(), keep=True)
    assert len(set((tmp_path / "student" / "cache").glob("teacher-*"))) == 2


@torch.no_grad()
def test_a_smaller_student_sees_the_means_and_so_does_it_learn(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    large = NetworkConfig(family="paper", size=64, width=8, blocks=2, adversary_width=8)
    v = write_images(tmp_path / "large", 5, seed=3, size=64)
    run = write_run(fit_config(network=large, v=v, out=tmp_path / "large-teacher"))
    small = StudentNetwork(size=32, width=8, blocks=2)
    pairs, config = open_pairs(ask(teacher=run, network=small), keep=True)
    assert (config.v, config.network.size, config.decoded_size) == (v, 32, 64)
    (whole,) = to_float(ImageSet(v, 64, tmp_path / "cache").images[[2]])
    seen, picture = pairs.at([2])
    mean = nn.functional.avg_pool2d(whole, 2)
    torch.testing.assert_close(seen[0], mean)
    expected = nn.functional.avg_pool2d(averaged(run, large)(whole[None]), 2)
    torch.testing.assert_close(picture, expected, rtol=0, atol=1 / 255 + 1e-6)


@torch.no_grad()
def test_a_larger_student_learns_what_export_would_make_of_the_teacher_at_its_size(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    run = write_run(fit_config(out=tmp_path / "fast"))
    large = StudentNetwork(size=64, width=8, blocks=2)
    pairs, config = open_pairs(ask(teacher=run, network=large))
    network = config.teacher.network.at(64)
    assert network.seen == 32, "the copy that it was trained at"
    v, picture = pairs.batch(0, 2)
    assert v.shape == (2, 3, 64, 64)
    torch.testing.assert_close(picture, averaged(run, network)(v))


@torch.no_grad()
def test_with_jitter_the_teacher_is_shown_the_crop(ask: Ask) -> None:
    pairs, config = open_pairs(ask(jitter_px=4))
    teacher = averaged(config.teacher.path, config.teacher.network)
    v, picture = pairs.batch(0, 2)
    assert v.shape == (2, 3, 32, 32)
    torch.testing.assert_close(picture, teacher(v))


@pytest.mark.parametrize("keep", [True, False])
def test_teachers_take_no_gradient(ask: Ask, keep: bool) -> None:
    pairs, _ = open_pairs(ask(), keep=keep)
    _, picture = pairs.batch(0, 2)
    assert not picture.requires_grad
    assert not any(p.requires_grad for p in pairs._teacher.parameters())
