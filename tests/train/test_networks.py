"""Shapes, sizes and the paper's parameter counts."""

from dataclasses import replace
from typing import Literal

import pytest
import torch

from train.config import Family, NetworkConfig
from train.errors import TrainError
from train.networks import Networks, build_content


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_paper_networks_have_the_counts_that_make_them_similar_to_cyclegan() -> None:
    networks = Networks(NetworkConfig(family="paper"))
    assert parameters(networks.disentangler.content) / 1e6 == pytest.approx(5.48, abs=0.01)
    assert parameters(networks.disentangler.residual) / 1e6 == pytest.approx(5.10, abs=0.01)
    assert parameters(networks.entangler) / 1e6 == pytest.approx(6.04, abs=0.01)
    assert parameters(networks.adversary_c) / 1e6 == pytest.approx(2.76, abs=0.01)


def test_growing_widths_have_the_count_that_the_plain_reading_of_the_paper_gives() -> None:
    networks = Networks(NetworkConfig(family="paper", fuse="grow"))
    generators = parameters(networks.disentangler) + parameters(networks.entangler)
    assert generators / 1e6 == pytest.approx(42.9, abs=0.05)


@pytest.mark.parametrize("size", [32, 36, 44])
@pytest.mark.parametrize(
    "network",
    [
        {"family": "paper", "width": 4, "blocks": 2},
        {"family": "paper", "width": 4, "blocks": 2, "fuse": "3x3"},
        {"family": "paper", "width": 4, "blocks": 2, "fuse": "grow"},
        {"family": "fast", "width": 8, "blocks": 2},
        {"family": "fast", "width": 8, "blocks": 2, "norm": "instance"},
        {"family": "fast", "width": 8, "blocks": 2, "expansion": 2},
    ],
)
def test_disentangling_and_entangling_keep_the_size(network: dict, size: int) -> None:
    networks = Networks(NetworkConfig(size=size, adversary_width=4, **network)).eval()
    v = torch.rand(2, 3, size, size) * 2 - 1
    c, r = networks.disentangler(v)
    back = networks.entangler(c, r)
    assert c.shape == back.shape == v.shape
    assert len(r) == (3 if network["family"] == "paper" else 4)
    assert c.abs().max() <= 1
    assert back.abs().max() <= 1


def test_entangling_reads_content_and_every_part_of_the_residual() -> None:
    networks = Networks(NetworkConfig(size=32, width=8, blocks=2))
    v = torch.rand(1, 3, 32, 32) * 2 - 1
    c, r = networks.disentangler(v)
    inputs = [c.detach().requires_grad_(), *(m.detach().requires_grad_() for m in r)]
    networks.entangler(inputs[0], inputs[1:]).sum().backward()
    assert all(float(t.grad.abs().sum()) > 0 for t in inputs)


def test_a_fast_head_leaves_no_periodic_grid_on_flat_features() -> None:
    """Constant features away from the border must give a constant change: the trap of
    pixel-shuffle and transposed convolutions."""
    head = Networks(NetworkConfig(size=64, width=8, blocks=2)).entangler.head
    change = head(torch.ones(1, 16, 16, 16), torch.ones(1, 8, 32, 32))
    centre = change[..., 48:80, 48:80]
    assert torch.allclose(centre, centre[..., :1, :1].expand_as(centre), atol=1e-5)


@pytest.mark.parametrize(("family", "expansion"), [("fast", 0), ("paper", 2)])
def test_an_expansion_that_is_none_is_refused(family: Family, expansion: int) -> None:
    with pytest.raises(TrainError, match=f"at least 1.*got {expansion} of {family}"):
        NetworkConfig(family=family, expansion=expansion)


@pytest.mark.parametrize("size", [0, 30, 66])
def test_a_size_that_is_no_multiple_of_four_is_refused(size: int) -> None:
    with pytest.raises(TrainError, match=f"multiple of 4, at least 32; got {size}"):
        NetworkConfig(size=size)


def test_the_fast_residual_is_bounded_however_loud_its_input() -> None:
    """It has no norm: without a bound it grows, and D and E speak by its size alone."""
    d = Networks(NetworkConfig(size=32, width=8, blocks=2)).disentangler
    loud = [m.abs().max() for m in d.find_residual(torch.full((1, 3, 32, 32), 100.0))]
    assert 0.5 < max(loud) <= 1


