"""What `python -m train distill` does: start a student, or go on with it, to its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import Tensor

from train import checkpoint
from train.checkpoint import Checkpoint
from train.course import carry_out, make_folder, open_images, say, where
from train.data import load_profile
from train.distill.config import DistillArguments, DistillConfig, DistillOptions, Teacher
from train.distill.lesson import Lesson
from train.distill.pairs import Pairs
from train.distill.samples import Samples
from train.distill.state import StudentState
from train.engine import Engine
from train.errors import BadCheckpoint, BadData, TrainError
from train.lineage import sources, stages
from train.resume import another_network, averaged, changes, go_on, take_over


def run(asked: DistillArguments) -> None:
    """Train to the end, from the run's newest checkpoint if it has one. Raises `TrainError`.

    Ctrl-C and SIGTERM: the step is finished and saved, and the program exits with 130 or 143.
    """
    saved = _saved(asked)
    teacher, weights, config = _settled(asked, saved)
    engine = Engine(config)
    console = Console(stderr=True, quiet=engine.rank > 0)
    state = StudentState(config)
    try:
        state.teacher.load_state_dict(weights)
    except RuntimeError as error:
        raise BadCheckpoint(
            f"--teacher {teacher.path} does not hold the network that it names: "
            f"{str(error).splitlines()[0]}"
        ) from error
    engine.adopt(state)
    progress = _start(state, config, saved, console)
    make_folder(config.out)
    lesson = _lesson(config, engine, state, console)
    say(
        console,
        f"a student of {teacher.run}, {teacher.method}, step {teacher.step}; "
        f"{len(lesson.pairs)} v, {where(config, engine)}",
    )
    carry_out(lesson, progress, console)


def _saved(asked: DistillArguments) -> Checkpoint | None:
    """What --out holds, if it is a student. Raises `BadCheckpoint`."""
    teacher = asked.teacher.resolve()
    of_teacher = teacher.parent.parent if (teacher / checkpoint.META).exists() else teacher
    if asked.out.resolve() == of_teacher:
        raise TrainError(f"--teacher and --out are the same run, {asked.out}: give another --out")
    if checkpoint.newest(asked.out) is None:
        return None
    saved = checkpoint.load(asked.out)
    if not isinstance(saved.config, DistillConfig):
        raise BadCheckpoint(
            f"{saved.path} is no student but a run of `train fit`, {saved.config.method}: choose "
            "another --out"
        )
    return saved


def _settled(
    asked: DistillArguments, saved: Checkpoint | None
) -> tuple[Teacher, dict[str, Tensor], DistillConfig]:
    """The teacher, its weights, and the config with everything in it that was left to it."""
    if saved is None:
        found = _load_teacher(asked.teacher)
        teacher, weights = _teacher(asked.teacher, found), found.under("content_ema")
        v, profile = found.config.v, found.config.profile
    else:
        before = saved.config
        assert isinstance(before, DistillConfig)
        _refuse_another_teacher(asked, saved, before.teacher)
        teacher, weights = before.teacher, saved.under("teacher")
        v, profile = before.v, before.profile
    if asked.v is None and not v.exists():
        raise BadData(f"{v}, the V of {teacher.run}, is not there: say with --v what to learn from")
    options = {f.name: getattr(asked, f.name) for f in dataclasses.fields(DistillOptions)}
    options |= {"network": asked.network.settled(teacher.network.size), "teacher": teacher}
    if asked.v is None:
        options |= {"profile": asked.profile or profile}
    return teacher, weights, DistillConfig(v=asked.v or v, **options)


def _load_teacher(path: Path) -> Checkpoint:
    try:
        return checkpoint.load(path)
    except BadCheckpoint as error:
        raise BadCheckpoint(f"--teacher {error}") from error


def _teacher(path: Path, found: Checkpoint) -> Teacher:
    return Teacher(
        path=path.resolve(),
        run=found.config.out.name,
        step=found.step,
        method=found.config.method,
        network=found.config.network,
        sources=sources(found),
        stages=tuple(stages(found)),
    )


def _refuse_another_teacher(asked: DistillArguments, saved: Checkpoint, before: Teacher) -> None:
    """The same path is the same teacher, even if it has trained on or is gone: the student keeps
    it as it was. Another path may be the same one, moved."""
    if asked.teacher.resolve() == before.path:
        return
    now, kept = _load_teacher(asked.teacher).under("content_ema"), saved.under("teacher")
    if now.keys() != kept.keys() or not all(t.equal(kept[name]) for name, t in now.items()):
        raise BadCheckpoint(
            f"{saved.path} learns from {before.run}, step {before.step}, and {asked.teacher} is "
            "another teacher: give the first one, or another --out"
        )


def _start(
    state: StudentState, config: DistillConfig, saved: Checkpoint | None, console: Console
) -> dict[str, Any]:
    """Fill the state: from the run in `config.out`, or from --init; a new run stays as it is."""
    if saved is not None:
        before = saved.config
        assert isinstance(before, DistillConfig)
        judged = state.a_c is not None
        if judged != (before.weights.gan_weight > 0):
            had, do = ("without", "at 0") if judged else ("with", "above 0")
            raise BadCheckpoint(
                f"{saved.path} was trained {had} A_C: keep --gan-weight {do}, or choose another "
                "--out"
            )
        go_on(state, config, saved)
        for change in changes(before, config):
            say(console, f"from here on another --{change}")
        return saved.progress
    if config.init is not None:
        first = averaged(config.init)
        try:
            for network in (state.content, state.content_ema):
                take_over(network, first.content)
        except RuntimeError as error:
            raise another_network(first.path, first.network, config.network, "--init ") from error
    return {}


def _lesson(config: DistillConfig, engine: Engine, state: StudentState, console: Console) -> Lesson:
    """With the images opened."""
    size, cache = config.decoded_size, config.out / "cache"
    profile = load_profile(config.profile)
    kept = cache if config.keep_pictures and engine.world == 1 else None
    images = open_images(config.v, size, config, console, profile)
    pairs = Pairs(images, config, engine, state, None if config.jitter_px else kept)
    shown = pairs
    if config.unseen is not None:
        if config.unseen.resolve() == config.v.resolve():
            raise TrainError(f"--unseen {config.unseen} is V itself, which the student learns from")
        whole = dataclasses.replace(config, jitter_px=0)
        unseen = open_images(config.unseen, size, whole, console, profile)
        shown = Pairs(unseen, config, engine, state, kept)
    samples = Samples(shown, config, state)
    return Lesson(config=config, engine=engine, state=state, pairs=pairs, samples=samples)
