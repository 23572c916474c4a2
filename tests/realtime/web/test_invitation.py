"""What the terminal shows: the address, and on a wide terminal a QR code that reads as it."""

from __future__ import annotations

import io
import os
import pty
from typing import TextIO

import numpy as np
import pytest

from calibration.opencv import cv2
from realtime.web.invitation import invitation, qr_code

URL = "https://192.168.1.50:8443/#AbCdEfGhIjKlMnOpQrStUv"
_UPPER, _LOWER, _BOTH, _NONE = "▀▄█ "


def test_a_file_gets_the_addresses_alone() -> None:
    text = invitation([URL, "https://10.0.0.2:8443/#x"], io.StringIO())
    assert text == f"to watch in a browser: {URL}\n  or https://10.0.0.2:8443/#x"


@pytest.mark.parametrize(("columns", "shown"), [(80, True), (20, False)])
def test_a_terminal_gets_a_code_if_it_fits(columns: int, shown: bool) -> None:
    master, slave = pty.openpty()
    os.environ.pop("COLUMNS", None)
    with os.fdopen(slave, "w") as terminal, os.fdopen(master, "rb"):
        set_columns(terminal, columns)
        lines = invitation([URL], terminal).splitlines()
    assert lines[0] == f"to watch in a browser: {URL}"
    assert (len(lines) > 1) == shown


def set_columns(terminal: TextIO, columns: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def test_the_code_reads_as_the_address() -> None:
    lines = qr_code(URL)
    modules = [
        [character in bright for character in line]
        for line in lines
        for bright in ({_BOTH, _UPPER}, {_BOTH, _LOWER})
    ]
    picture = np.kron(np.array(modules, np.uint8) * 255, np.ones((8, 8), np.uint8))
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert text == URL
