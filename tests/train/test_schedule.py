"""When the learning rates fall."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from train.config import FitConfig
from train.schedule import Schedule

Make = Callable[..., FitConfig]


def watch(schedule: Schedule, errors: list[float], every: int = 20, first: int = 0) -> int | None:
    """The step at which the fall begins, None if it does not."""
    for index, error in enumerate(errors[first:], start=first + 1):
        if schedule.watch(index * every, error):
            return index * every
    return None


def test_fixed_learning_rates_hold_and_then_fall_to_zero(fit_config: Make) -> None:
    schedule = Schedule(fit_config(steps=100, decay=0.4))
    assert watch(schedule, [1.0] * 5) is None
    assert schedule.end == 100
    factors = [schedule.factor(step) for step in (0, 60, 80, 99)]
    assert factors == pytest.approx([1, 1, 0.5, 0.025])


def test_without_a_decay_they_hold_to_the_end(fit_config: Make) -> None:
    schedule = Schedule(fit_config(steps=100, decay=0))
    assert [schedule.factor(step) for step in (0, 99)] == [1, 1]


def test_errors_that_stop_descending_begin_the_fall_and_end_the_run_sooner(
    fit_config: Make,
) -> None:
    schedule = Schedule(fit_config(schedule="plateau", steps=10_000, decay=0.1, patience=200))
    errors = [1 / (1 + k / 20) for k in range(40)] + [1 / 3] * 100
    begins = watch(schedule, errors)
    assert begins is not None
    assert 800 + 200 <= begins < 800 + 200 + 900  # the smoothed error arrives later
    assert schedule.end == begins + 1000
    assert schedule.factor(begins) == 1
    assert schedule.factor(begins + 500) == pytest.approx(0.5)


def test_noise_is_no_plateau_and_descent_that_goes_on_is_none(fit_config: Make) -> None:
    schedule = Schedule(fit_config(schedule="plateau", steps=4000, decay=0.1, patience=1000))
    noisy = [(1 - k / 250) * (1.1 if k % 2 else 0.9) for k in range(175)]
    assert watch(schedule, noisy) is None


def test_without_a_plateau_the_fall_begins_in_time_for_the_last_step(fit_config: Make) -> None:
    schedule = Schedule(fit_config(schedule="plateau", steps=1000, decay=0.1, patience=5000))
    assert watch(schedule, [1.0] * 50) is None
    assert schedule.end == 1000
    assert schedule.factor(950) == pytest.approx(0.5)


@pytest.mark.parametrize("stop", [2, 14, 45])
def test_a_plateau_is_found_at_the_same_step_after_a_resume(fit_config: Make, stop: int) -> None:
    config = fit_config(schedule="plateau", steps=10_000, decay=0.1, patience=200)
    errors = [1.0, 0.8, 0.7, *[0.65] * 80]
    whole, broken, resumed = Schedule(config), Schedule(config), Schedule(config)
    begins = watch(whole, errors)
    assert begins is not None
    before = watch(broken, errors[:stop])
    resumed.load(json.loads(json.dumps(broken.state())))
    assert (before or watch(resumed, errors, first=stop)) == begins
    assert resumed.end == whole.end
