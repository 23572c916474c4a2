"""What a path stands for: images, a video, sessions - or a clear refusal."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.sessions.format import VIDEO
from tests.realtime.sessions.recorded import frame, noise, record
from tests.train.conftest import write_images
from train.data import ImageSet, list_images, open_source
from train.data.decode import AHEAD, decode_all
from train.data.pixels import Undecodable
from train.errors import BadData

FRAMES = 12


def write_video(path: Path, frames: int = FRAMES, size: int = 32) -> Path:
    """Frame k has the grey level 20 k; every frame is a key frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30, options={"qmin": "1", "qmax": "1"})
        stream.width = stream.height = size
        stream.pix_fmt = "yuvj444p"
        for k in range(frames):
            image = np.full((size, size, 3), 20 * k, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_folder_gives_its_images_by_name_and_nothing_else(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3, seed=0)
    (folder / "notes.txt").write_text("session 1")
    (folder / "x.png").mkdir()
    write_images(folder / "below", 2, seed=1)
    assert [path.name for path in list_images(folder)] == ["000.png", "001.png", "002.png"]
    source = open_source(folder)
    assert source.count() == 3
    assert [picture.name for picture in source.pictures()] == ["000.png", "001.png", "002.png"]


def test_a_link_that_leads_nowhere_is_counted_and_skipped(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 2, seed=0)
    (folder / "gone.png").symlink_to(tmp_path / "elsewhere.png")
    images = ImageSet(folder, 32, tmp_path / "cache")
    assert len(images) == 2
    assert images.notes == ["left out 1 unreadable: gone.png (No such file or directory)"]


@pytest.mark.parametrize("suffix", [".mkv", ".avi", ".mov"])
def test_a_video_gives_every_frame(tmp_path: Path, suffix: str) -> None:
    video = write_video(tmp_path / f"clip{suffix}")
    images = ImageSet(video, 32, tmp_path / "cache")
    assert len(images) == FRAMES
    levels = images.images.mean(axis=(1, 2, 3))
    assert np.abs(levels - 20 * np.arange(FRAMES)).max() < 3


def test_sessions_give_their_videos_one_after_another(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    for name, count in (("monday", 3), ("tuesday", 4)):
        folder = tmp_path / "sessions" / name
        record(folder, [frame(image, seq) for seq, image in enumerate(noise(count))])
        write_video(folder / "preview.mkv", 9)
    one, both = (open_source(tmp_path / "sessions" / name) for name in ("monday", ""))
    assert [picture.name for picture in one.pictures()] == [f"video.nut#{k}" for k in range(3)]
    names = [picture.name for picture in both.pictures()]
    assert names[2:4] == ["monday/video.nut#2", "tuesday/video.nut#0"]
    assert len(names) == 7
    assert 5 <= both.count() <= 7  # by its duration


def test_a_video_that_was_cut_off_gives_the_frames_it_has(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mkv")
    os.truncate(video, video.stat().st_size * 2 // 3)
    images = ImageSet(video, 32, tmp_path / "cache")
    assert FRAMES // 2 <= len(images) < FRAMES


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"nothing of the kind")
    with pytest.raises(BadData, match=r"clip\.mp4: none of 1 .* Invalid data"):
        ImageSet(tmp_path / "clip.mp4", 32, tmp_path / "cache")


def test_pictures_come_in_order_from_threads_with_few_in_hand(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3 * AHEAD, seed=0)
    (folder / "001.png").write_bytes(b"")
    found = list(decode_all(open_source(folder), 32, lambda image, _: image.shape[0], "reading"))
    assert [name for name, _ in found] == [f"{k:03d}.png" for k in range(3 * AHEAD)]
    assert isinstance(found[1][1], Undecodable)
    assert {size for _, size in found if not isinstance(size, Undecodable)} == {32}


def test_a_picture_a_data_set_and_other_files_are_refused_with_advice(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set" / "v", 2, seed=0)
    write_images(tmp_path / "set" / "c", 2, seed=0)
    with pytest.raises(BadData, match="give the folder"):
        open_source(folder / "000.png")
    with pytest.raises(BadData, match="is a data set with v/ and c/"):
        open_source(tmp_path / "set")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.cr2").touch()
    (raw / "b.cr2").touch()
    with pytest.raises(BadData, match=r"there is 2 \.cr2 in it"):
        list_images(raw)
    with pytest.raises(BadData, match="neither a folder nor a video"):
        open_source(raw / "a.cr2")


def test_a_session_knows_how_many_pictures_it_has_at_any_rate(tmp_path: Path) -> None:
    images = [*noise(6), noise(1)[0]]  # the first once more: the same checksum
    record(
        tmp_path / "s",
        [frame(image, seq, capture_ns=seq * 10**9 // 3) for seq, image in enumerate(images)],
    )
    assert open_source(tmp_path / "s").count() == 7


def test_what_launch_records_is_a_source_also_when_it_was_cut_off(tmp_path: Path) -> None:
    images = noise(6)
    record(tmp_path / "s", [frame(image, seq) for seq, image in enumerate(images)])
    got = [picture.decode() for picture in open_source(tmp_path / "s").pictures()]
    np.testing.assert_array_equal(got, images)
    video = tmp_path / "s" / VIDEO
    video.write_bytes(video.read_bytes()[:-4000])
    *whole, torn = open_source(tmp_path / "s").pictures()
    np.testing.assert_array_equal([picture.decode() for picture in whole], images[: len(whole)])
    with pytest.raises(Undecodable, match="not the picture that was recorded"):
        torn.decode()
