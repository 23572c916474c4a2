"""`train distill` from beginning to end, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from calibration.opencv import cv2
from tests.train.conftest import SIZE, write_images
from tests.train.distill.conftest import JUDGED, Ask
from tests.train.untrained import write_run
from train import checkpoint, fit
from train.__main__ import main
from train.config import FitConfig, NetworkConfig
from train.distill.command import run
from train.distill.config import DistillConfig, DistillWeights, StudentNetwork
from train.errors import BadCheckpoint, BadData, Diverged, TrainError

Make = Callable[..., FitConfig]


def rows(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def student(out: Path) -> DistillConfig:
    config = checkpoint.load(out).config
    assert isinstance(config, DistillConfig)
    return config


def test_a_student_comes_nearer_to_its_teacher(
    ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ask(steps=120, log_every=20, decay=0.2)
    run(asked)
    first, *_, last = rows(asked.out)
    assert last["psnr_db"] > first["psnr_db"] + 3
    assert last["l_teacher"] < 0.7 * first["l_teacher"]
    assert first.keys() == {"step", "step_s", "data_share", "lr"} | {
        *("l_teacher", "l_detail", "psnr_db"),
    }
    said = capsys.readouterr().err.replace("\n", "")
    assert "a student of teacher, uncooperative, step 5; 7 v, cpu, one process" in said
    assert "dB to the teacher on 7 v that it learns from" in said
    picture = cv2.imread(str(asked.out / "samples" / "step-0000120.png"))
    assert picture is not None
    assert "distilled" in (asked.out / "report.html").read_text()


def test_its_checkpoint_says_whose_student_it_is_and_what_it_saw(
    ask: Ask, fit_config: Make, teacher: Path
) -> None:
    run(ask(steps=2))
    config = student(ask().out)
    assert config.method == "distilled"
    assert (config.network.size, config.network.width) == (SIZE, 8)
    assert config.v == fit_config().v
    of = config.teacher
    assert (of.path, of.run, of.step, of.method) == (teacher, "teacher", 5, "uncooperative")
    assert of.network == checkpoint.load(teacher).config.network
    assert of.sources == (fit_config().v,)
    assert [stage["run"] for stage in of.stages] == ["teacher"]


def test_a_student_may_teach(ask: Ask, tmp_path: Path) -> None:
    run(ask(steps=2))
    other_v = write_images(tmp_path / "other", 3, seed=9)
    run(ask(teacher=ask().out, out=tmp_path / "second", v=other_v, steps=2))
    run(ask(teacher=tmp_path / "second", out=tmp_path / "third", steps=1))
    of = student(tmp_path / "third").teacher
    assert of.method == "distilled"
    assert [(stage["run"], stage["steps"]) for stage in of.stages] == [
        ("teacher", 5),
        ("student", 2),
        ("second", 2),
    ]
    assert of.sources == (other_v, tmp_path / "v")


def test_the_teacher_stays_what_it_was_when_its_run_trains_on_or_is_gone(
    ask: Ask, fit_config: Make, teacher: Path, tmp_path: Path
) -> None:
    run(ask(steps=4))
    before = checkpoint.load(ask().out).under("teacher")
    network = checkpoint.load(teacher).config.network
    write_run(fit_config(network=network, out=teacher, seed=3), step=9)
    run(ask(steps=6))
    shutil.move(teacher, tmp_path / "elsewhere")
    run(ask(steps=8))
    after = checkpoint.load(ask().out)
    assert (after.step, student(ask().out).teacher.step) == (8, 5)
    assert all(torch.equal(t, before[name]) for name, t in after.under("teacher").items())


def test_a_teacher_that_was_moved_is_the_same_and_another_is_refused(
    ask: Ask, fit_config: Make, teacher: Path, tmp_path: Path
) -> None:
    run(ask(steps=2))
    moved = tmp_path / "moved"
    shutil.copytree(teacher, moved)
    run(ask(steps=3, teacher=moved))
    network = checkpoint.load(teacher).config.network
    other = write_run(fit_config(network=network, out=tmp_path / "other", seed=3))
    with pytest.raises(BadCheckpoint, match=r"learns from teacher, step 5, and .* another teacher"):
        run(ask(steps=4, teacher=other))


def test_unseen_v_are_what_it_is_measured_on(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unseen = write_images(tmp_path / "unseen", 5, seed=8)
    run(ask(steps=1, unseen=unseen))
    said = capsys.readouterr().err.replace("\n", "")
    assert "dB to the teacher on 5 v that it does not learn from" in said
    with pytest.raises(TrainError, match="is V itself"):
        run(ask(steps=1, unseen=tmp_path / "v", out=tmp_path / "second"))


def test_an_adversary_learns_if_it_is_asked_for(ask: Ask, tmp_path: Path) -> None:
    judged = ask(weights=JUDGED, out=tmp_path / "judged", checkpoint_every=1, keep=9)
    run(judged)
    assert {"gan_c", "adversary_c"} <= rows(judged.out)[0].keys()
    early, late = (checkpoint.load(judged.out / "checkpoints" / f"step-000000{k}") for k in (1, 8))
    a, b = (saved.under("networks.adversary_c") for saved in (early, late))
    weights = [name for name in a if name.endswith("original")]
    assert weights
    assert not any(torch.equal(a[name], b[name]) for name in weights)
    assert late.tensors["history_c"].shape == (3, 3, SIZE, SIZE)

    run(ask())
    names = checkpoint.load(ask().out).tensors.keys()
    assert not any("adversary" in name or "history" in name for name in names)
    with pytest.raises(BadCheckpoint, match="trained without A_C: keep --gan-weight at 0"):
        run(ask(weights=JUDGED))
    with pytest.raises(BadCheckpoint, match="trained with A_C: keep --gan-weight above 0"):
        run(replace(judged, weights=DistillWeights()))


def test_it_may_start_from_a_run_of_its_own_network(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    """With no learning, it is that run's averaged D_C."""
    first = write_run(fit_config(out=tmp_path / "first"))
    run(ask(init=first, lr=0.0, steps=1))
    expected = checkpoint.load(first).under("content_ema")
    saved = checkpoint.load(ask().out)
    for part in ("networks.content", "content_ema"):
        found = saved.under(part)
        assert all(torch.equal(t, found[name]) for name, t in expected.items()), part
    wide = StudentNetwork(width=12, blocks=2)
    with pytest.raises(BadCheckpoint, match=r"--init .* another network \(width 8 -> 12"):
        run(ask(init=first, network=wide, out=tmp_path / "wide"))


