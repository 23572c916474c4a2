"""What a run raises, when, and that it says each thing once."""

from __future__ import annotations

from train.alarms import WON_STEPS, Alarm, Alarms


def kinds(rows: list[dict[str, float]]) -> list[tuple[str, int]]:
    alarms = Alarms()
    raised: list[Alarm] = []
    for row in rows:
        raised += alarms.watch(row)
    assert raised == alarms.raised
    return [(alarm.kind, alarm.step) for alarm in raised]


def rows(count: int, **losses: float) -> list[dict[str, float]]:
    healthy = {"adversary_c": 0.2, "adversary_v": 0.2, "r_size": 0.4}
    return [{"step": 20 * (k + 1), **healthy, **losses} for k in range(count)]


def test_a_healthy_run_raises_nothing() -> None:
    assert kinds(rows(100)) == []


def test_an_adversary_that_tells_all_for_long_has_won() -> None:
    assert kinds(rows(100, adversary_v=0.003)) == [("A_V has won", 20 + WON_STEPS)]


def test_what_to_do_about_it_names_options_that_there_are() -> None:
    """`distill` has no lambdas."""
    for losses, options in (({"l_v": 0.1}, "--lambda-v and --lambda-c"), ({}, "--gan-weight")):
        alarms = Alarms()
        for row in rows(100, adversary_c=0.003, **losses):
            alarms.watch(row)
        assert f"Lower {options}, or --adversary-lr" in alarms.raised[0].text


def test_an_adversary_that_is_fooled_now_and_then_has_not_won() -> None:
    long_game = rows(100, adversary_c=0.003)
    for row in long_game[::10]:
        row["adversary_c"] = 0.1
    assert kinds(long_game) == []


def test_a_residual_that_grows_or_shrinks_tenfold_drifts() -> None:
    for factor in (11, 1 / 11):
        drifting = rows(10)
        for row in drifting[6:]:
            row["r_size"] *= factor
        assert kinds(drifting) == [("r drifts", 140)]


def test_a_run_without_a_residual_has_none_that_drifts() -> None:
    assert kinds([{"step": 20.0, "adversary_c": 0.2}]) == []


def test_what_is_not_a_number_is_fatal_and_named() -> None:
    alarms = Alarms()
    (alarm,) = alarms.watch({"step": 20, "l_v": float("nan"), "l_c": 0.1})
    assert alarm.kind == "not finite"
    assert "l_v" in alarm.text
    assert "l_c" not in alarm.text
