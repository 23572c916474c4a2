"""Hooks of pytest: with ONLY_EXPECTED_SKIPS=1 a test may be skipped for two reasons only.

Without it every test that lacks a system package skips and says so. Where all of them are
installed, as `.ci/run` does, a skip would hide a test that nobody runs, so it fails.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

EXPECTED = ("no NVIDIA GPU", "set HEADSET_AVATAR_")
"""How the reasons begin: no GPU, or no path given to a user's own avatar or data."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_if_unexpected((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_if_unexpected((yield))


def _fail_if_unexpected(report: Report) -> Report:
    if os.environ.get("ONLY_EXPECTED_SKIPS") and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith(EXPECTED):
            report.outcome = "failed"
            report.longrepr = f"skipped, though everything is installed here: {reason}"
    return report
