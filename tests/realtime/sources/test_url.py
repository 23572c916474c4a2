"""No secret of an address is shown."""

from __future__ import annotations

import pytest

from realtime.sources.url import redacted


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.2:554/live", "rtsp://10.0.0.2:554/live"),
        ("rtsp://ann:secret@10.0.0.2/live", "rtsp://***@10.0.0.2/live"),
        ("http://secret@cam/video", "http://***@cam/video"),
        ("rtsp://ann:se/cr?e#t@cam/live", "rtsp://***@cam/live"),
        ("rtsp://ann:secret@more@cam/live", "rtsp://***@cam/live"),
        ("http://cam/v.cgi?user=secret&pwd=secret", "http://cam/v.cgi?user=***&pwd=***"),
        ("http://a:secret@cam/v?t=sec=ret", "http://***@cam/v?t=***"),
    ],
)
def test_secrets_are_blanked_out_and_the_rest_stays(url: str, shown: str) -> None:
    assert redacted(url) == shown
