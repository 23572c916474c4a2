"""The example clients as a user runs them: programs of their own, against the real publisher."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from realtime.frame import Image
from realtime.wire import Form
from tests.end_to_end.live import SIZE_PX, shown_number
from tests.examples.conftest import PATIENCE_S, Command, run
from tests.realtime.broadcast import Broadcast, picture, wait_until


@pytest.fixture(params=["native", "node"])
def client(request: pytest.FixtureRequest) -> Command:
    """The beginning of the command line of each of them."""
    command: Command = request.getfixturevalue(f"{request.param}_client")
    return command


def figures(said: str) -> dict[str, str]:
    """The last line of a client's output, `key=value ...`."""
    return dict(pair.split("=", 1) for pair in said.splitlines()[-1].split())


def pictures(folder: Path) -> list[Image]:
    """What was saved, in order."""
    return [_read(path) for path in sorted(folder.iterdir())]


def _read(path: Path) -> Image:
    content = path.read_bytes()
    if path.suffix == ".jpg":
        image: Image = simplejpeg.decode_jpeg(content)
        return image
    kind, size, depth, pixels = content.split(b"\n", 3)
    assert (kind, depth) == (b"P6", b"255")
    width, height = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def test_it_receives_what_launch_streams(
    client: Command, live_address: str, tmp_path: Path
) -> None:
    told = figures(run(*client, live_address, "--frames", 20, "--save", tmp_path))

    assert (told["frames"], told["lost"], told["refused"], told["restarts"]) == (
        "20",
        "0",
        "0",
        "0",
    )
    images = pictures(tmp_path)
    assert {image.shape for image in images} == {(*SIZE_PX, 3)}
    numbers = [shown_number(image) for image in images]
    assert len(numbers) == 20
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("form", ["multipart", "single"])
def test_raw_pictures_come_exactly_in_both_forms(
    client: Command, form: Form, tmp_path: Path
) -> None:
    with Broadcast(form=form) as broadcast:
        run(*client, broadcast.address, "--frames", 5, "--save", tmp_path)

    images = pictures(tmp_path)
    numbers = [int(image[0, 0, 0]) for image in images]
    assert len(numbers) == 5
    assert numbers == sorted(set(numbers))
    for image, number in zip(images, numbers, strict=True):
        assert np.array_equal(image, picture(number))


def test_a_slow_program_skips_and_does_not_lag(client: Command) -> None:
    """What comes is taken in, whether or not it is used."""
    with Broadcast(period_s=0.01) as broadcast:
        told = figures(run(*client, broadcast.address, "--frames", 10, "--work-ms", 100))

    assert int(told["received"]) >= 30
    assert (told["frames"], told["lost"]) == ("10", "0")


def test_another_stream_whose_name_begins_alike_is_not_taken_for_this_one(client: Command) -> None:
    with Broadcast(stream="main2") as broadcast:
        command = [*client, broadcast.address, "--frames", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                wait_until(lambda: broadcast.publisher.sent > 20)
                assert process.poll() is None
            finally:
                process.kill()


def test_a_publisher_that_is_started_again_is_found_again(client: Command) -> None:
    with Broadcast(limit=10) as broadcast:
        address = broadcast.address
        command = [*client, address, "--frames", "30"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: broadcast.publisher.sent == 10)
    with Broadcast(address):
        said, _ = process.communicate(timeout=PATIENCE_S)

    told = figures(said)
    assert process.returncode == 0
    assert (told["frames"], told["restarts"], told["lost"]) == ("30", "1", "0")


def test_the_age_needs_no_agreement_of_the_clocks(node_client: Command) -> None:
    """The node client compares them; the native one says that it does not."""
    with Broadcast() as broadcast:
        told = figures(run(*node_client, broadcast.address, "--frames", 100))

    assert float(told["age_ms_p50"]) > 0
    assert abs(float(told["clock_offset_ms"])) < 1000
    assert told["bundle"] == "tiny@01234567"


def test_a_wrong_command_line_gets_the_usage(client: Command) -> None:
    for words in ([], ["--help"], ["tcp://127.0.0.1:1", "--frames"]):
        done = subprocess.run([*client, *words], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "usage: " in done.stderr