@pytest.mark.parametrize("log_every", [2, 100])
def test_a_student_that_diverges_ends_and_is_not_saved(ask: Ask, log_every: int) -> None:
    with pytest.raises(Diverged, match=r"not a finite number: l_|weights are not finite"):
        run(ask(lr=1e30, log_every=log_every))
    assert checkpoint.newest(ask().out) is None


def test_what_is_no_teacher_is_refused(ask: Ask, teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"--teacher .*empty holds no checkpoint: give the"):
        run(ask(teacher=tmp_path / "empty"))
    same = "--teacher and --out are the same run"
    with pytest.raises(TrainError, match=same):
        run(ask(out=teacher))
    with pytest.raises(TrainError, match=same):
        run(ask(teacher=checkpoint.newest(teacher), out=teacher))
    assert not ask().out.exists(), "nothing was begun"


def test_an_out_that_holds_something_else_is_refused(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    other = write_run(fit_config(out=tmp_path / "other"))
    with pytest.raises(BadCheckpoint, match="is no student but a run of `train fit`, uncoop"):
        run(ask(out=other))
    run(ask(steps=1))
    with pytest.raises(BadCheckpoint, match=r"another network \(width 8 -> 12\)"):
        run(ask(network=StudentNetwork(width=12, blocks=2, adversary_width=8)))
    with pytest.raises(BadCheckpoint, match="is a student of `train distill`: choose another"):
        fit.run(fit_config(out=ask().out))
    with pytest.raises(BadCheckpoint, match="D_C alone: give a run of `train fit`"):
        fit.run(fit_config(init=ask().out))


def test_v_that_is_not_there_is_refused(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="nowhere does not exist"):
        run(ask(v=tmp_path / "nowhere"))
    shutil.rmtree(tmp_path / "v")
    with pytest.raises(BadData, match="the V of teacher, is not there: say with --v"):
        run(ask())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"network": StudentNetwork(size=48)},
            "--size 48: .* serves 32 alone, .* distil at --size 32",
        ),
        ({"network": StudentNetwork(size=64)}, "--size 64: .* serves 32 alone"),
        ({"network": StudentNetwork(family="paper", seen=32)}, "for the fast family alone"),
        ({"weights": DistillWeights(levels=6)}, "--levels 6: size 32 is no multiple of 64"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch": 3, "accumulate": 2}, "a multiple of devices x nodes x accumulate = 2"),
        ({"lr": -1.0}, "lr must be at least 0"),
    ],
)
def test_what_does_not_fit_is_one_line(ask: Ask, fields: dict[str, object], message: str) -> None:
    with pytest.raises(TrainError, match=message) as error:
        run(ask(**fields))
    assert "\n" not in str(error.value)


def test_a_size_that_does_not_divide_the_teachers_is_refused(
    ask: Ask, fit_config: Make, tmp_path: Path
) -> None:
    network = NetworkConfig(size=64, width=8, blocks=2, adversary_width=8)
    large = write_run(fit_config(network=network, out=tmp_path / "large"))
    with pytest.raises(
        TrainError, match="--size 40: the teacher sees v at 64: give a size that divides"
    ):
        run(ask(teacher=large, network=StudentNetwork(size=40)))


@pytest.mark.parametrize(("name", "value"), [("levels", 0), ("detail", -1), ("gan_weight", -1)])
def test_weights_that_make_no_sense_are_refused(name: str, value: int) -> None:
    with pytest.raises(TrainError, match=f"{name} must be at least"):
        DistillWeights(**{name: value})


def test_a_mistake_on_the_command_line_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["distill", "--teacher", str(tmp_path / "none"), "--out", str(tmp_path / "out")])
    assert left.value.code == 1
    assert capsys.readouterr().err == (
        f"train distill: --teacher {tmp_path}/none holds no checkpoint: give the --out folder of "
        "`train fit` or `distill`\n"
    )