def test_the_fast_networks_begin_near_the_identity() -> None:
    """An expression that is there from the start need not be found."""
    torch.manual_seed(0)  # of some seeds the narrow networks here begin further off
    networks = Networks(NetworkConfig(size=64, width=8, blocks=2))
    v = torch.rand(2, 3, 64, 64) * 1.6 - 0.8
    c, r = networks.disentangler(v)
    assert (c - v).abs().mean() < 0.15
    assert (networks.entangler(c, r) - c).abs().mean() < 0.15


def test_without_a_residual_no_pose_is_taken_out() -> None:
    networks = Networks(NetworkConfig(size=32, width=8, blocks=2, residual=False))
    assert not any("pose" in name for name, _ in networks.named_parameters())


def test_only_the_fast_adversary_of_c_sees_places() -> None:
    networks = Networks(NetworkConfig(size=32, width=8, blocks=2, adversary_width=4))
    flat = torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        scores_c, scores_v = networks.adversary_c(flat), networks.adversary_v(flat)
    inner = (..., slice(5, -5), slice(5, -5))  # near the border every one sees its zeros
    assert float(scores_c[inner].std()) > 1e-5
    assert float(scores_v[inner].std()) < 1e-6


@pytest.mark.parametrize("residual", [True, False])
def test_what_was_trained_on_small_images_serves_large_ones_as_it_is(residual: bool) -> None:
    """It works on a copy: an image that is the small one made larger is changed alike."""
    torch.manual_seed(0)
    small = NetworkConfig(size=64, width=8, blocks=2, residual=residual)
    large = small.at(128)
    assert (large.size, large.seen, large.strided_layers) == (128, 64, small.strided_layers)
    networks, stretched = Networks(small).eval(), Networks(large).eval()
    stretched.load_state_dict(networks.state_dict())
    flat = torch.rand(1, 3, 1, 1) - 0.5  # so that neither border nor stretching shows in the middle
    with torch.no_grad():
        c, r = networks.disentangler(flat.expand(1, 3, 64, 64))
        c_large, r_large = stretched.disentangler(flat.expand(1, 3, 128, 128))
        v = stretched.entangler(c_large, r_large)
    assert c_large.shape == v.shape == (1, 3, 128, 128)
    assert [m.shape for m in r_large] == [m.shape for m in r]
    torch.testing.assert_close(c_large[..., 64, 64], c[..., 32, 32], atol=0.02, rtol=0)


def test_a_refinement_begins_near_what_it_refines_and_ends_elsewhere() -> None:
    torch.manual_seed(0)
    coarse = NetworkConfig(size=64, seen=32, width=8, blocks=2)
    first, both = Networks(coarse).eval(), Networks(replace(coarse, refined=64)).eval()
    both.load_state_dict(both.state_dict() | first.state_dict())
    # Flat, so that it makes no difference on which copy a change tells colours apart.
    v = torch.tensor([0.2, -0.5, 0.4])[None, :, None, None].expand(1, 3, 64, 64)
    with torch.no_grad():
        assert 0 < float((both.disentangler(v)[0] - first.disentangler(v)[0]).abs().mean()) < 0.1
        both.disentangler.content.refinement.to_change.weight.zero_()
        torch.testing.assert_close(both.disentangler(v)[0], first.disentangler(v)[0])


@pytest.mark.parametrize(("size", "seen"), [(128, 64), (128, 32), (192, 96)])
def test_d_translates_as_its_d_c_alone_which_runs_live(size: int, seen: int) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(size=size, seen=seen, enlarged=True, width=8, blocks=2)
    d = Networks(config).disentangler.eval()
    for look in (d.content.pose.first, d.content.pose.second):
        torch.nn.init.normal_(look.last.weight, 0, 0.2)  # it has learnt to find a pose
    v = torch.rand(1, 3, size, size) - 0.5
    with torch.no_grad():
        c, r = d(v)
        assert r[-1].abs().max() > 0.01
        torch.testing.assert_close(d.content(v), c)


