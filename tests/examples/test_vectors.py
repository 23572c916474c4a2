"""Every reader in another language makes of the test vectors what the reference makes of them."""

from __future__ import annotations

import pytest

from tests.examples.conftest import EXAMPLES, STRICT, need, run
from tests.vectors.make import HERE as VECTORS
from tests.vectors.read import blocks, parse_blocks, same

EXPECTED = blocks(VECTORS / "expected.txt")


@pytest.mark.parametrize("reader", ["describe_c", "describe_node", "describe_mono"])
def test_it_reads_every_vector_as_expected(reader: str, request: pytest.FixtureRequest) -> None:
    command = request.getfixturevalue(reader)

    told = parse_blocks(run(*command, *(VECTORS / f"{it['name']}.msg" for it in EXPECTED)))

    decodes_jpeg = any(block.get("codec") == "1" and "picture" in block for block in told)
    assert len(told) == len(EXPECTED)
    for ours, expected in zip(told, EXPECTED, strict=True):
        needs = expected.get("needs")
        if needs is None or (needs == "jpeg" and decodes_jpeg):
            same(ours, expected)
        elif needs == "h264":
            assert ours["result"] == "bad_codec"  # they show the newest picture only


@pytest.mark.parametrize(
    ("compiler", "language", "standard"), [("gcc", "c", "c99"), ("g++", "c++", "c++11")]
)
def test_the_parser_is_c_and_c_plus_plus(compiler: str, language: str, standard: str) -> None:
    need(compiler, f"{compiler} libc6-dev")
    header = EXAMPLES / "native" / "avatar_header.h"
    run(compiler, f"-std={standard}", *STRICT, "-fsyntax-only", "-x", language, header)
