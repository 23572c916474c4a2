"""`--save FILE`: times, colours, restarts, repeats, a full queue, a full disk, a power cut."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.client.h264_file import H264File
from realtime.client.video_file import MOST_GAP_US, VideoFile
from realtime.errors import UsageError
from realtime.frame import Image
from realtime.wire import Codec, Flag, Header, Packet

ROOT = Path(__file__).parent.parent.parent
RGB = (200, 60, 30)
FORMATS = pytest.mark.parametrize("suffix", [".mp4", ".mkv"])


def packet(number: int, **fields: int | Flag) -> tuple[Packet, Image]:
    """A picture of one colour and odd width, 40 ms after the one before."""
    usual = {"capture_us": 1_000_000 + number * 40_000, "pts_us": 0, "infer_us": 0, "stream_id": 1}
    header = Header(codec=Codec.RAW, **usual | {"width": 33, "height": 24} | fields)  # type: ignore[arg-type]
    image = np.full((header.height, header.width, 3), RGB, np.uint8)
    return Packet(topic="avatar/main", header=header, payload=b""), image


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [round(float(frame.time or 0), 3) for frame in container.decode(video=0)]


@FORMATS
def test_pictures_keep_their_capture_times_and_colours(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    video = VideoFile(path)
    for number in (0, 1, 5):
        assert video.put(*packet(number))
    assert video.put(*packet(5, flags=Flag.SOURCE_LOST))
    said = video.close()
    assert times(path) == [0.0, 0.04, 0.2]
    assert said is not None
    assert "saved 3 pictures, 0 dropped" in said
    with av.open(str(path)) as container:
        pixels = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape == (24, 34, 3)
    assert np.abs(pixels.mean((0, 1)) - RGB).max() < 4


def test_a_restart_another_size_and_a_leap_in_time_begin_another_file(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / "a.mp4")
    video.put(*packet(9))
    video.put(*packet(0, stream_id=2))
    video.put(*packet(1, stream_id=2, width=64))
    video.put(*packet(0, stream_id=2, width=64))
    video.put(*packet(MOST_GAP_US // 40_000 + 1, stream_id=2, width=64))
    said = video.close()
    ends = ("", "_2", "_3", "_4", "_5")
    assert [times(tmp_path / f"a{end}.mp4") for end in ends] == [[0.0]] * 5
    assert "a.mp4 and 4 more, up to a_5.mp4" in (said or "")
    assert video.name == "a_5.mp4"


def test_two_pictures_of_one_time_are_both_kept(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / "a.mp4")
    for _ in range(3):
        video.put(*packet(0))
    video.close()
    assert times(tmp_path / "a.mp4") == [0.0, 0.0, 0.0]


def test_what_finds_the_queue_full_is_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, write = threading.Event(), H264File.write

    def wait(self: H264File, image: Image, time_us: int) -> None:
        free.wait(10)
        write(self, image, time_us)

    monkeypatch.setattr(H264File, "write", wait)
    video = VideoFile(tmp_path / "a.mp4")
    taken = [video.put(*packet(number)) for number in range(90)]
    free.set()
    said = video.close()
    assert len(times(tmp_path / "a.mp4")) == sum(taken) == video.taken
    assert video.dropped == 90 - sum(taken) > 0
    assert f"{video.dropped} dropped" in (said or "")


@FORMATS
def test_a_file_that_is_never_finished_plays_almost_to_its_end(tmp_path: Path, suffix: str) -> None:
    file = H264File(tmp_path / f"a{suffix}", (33, 24), 1_000_000, 25.0)
    for number in range(130):
        file.write(packet(number)[1], 1_000_000 + number * 40_000)
    cut = tmp_path / f"cut{suffix}"
    shutil.copyfile(tmp_path / f"a{suffix}", cut)
    file.close()
    assert len(times(cut)) >= 60
    assert len(times(tmp_path / f"a{suffix}")) == 130


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("the only copy")
    with pytest.raises(UsageError, match="it exists; give another name"):
        VideoFile(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_text() == "the only copy"


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder that exists"):
        VideoFile(tmp_path / "no" / "a.mp4")


def test_no_picture_is_no_file(tmp_path: Path) -> None:
    assert VideoFile(tmp_path / "a.mp4").close() is None
    assert list(tmp_path.iterdir()) == []


NOISE = """
import sys, time
import numpy as np
from pathlib import Path
from realtime.client.video_file import VideoFile
from realtime.errors import UsageError
from tests.realtime.test_video_file import packet
video = VideoFile(Path(sys.argv[1]))
rng = np.random.default_rng(0)
try:
    for number in range(2000):
        noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
        video.put(packet(number, width=64, height=64)[0], noise)
        time.sleep(0.001)
except UsageError as error:
    print("put:", error)
try:
    video.close()
except UsageError as error:
    print("close:", error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_once_it_is_full(tmp_path: Path) -> None:
    import resource  # not on Windows

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        [sys.executable, "-c", NOISE, str(tmp_path / "a.mp4")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["put", "close"]
    assert f"cannot write {tmp_path / 'a.mp4'}: File too large" in done.stdout
