"""The list of cameras, from a folder laid out as Linux lays out /sys and /dev."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from realtime.sources import cameras
from realtime.sources.cameras import CameraInfo, list_cameras

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="V4L2 devices are Linux's"
)


def test_cameras_come_by_index_with_their_lasting_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sysfs, by_id = tmp_path / "sys", tmp_path / "by-id"
    for device, name in (("video10", "Face camera"), ("video2", "Webcam"), ("v4l-subdev0", "x")):
        (sysfs / device).mkdir(parents=True)
        (sysfs / device / "name").write_text(f"{name}\n")
    by_id.mkdir()
    (by_id / "usb-Face-video-index0").symlink_to("/dev/video10")
    monkeypatch.setattr(cameras, "SYSFS", sysfs)
    monkeypatch.setattr(cameras, "BY_ID", by_id)
    assert list_cameras() == [
        CameraInfo(index=2, path="/dev/video2", by_id=None, name="Webcam"),
        CameraInfo(
            index=10,
            path="/dev/video10",
            by_id=str(by_id / "usb-Face-video-index0"),
            name="Face camera",
        ),
    ]


def test_a_machine_without_cameras_has_an_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "SYSFS", tmp_path / "none")
    monkeypatch.setattr(cameras, "BY_ID", tmp_path / "none")
    assert list_cameras() == []
