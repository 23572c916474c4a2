"""What others say reaches a terminal as one line of letters."""

from __future__ import annotations

from calibration.printable import printable


def test_letters_of_all_sorts_stay() -> None:
    assert printable("Gesichtskamera (größe 3) ñ 顔 - ok") == "Gesichtskamera (größe 3) ñ 顔 - ok"


def test_what_steers_a_terminal_does_not() -> None:
    assert printable("a\x1b[2Jb\nc\rd\x07e\x9bf\u202eg\udcffh") == "a?[2Jb?c?d?e?f?g?h"


def test_it_has_an_end() -> None:
    assert len(printable("x" * 1_000_000)) == 2000
