"""The page of a run: whole, self-contained but for its pictures, and true."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import numpy as np

from calibration.opencv import cv2
from train import fit
from train.alarms import Alarm
from train.config import FitConfig
from train.report import Status, write_report
from train.report.curves import curves

Make = Callable[..., FitConfig]


def rows(count: int) -> list[dict[str, float]]:
    pace = {"step_s": 0.5, "data_share": 0.01, "lr": 2e-4}
    losses = {"l_v": 0.3, "l_c": 0.2, "l_r": 0.1, "r_size": 0.4, "gan_c": 0.9, "gan_v": 0.9}
    adversaries = {"adversary_c": 0.2, "adversary_v": 0.2}
    return [{"step": 20.0 * (k + 1), **pace, **losses, **adversaries} for k in range(count)]


def status(ended: str = "") -> Status:
    return Status(step=100, total=200, seconds=3725, where="cpu, one process", ended=ended)


def page(config: FitConfig, *alarms: Alarm, ended: str = "", count: int = 5) -> str:
    config.out.mkdir(exist_ok=True)
    return write_report(config, status(ended), rows(count), alarms).read_text()


def test_a_page_says_where_the_run_is_and_asks_for_itself_until_it_has_ended(
    fit_config: Make,
) -> None:
    text = page(fit_config())
    assert "Step 100 of 200; 1 h 2 min of training; 0 min 50 s to go; cpu, one process." in text
    assert 'http-equiv="refresh"' in text
    assert "No alarms." in text
    ended = page(fit_config(), ended="done")
    assert "http-equiv" not in ended
    assert "; done; cpu" in ended


def test_alarms_stand_on_the_page_and_text_is_escaped(fit_config: Make) -> None:
    alarm = Alarm(step=60, kind="A_C has won", text="c' < real & nothing to learn")
    text = page(fit_config(), alarm)
    assert "<b>A_C has won</b>, step 60: c&#x27; &lt; real &amp; nothing to learn." in text
    assert "No alarms" not in text


def test_every_picture_is_there_and_nothing_comes_from_elsewhere(fit_config: Make) -> None:
    config = fit_config(steps=2, sample_every=1, log_every=1)
    fit.run(config)
    text = (config.out / "report.html").read_text()
    images = re.findall(r'<img[^>]* src="([^"]+)"', text)
    assert images == ["samples/step-0000002.png", "samples/step-0000001.png"]
    assert all((config.out / name).exists() for name in images)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, "names only"
    assert "<svg" in text


def test_a_page_without_rows_is_a_page(fit_config: Make) -> None:
    assert "<h2>Config</h2>" in page(fit_config(), count=0)


def test_curves_are_well_formed_and_of_bounded_size(tmp_path: Path) -> None:
    short, long = curves(rows(1)), curves(rows(5000))
    for svg in (short, long):
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert len(long) < 200_000
    broken = rows(3)
    broken[1]["l_v"] = float("nan")
    assert ElementTree.fromstring(curves(broken)).tag.endswith("svg")


def test_a_run_without_a_residual_has_no_panel_for_it() -> None:
    plain = [{k: v for k, v in row.items() if k not in ("l_r", "r_size")} for row in rows(3)]
    assert "Residual" in curves(rows(3))
    assert "Residual" not in curves(plain)


def test_samples_are_one_labelled_picture(fit_config: Make) -> None:
    config = fit_config(steps=1, sample_every=1)
    fit.run(config)
    picture = cv2.imread(str(config.out / "samples" / "step-0000001.png"))
    assert picture is not None
    assert np.asarray(picture).shape[0] > 8 * 112, "v, c', c', v', c and three mixes"
