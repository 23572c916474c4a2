"""Network cameras: real HTTP and RTSP servers that draw the time into their pictures."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, get_args

import pytest
import simplejpeg

from realtime.errors import SourceLost, SourceNotFound
from realtime.frame import Frame
from realtime.sources import Source, open_source, stream
from realtime.sources.contract import CameraRequest
from tests.pictures import age_ms, draw_number, read_number, write_clip
from tests.servers import MjpegServer, RtspServer, Style


def read_some(source: Source, count: int = 20) -> list[Frame]:
    try:
        return [source.read() for _ in range(count)]
    finally:
        source.close()


def read_on(source: Source) -> NoReturn:
    while True:
        source.read()


def check_live(frames: list[Frame]) -> None:
    """Pictures in the order in which they were drawn, each with the time of its arrival."""
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert all(read_number(a.image) < read_number(b.image) for a, b in pairwise(frames))
    assert all(a.pts_us < b.pts_us for a, b in pairwise(frames))
    newest = frames[-1]
    arrived_ms = (time.monotonic_ns() - newest.capture_ns) / 1e6
    assert arrived_ms <= age_ms(newest.image) + 1, "it cannot arrive before it was drawn"
    assert abs(time.time() - arrived_ms / 1000 - newest.capture_unix_us / 1e6) < 1.0


@pytest.mark.parametrize("style", get_args(Style))
def test_mjpeg_of_every_style_is_understood(style: Style) -> None:
    with MjpegServer(style=style) as server:
        source = open_source(server.url)
        assert source.live
        assert source.name == server.url
        check_live(read_some(source))


def test_rtsp() -> None:
    with RtspServer(size_px=(128, 96)) as server:
        source = open_source(server.url, CameraRequest(size_px=(640, 480), fps=30))
        assert source.live
        assert source.fps == 30
        assert source.notes == ("asked for 640x480, got 128x96",)
        frames = read_some(source)
    check_live(frames)
    assert frames[0].image.shape == (96, 128, 3)


def test_a_login_in_the_address_is_used_and_never_shown() -> None:
    login = ("ann", "p@ss:w/rd")
    with MjpegServer(login=login) as server:
        url = server.url.replace("://", "://ann:p%40ss%3Aw%2Frd@")
        source = open_source(url)
        assert source.name == server.url.replace("://", "://***@")
        check_live(read_some(source))


def test_a_wrong_login_is_refused_without_showing_it() -> None:
    with MjpegServer(login=("ann", "right")) as server:
        check_refusal(server.url.replace("://", "://ann:secret@"), "user name or password")
        check_refusal(server.url, "user name or password")


def test_a_wrong_login_is_refused_without_showing_it_rtsp() -> None:
    with RtspServer(login=("ann", "right")) as server:
        check_refusal(server.url.replace("://", "://ann:secret@"), "user name or password")
        check_live(read_some(open_source(server.url.replace("://", "://ann:right@"))))


def check_refusal(url: str, complaint: str) -> None:
    started_s = time.monotonic()
    with pytest.raises(SourceNotFound, match=complaint) as caught:
        open_source(url)
    assert time.monotonic() - started_s < 10
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_nobody_listening(scheme: str) -> None:
    with MjpegServer() as server:
        port = server.port
    check_refusal(f"{scheme}://ann:secret@127.0.0.1:{port}/video", "nothing listens there")


def test_a_path_that_does_not_exist() -> None:
    with MjpegServer() as server:
        check_refusal(server.url + "2?key=secret", "no such path")
    with RtspServer() as server:
        check_refusal(server.url + "2?key=secret", "no such path")


def test_a_host_that_does_not_exist() -> None:
    check_refusal("http://ann:secret@camera.invalid/video", "cannot be reached or is no video")


def test_a_server_that_answers_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_ANSWER_LIMIT_S", 0.5)
    with MjpegServer() as server:
        server.silence()
        check_refusal(server.url, "no picture came in time")


@pytest.mark.parametrize("kind", [MjpegServer, RtspServer])
def test_a_server_that_goes_silent_is_lost(
    kind: type[MjpegServer] | type[RtspServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOST_AFTER_S", 0.5)
    with kind() as server:
        source = open_source(server.url)
        source.read()
        server.silence()
        with pytest.raises(SourceLost, match="no picture came in time"):
            read_on(source)
        source.close()


@pytest.mark.parametrize("kind", [MjpegServer, RtspServer])
def test_a_server_that_dies_is_lost(kind: type[MjpegServer] | type[RtspServer]) -> None:
    with kind() as server:
        source = open_source(server.url)
        source.read()
        server.kill()
        with pytest.raises(SourceLost, match=r"127\.0\.0\.1"):
            read_on(source)
        source.close()


@pytest.fixture
def web_folder(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a web server gives it out."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_on_a_web_server_plays_as_a_file(web_folder: tuple[Path, str]) -> None:
    folder, url = web_folder
    write_clip(folder / "clip.mp4", (draw_number(i) for i in range(40)))
    source = open_source(f"{url}/clip.mp4", pace="free")
    assert not source.live
    frames = list(iter(source.read, None))
    source.close()
    assert [read_number(frame.image) for frame in frames] == list(range(40))


def test_a_web_page_and_a_single_picture_are_refused(web_folder: tuple[Path, str]) -> None:
    folder, url = web_folder
    (folder / "page.html").write_text("<html>The camera's page</html>" * 100)
    check_refusal(f"{url}/page.html", "ended without a picture")
    (folder / "now.jpg").write_bytes(simplejpeg.encode_jpeg(draw_number(7)))
    check_refusal(f"{url}/now.jpg", "a single picture")


def test_a_decoder_that_cannot_keep_up_sees_the_present() -> None:
    with MjpegServer(fps=60) as server:
        source = open_source(server.url)
        first = source.read()
        started_s = time.monotonic()
        for _ in range(8):
            time.sleep(0.1)
            last = source.read()
        waited_s = time.monotonic() - started_s
        source.close()
    # One after the other, eight pictures further would be 8/60 s later.
    drawn_s = (read_number(last.image) - read_number(first.image)) / 1000
    assert drawn_s > waited_s / 2
    assert last.seq == 8


def test_a_decoder_that_cannot_keep_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_MANY_SKIPPED", 3)
    with MjpegServer(fps=60) as server:
        source = open_source(server.url)
        for _ in range(4):
            source.read()
            time.sleep(0.1)
        source.close()
    assert [note for note in source.notes if "are skipped" in note] == list(source.notes)


def test_closing_ends_the_thread_that_receives() -> None:
    with MjpegServer() as server:
        source = open_source(server.url)
        source.read()
        source.read()
        receivers = [thread for thread in threading.enumerate() if thread.name == "receive"]
        assert receivers
        source.close()
        for thread in receivers:
            thread.join(30)
            assert not thread.is_alive()


def test_frames_carry_their_own_size_when_the_camera_changes_it() -> None:
    with MjpegServer(size_px=(96, 64)) as server:
        source = open_source(server.url)
        assert source.read().image.shape == (64, 96, 3)
        server.size_px = (128, 96)
        sizes = [frame.image.shape for frame in read_some(source)]
    assert sizes[-1] == (96, 128, 3)