@pytest.mark.parametrize(("seen", "refined"), [(64, None), (32, 64)])
def test_what_is_enlarged_begins_as_the_stretched_picture_and_never_looks_at_the_image_itself(
    seen: int, refined: int | None
) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(size=128, seen=seen, refined=refined, enlarged=True, width=8, blocks=2)
    content = build_content(config).eval()
    assert config.needed_shrink == 2
    v = torch.rand(1, 3, 128, 128) - 0.5
    with torch.no_grad():
        c = content(v)
        assert c.shape == v.shape
        copy = torch.nn.functional.avg_pool2d(v, config.needed_shrink)
        again = torch.nn.functional.interpolate(copy, scale_factor=config.needed_shrink)
        torch.testing.assert_close(content(again), c)
        picture, features = torch.rand(1, 3, 64, 64), torch.rand(1, 8, 64, 64)
        larger = content.enlargement(picture, features)
        stretched = torch.nn.functional.interpolate(picture, (128, 128), mode="bilinear")
        assert 0 < (larger - stretched).abs().mean() < 0.1
        content.enlargement.to_finer.weight.zero_()
        torch.testing.assert_close(content.enlargement(picture, features), stretched)
    with pytest.raises(TrainError, match=r"--size 256: this network has learnt to enlarge to 128"):
        config.at(256)


def test_there_must_be_something_to_enlarge() -> None:
    with pytest.raises(TrainError, match="works on a copy smaller than size 64"):
        NetworkConfig(size=64, seen=32, refined=64, enlarged=True)
    with pytest.raises(TrainError, match="works on a copy smaller than size 64"):
        NetworkConfig(size=64, enlarged=True)


def test_what_is_refined_serves_larger_images_as_well() -> None:
    network = NetworkConfig(size=64, seen=32, refined=64, width=8, blocks=2)
    large = network.at(128)
    assert (large.shrink, large.refined_shrink) == (4, 2)
    networks = Networks(large).eval()
    networks.load_state_dict(Networks(network).state_dict())
    c, r = networks.disentangler(torch.rand(1, 3, 128, 128) - 0.5)
    assert networks.entangler(c, r).shape == c.shape == (1, 3, 128, 128)
    with pytest.raises(TrainError, match=r"--size 96: .* serves multiples of 32 and 64"):
        network.at(96)


@pytest.mark.parametrize(("seen", "refined"), [(None, 64), (32, 32), (32, 48), (64, 32)])
def test_a_refinement_that_cannot_be_is_refused(seen: int | None, refined: int) -> None:
    with pytest.raises(TrainError, match=f"divides size 64; got {refined} with seen {seen}"):
        NetworkConfig(size=64, seen=seen, refined=refined)


@pytest.mark.parametrize(
    ("family", "seen"), [("paper", 32), ("fast", 48), ("fast", 30), ("fast", 16)]
)
def test_a_copy_that_cannot_be_is_refused(family: Literal["fast", "paper"], seen: int) -> None:
    with pytest.raises(TrainError, match=f"divides size 64.*got {seen} of {family}"):
        NetworkConfig(family=family, size=64, seen=seen)


def test_places_are_learnt_for_the_copy_that_is_seen_and_serve_every_size() -> None:
    """What stands still in C's picture need not be computed: it is learnt, per place."""
    small = NetworkConfig(size=32, width=8, blocks=2, content_width=12)
    content = Networks(small).disentangler.content  # in training nothing is cut off at -1 and 1
    v = torch.rand(1, 3, 32, 32) - 0.5
    before = content(v)
    with torch.no_grad():
        content.place.map[0, 3:, :16] += 0.25  # the offsets of the upper half
    change = content(v) - before
    assert torch.allclose(change[..., :16, :], torch.tensor(0.25), atol=1e-5)
    assert (change[..., 16:, :] == 0).all()
    larger = build_content(small.at(64)).eval()
    larger.load_state_dict(content.state_dict())
    assert larger(torch.rand(1, 3, 64, 64)).shape == (1, 3, 64, 64)


def test_content_width_is_that_of_d_c_alone() -> None:
    plain = Networks(NetworkConfig(size=32, width=8, blocks=2))
    wide = Networks(NetworkConfig(size=32, width=8, blocks=2, content_width=16))

    def count(part: str) -> tuple[int, int]:
        first, second = (
            sum(p.numel() for p in n.get_submodule(part).parameters()) for n in (plain, wide)
        )
        return first, second

    narrow, broad = count("disentangler.content")
    assert broad > narrow
    assert wide.disentangler.content.hourglass.up_quarter[0].out_channels == 16
    for part in ("disentangler.residual", "entangler", "adversary_c"):
        assert count(part)[0] == count(part)[1]
