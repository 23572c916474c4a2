"""Percentiles and rates: exact, bounded, and honest when nothing was measured."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.stats import Latency, Rate

SECOND_NS = 1_000_000_000


def test_percentiles_are_those_of_numpy_in_milliseconds() -> None:
    values_ns = np.random.default_rng(0).integers(-1_000_000, 50_000_000, 1000)
    latency = Latency()
    for value_ns in values_ns.tolist():
        latency.add(value_ns)

    summary = latency.summary()

    for name, percent in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100)):
        assert summary[name] == pytest.approx(np.percentile(values_ns, percent) / 1e6, abs=1e-3)


def test_the_newest_values_count_but_the_longest_is_never_forgotten() -> None:
    latency = Latency(capacity=10)
    latency.add(9_000_000)
    for _ in range(25):
        latency.add(1_000_000)

    assert latency.summary() == {"p50": 1.0, "p95": 1.0, "p99": 1.0, "max": 9.0}
    assert latency.count == 26


def test_nothing_measured_is_none_and_not_zero() -> None:
    assert Latency().summary() == {"p50": None, "p95": None, "p99": None, "max": None}


def test_a_rate_is_events_over_time() -> None:
    rate = Rate(window_s=2)
    for tick in range(120):
        rate.tick(tick * SECOND_NS // 60)

    assert rate.per_second(119 * SECOND_NS // 60) == pytest.approx(60)


def test_a_rate_falls_when_events_stop_and_is_zero_after_the_window() -> None:
    rate = Rate(window_s=2)
    for tick in range(61):
        rate.tick(tick * SECOND_NS // 60)

    assert 20 < rate.per_second(2 * SECOND_NS) < 40
    assert rate.per_second(4 * SECOND_NS) == 0


def test_a_rate_needs_two_events_at_different_times() -> None:
    rate = Rate()
    assert rate.per_second() == 0
    rate.tick(SECOND_NS)
    assert rate.per_second(SECOND_NS) == 0
    rate.tick(SECOND_NS)
    assert rate.per_second(SECOND_NS) == 0
