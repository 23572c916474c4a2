"""AvatarStream.cs without Unity and NetMQ: compiled against stubs of them, and played.

The stubs have the signatures of the real ones, which is all that can be had here: this finds errors
of syntax, of types and of logic, not of Unity.
"""

from __future__ import annotations

import re
import zlib

import pytest

from tests.examples.conftest import HERE, UNITY, Command, need, run
from tests.vectors.make import HERE as VECTORS
from tests.vectors.make import PICTURE_PX, picture_jpeg, picture_raw
from tests.vectors.read import Block, parse_blocks


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Plays the component with messages; each Play tells a block of figures."""
    need("mcs", "mono-mcs mono-runtime")
    folder = tmp_path_factory.mktemp("unity")
    for stub in ("UnityEngine", "NetMQ"):
        library = f"-out:{folder / stub}.dll"
        run("mcs", "-warnaserror", "-target:library", library, HERE / "unity" / f"{stub}.cs")
    references = (f"-lib:{folder}", "-reference:UnityEngine.dll", "-reference:NetMQ.dll")
    program = folder / "Play.exe"
    sources = (*UNITY.glob("*.cs"), HERE / "unity" / "Play.cs")
    run("mcs", "-warnaserror", f"-out:{program}", *references, *sources)
    return ["mono", str(program)]


def play(player: Command, *names: str, jpeg_px: tuple[int, int] = PICTURE_PX) -> list[Block]:
    """What two Plays tell of the messages; all of NetMQ and Unity is given back after each."""
    plays = parse_blocks(run(*player, *jpeg_px, *(VECTORS / f"{name}.msg" for name in names)))
    assert [told["play"] for told in plays] == ["1", "2"]
    for told in plays:
        assert told["connected"] == "tcp://127.0.0.1:5555 avatar/main"
        assert (told["cleanups"], told["open"], told["error"]) == (told["play"], "0", "")
    return plays


def test_a_jpeg_is_handed_to_unity_as_it_came(player: Command) -> None:
    for told in play(player, "jpeg"):
        assert told["texture"] == "64x32"
        assert int(told["crc32"]) == zlib.crc32(picture_jpeg())


@pytest.mark.parametrize("name", ["raw", "raw_single"])
def test_a_raw_picture_is_turned_upside_down_as_unity_has_it(player: Command, name: str) -> None:
    width, height = PICTURE_PX
    rows = picture_raw()
    flipped = b"".join(rows[y * width * 3 : (y + 1) * width * 3] for y in reversed(range(height)))
    for told in play(player, name):
        assert told["texture"] == "64x32"
        assert int(told["crc32"]) == zlib.crc32(flipped)


def test_only_the_newest_of_what_came_is_uploaded(player: Command) -> None:
    for told in play(player, "raw", "raw_single", "jpeg", "bad_crc", "info", "restart", "gap"):
        assert (told["received"], told["uploads"], told["seq"]) == ("5", "1", "114")
        assert (told["lost"], told["refused"], told["restarts"]) == ("0", "2", "2")


def test_other_topics_are_left_alone(player: Command) -> None:
    for told in play(player, "raw", "odd_topic", "no_topic_single"):
        assert (told["received"], told["refused"], told["seq"]) == ("1", "1", "100")


def test_a_lost_camera_shows(player: Command) -> None:
    assert [told["source_lost"] for told in play(player, "source_lost")] == ["True", "True"]
    assert [told["source_lost"] for told in play(player, "raw")] == ["False", "False"]


def test_a_jpeg_of_another_size_than_the_header_says_is_not_shown(player: Command) -> None:
    for told in play(player, "jpeg", jpeg_px=(32, 64)):
        assert (told["undecodable"], told["seq"]) == ("1", "")


def test_the_readme_lists_members_that_are_there() -> None:
    source = (UNITY / "AvatarStream.cs").read_text(encoding="utf-8")
    _, table = (UNITY / "README.md").read_text(encoding="utf-8").split("| member | meaning |")
    cells = re.findall(r"^\| (`[^|]+) \|", table.split("\n\n")[0], re.MULTILINE)
    members = re.findall(r"`(\w+)`", " ".join(cells))

    assert len(members) >= 12
    for member in members:
        assert re.search(rf"public \w+ {member}\b", source), member
