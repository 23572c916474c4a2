"""The page in a real browser, fed by a real server with pictures that the test makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from realtime.codec import Encoder, encode
from realtime.frame import Image, unix_us
from realtime.web.certificates import make_certificate
from realtime.web.server import MOST_VIEWERS
from realtime.wire import MAGIC, Codec, Flag, Header, pack_message
from tests.browser.chromium import PATIENCE_MS
from tests.realtime.web.serving import Served, serving
from tests.vectors.read import LOSSY_TOLERANCE

if TYPE_CHECKING:
    from playwright.sync_api import Page

COLOURS = np.array([[(200, 40, 30), (40, 160, 60)], [(50, 70, 190), (220, 210, 90)]], np.uint8)
"""Of the quarters of the picture."""
PICTURE = COLOURS.repeat(16, axis=0).repeat(32, axis=1)
READ_QUARTERS = """() => {
  const canvas = document.querySelector("#picture"), context = canvas.getContext("2d");
  return [0.25, 0.75].map((v) => [0.25, 0.75].map((u) =>
    [...context.getImageData(u * canvas.width, v * canvas.height, 1, 1).data.slice(0, 3)]));
}"""


def send(
    served: Served,
    image: Image = PICTURE,
    codec: Codec = Codec.JPEG,
    payload: bytes | None = None,
    **fields: Any,
) -> None:
    """A picture with these fields in its header; `payload` in its place, if given."""
    height, width, _ = image.shape
    usual = {"stream_id": 1, "capture_us": unix_us(), "pts_us": 0, "infer_us": 0}
    header = Header(codec=codec, **usual | {"width": width, "height": height} | fields)
    content = encode(image, codec, 95) if payload is None else payload
    parts = pack_message("avatar/main", header, content)
    served.web.offer(bytes(parts[1]), parts[2], key=Flag.KEY in header.flags)


def show(page: Page, served: Served, shade: int, **fields: Any) -> None:
    """A flat grey picture; return when the page shows it."""
    send(served, np.full((8, 8, 3), shade, np.uint8), Codec.RAW, **fields)
    page.wait_for_function(f"shade => ({READ_QUARTERS})()[0][0][0] === shade", arg=shade)


def text_becomes(page: Page, element: str, text: str) -> None:
    """Wait until an element of the page says this."""
    page.wait_for_function(
        "([element, text]) => document.querySelector(element).textContent === text",
        arg=[element, text],
    )


def watch(page: Page, served: Served) -> None:
    """Open the page and wait until it is connected."""
    page.goto(served.web.urls[0])
    text_becomes(page, "#stream", "main")


@pytest.mark.parametrize(("codec", "tolerance"), [(Codec.RAW, 0), (Codec.JPEG, 4)])
def test_a_picture_is_shown_the_right_way_round_in_its_colours(
    page: Page, served: Served, codec: Codec, tolerance: int
) -> None:
    watch(page, served)
    send(served, codec=codec)
    text_becomes(page, "#state", "live")
    seen = np.array(page.evaluate(READ_QUARTERS), int)
    assert np.abs(seen - COLOURS).max() <= tolerance


def close_to(page: Page, colours: Image) -> bool:
    """Whether the page shows these quarters."""
    seen = np.array(page.evaluate(READ_QUARTERS), int)
    return bool(np.abs(seen - colours).max() <= LOSSY_TOLERANCE)


def test_h264_is_shown_each_picture_at_once_and_after_a_gap_from_a_key_picture(
    page: Page, served: Served
) -> None:
    odd = PICTURE[:31, :63]
    encoder = Encoder(Codec.H264)
    watch(page, served)
    assert served.web.wants_key
    for seq, image in enumerate((odd, odd[::-1], odd[:, ::-1])):
        payload, flags = encoder.encode(image, key=False)
        assert flags == (Flag.NONE if seq else Flag.KEY)
        send(served, image, Codec.H264, payload, flags=flags, seq=seq)
        page.wait_for_function(
            f"""colours => ({READ_QUARTERS})().flat(2).every((value, index) =>
              Math.abs(value - colours[index]) <= {LOSSY_TOLERANCE})""",
            arg=image[8::16, 16::32].ravel().tolist(),
        )
    payload, flags = encoder.encode(odd, key=False)
    send(served, odd, Codec.H264, payload, flags=flags, seq=7)  # builds on 6, which never came
    payload, flags = encoder.encode(odd, key=True)
    send(served, odd, Codec.H264, payload, flags=flags, seq=8)
    text_becomes(page, "#dropped", "5")
    assert close_to(page, odd[8::16, 16::32])
    assert page.inner_text("#damaged") == ""


def test_damaged_h264_is_counted_and_the_stream_goes_on(page: Page, served: Served) -> None:
    encoder = Encoder(Codec.H264)
    payload, _ = encoder.encode(PICTURE, key=True)
    delta, _ = encoder.encode(PICTURE, key=False)
    parameters = payload[: payload.index(b"\0\0\1\x65")]
    watch(page, served)
    for count, damaged in enumerate((b"GIF89a", delta, parameters + delta, parameters), 1):
        send(served, PICTURE, Codec.H264, damaged, seq=count)
        text_becomes(page, "#damaged", f"{count} damaged")
    send(served, PICTURE, Codec.H264, payload, seq=9)
    text_becomes(page, "#state", "live")
    assert close_to(page, COLOURS)


def test_where_h264_cannot_be_decoded_the_page_says_what_to_do(page: Page, served: Served) -> None:
    payload, _ = Encoder(Codec.H264).encode(PICTURE, key=True)
    profile = payload.index(b"\x67\x42") + 1  # in the parameters
    unknown = payload[:profile] + b"\0" + payload[profile + 1 :]
    watch(page, served)
    send(served, PICTURE, Codec.H264, unknown)
    text_becomes(page, "#state", "no H.264")
    text_becomes(
        page, "#notice", "This browser cannot decode H.264. Start launch.py with --codec jpeg."
    )
    show(page, served, 50)
    text_becomes(page, "#state", "live")


def test_losses_restarts_and_damage_are_counted_and_the_stream_goes_on(
    page: Page, served: Served
) -> None:
    watch(page, served)
    for shade, (stream_id, seq) in enumerate([(1, 2**32 - 1), (1, 0), (1, 4), (2, 77), (2, 78)]):
        show(page, served, shade * 10, stream_id=stream_id, seq=seq)
    text_becomes(page, "#dropped", "3")
    for count in (1, 2, 3):
        send(served, payload=b"this is no JPEG", stream_id=2, seq=78 + count)
        text_becomes(page, "#damaged", f"{count} damaged")
    served.web.offer(MAGIC, b"and no more of a header", key=True)
    text_becomes(page, "#damaged", "4 damaged")
    show(page, served, 200, stream_id=2, seq=82)
    text_becomes(page, "#dropped", "6")
    text_becomes(page, "#state", "live")


def test_the_page_says_what_it_is_told_and_what_is_amiss(page: Page, served: Served) -> None:
    watch(page, served)
    text_becomes(page, "#state", "no pictures")
    served.web.inform(
        {
            "source": {"name": "<b>camera</b>"},
            "backend": "onnxruntime-cpu",
            "bundle": "tiny@0",
            "fps": {"out": 29.97},
        }
    )
    text_becomes(page, "#about", "<b>camera</b>  ·  onnxruntime-cpu  ·  tiny@0")
    text_becomes(page, "#fps-made", "of 30.0")
    show(page, served, 50, seq=1)
    text_becomes(page, "#state", "live")
    show(page, served, 60, seq=2, flags=Flag.KEY | Flag.SOURCE_LOST)
    text_becomes(page, "#state", "camera lost")
    assert "This is the last one" in page.inner_text("#notice")


def test_the_age_is_from_the_camera_to_the_page(page: Page, served: Served) -> None:
    watch(page, served)
    show(page, served, 50, capture_us=unix_us() - 5_000_000)
    page.wait_for_function("() => document.querySelector('#age').textContent.endsWith(' ms')")
    age_ms = int(page.inner_text("#age").removesuffix(" ms"))
    assert 5000 <= age_ms < 5000 + PATIENCE_MS


def test_without_a_headset_the_button_says_why(page: Page, served: Served) -> None:
    watch(page, served)
    page.wait_for_function("() => document.querySelector('#vr-reason').textContent !== ''")
    assert page.inner_text("#vr-reason") == "no headset found"
    assert page.is_disabled("#vr")


def test_a_wrong_address_is_told_so_and_the_right_one_helps_without_a_reload(
    page: Page, served: Served
) -> None:
    page.goto(f"{served.site}/#wrong")
    text_becomes(page, "#state", "not let in")
    page.evaluate("token => { location.hash = token; }", served.token)
    text_becomes(page, "#stream", "main")


def test_where_too_many_watch_the_page_waits_for_its_turn(page: Page, served: Served) -> None:
    others = [page.context.new_page() for _ in range(MOST_VIEWERS)]
    for other in others:
        watch(other, served)
    page.goto(served.web.urls[0])
    text_becomes(page, "#state", "full")
    others[0].close()
    text_becomes(page, "#stream", "main")


def test_over_https_page_and_pictures_come_from_one_port(page: Page, tmp_path: Path) -> None:
    """With the warning out of the way, once, as a person does it who trusts no authority."""
    make_certificate(tmp_path, ["127.0.0.1"])
    with serving(certificates=tmp_path) as served:
        watch(page, served)
        assert page.url.startswith("https://")
        assert page.evaluate("isSecureContext")
        show(page, served, 50)


def test_no_script_runs_but_those_of_the_page(page: Page, served: Served) -> None:
    watch(page, served)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hijacked = true";
          document.body.append(script);
        }"""
    )
    assert not page.evaluate("window.hijacked")
    assert any("Content Security Policy" in text for text in refused)
