"""What is fuzzed: a parser, good inputs to begin with, and what it may raise."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from calibration.profile import CameraProfile, ProfileError
from realtime.address import parse_address
from realtime.bundle import Bundle
from realtime.clock import OffsetFilter, answer
from realtime.codec import decode
from realtime.connections import Connections
from realtime.errors import AddressError, BadBundle, SessionError, WireError
from realtime.manifest import CAMERA, GOLDEN, MANIFEST
from realtime.sessions.format import (
    INDEX,
    MARKS,
    SESSION,
    Camera,
    Ending,
    IndexRow,
    Mark,
    SessionFile,
)
from realtime.sessions.reader import Session
from realtime.sessions.summary import as_text
from realtime.wire import parse, parse_info
from tests.conftest import write_tiny_bundle, write_tiny_manifest
from tests.vectors.make import vectors

Run = Callable[[bytes], object]
SHAPE = (1, 4, 4, 3)
DEMO = Path(__file__).parents[2] / "models" / "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser. `run` returns for what it takes and what it refuses as it should; else raises."""

    name: str
    seeds: tuple[bytes, ...]
    run: Run


@contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """All of them by name; those that read files have a folder until this is left."""
    with tempfile.TemporaryDirectory() as folder:
        every = (_message(), _info(), _ping(), _subscription(), _web_socket())
        every += _bundle_files(Path(folder)) + _checkpoint_files(Path(folder))
        every += _session_files(Path(folder))
        yield {target.name: target for target in every}


def _message() -> Target:
    """Parts as in tests/vectors: each with its length before it, u32."""

    def run(data: bytes) -> None:
        parts = []
        while len(data) >= 4:
            (size,) = struct.unpack_from("<I", data)
            parts.append(data[4 : 4 + size])
            data = data[4 + size :]
        with suppress(WireError):
            decode(parse(parts))

    return Target(name="message", seeds=tuple(vector.message() for vector in vectors()), run=run)


def _info() -> Target:
    info = json.dumps({"schema": 1, "source": {"name": "demo"}, "fps": {"in": 30.0}}).encode()

    def run(data: bytes) -> None:
        with suppress(WireError):
            parse_info([data])
        with suppress(AddressError):
            parse_address(data.decode(errors="replace"))

    return Target(name="info", seeds=(b"info/main" + info, b"tcp://[::1]:5556"), run=run)


def _ping() -> Target:
    ping = b"AVK1" + bytes(8)

    def run(data: bytes) -> None:
        answer(data, 1, 2)
        client = OffsetFilter()
        client.ping(0)
        client.take(data, 3)

    return Target(name="ping", seeds=(ping, ping + bytes(16)), run=run)


def _subscription() -> Target:
    def run(data: bytes) -> None:
        connections = Connections((b"avatar/main", b"info/main"))
        connections.opened(5)
        for message in data.split(b"|"):
            connections.take(5, message)
        connections.count(b"avatar/main")

    return Target(name="subscription", seeds=(b"\1avatar/main|\0avatar/main|\1info/",), run=run)


def _web_socket() -> Target:
    from aiohttp import WSMessage, WSMsgType

    from realtime.web.complaints import Complaints
    from realtime.web.viewer import ACKNOWLEDGE, Viewer

    class Socket:
        async def send_bytes(self, data: bytes) -> None:
            assert len(data) == 28

    loop = asyncio.new_event_loop()
    loop.close()  # nothing here waits, so nothing needs one that runs

    def run(data: bytes) -> None:
        viewer = Viewer(Complaints(lambda _: None))
        viewer._socket = Socket()  # type: ignore[assignment]
        for message in data.split(b"|"):
            taking = viewer._take(WSMessage(WSMsgType.BINARY, message, None))
            with suppress(StopIteration):
                taking.send(None)

    seeds = (ACKNOWLEDGE, b"AVK1" + bytes(8), ACKNOWLEDGE + b"|AVK1" + bytes(8))
    return Target(name="web-socket", seeds=seeds, run=run)


def _bundle_files(folder: Path) -> tuple[Target, ...]:
    """The files of a bundle, one of which is bad; the manifest always has its right hash."""
    bundle = folder / "bundle"
    bundle.mkdir()
    write_tiny_bundle(bundle, SHAPE)

    def target(name: str, file: str, *others: bytes) -> Target:
        good = (bundle / file).read_bytes()

        def run(data: bytes) -> None:
            (bundle / file).write_bytes(data)
            if file != MANIFEST:
                write_tiny_manifest(bundle, SHAPE)
            with suppress(BadBundle):
                Bundle.load(bundle)
            (bundle / file).write_bytes(good)

        return Target(name=name, seeds=(good, *others), run=run)

    plain = io.BytesIO()
    np.savez(plain, input_0=np.zeros(SHAPE, np.uint8), output_0=np.zeros(SHAPE, np.uint8))
    return (
        target("manifest", MANIFEST, (DEMO / MANIFEST).read_bytes()),
        target("golden", GOLDEN, plain.getvalue()),
        _profile(folder),
    )


def _profile(folder: Path) -> Target:
    path = folder / CAMERA

    def run(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(ProfileError):
            CameraProfile.load(path).for_size((64, 48))

    return Target(name="profile", seeds=((DEMO / CAMERA).read_bytes(),), run=run)


def _session_files(folder: Path) -> tuple[Target, ...]:
    """The files of a session, one of which is bad."""
    row = IndexRow(seq=0, capture_ns=5, capture_unix_us=5, dropped_before=0, crc32=1)
    rows = [row.model_copy(update={"seq": n, "capture_ns": 5 + n}) for n in range(3)]
    camera = Camera(source="x", asked={}, settings={}, fps=None, notes=())
    about = SessionFile(
        created=datetime(2026, 1, 2, tzinfo=UTC),
        size_px=(4, 4),
        codec="x",
        camera=camera,
        profile=CameraProfile.load(DEMO / CAMERA),
        bundle=None,
        software={},
        ended=Ending(why="failed: x", frames=3, dropped={}),
    )
    mark = Mark(time_ns=5, unix_us=5, kind="light", text="on")
    good = {
        SESSION: about.model_dump_json().encode(),
        INDEX: "".join(row.model_dump_json() + "\n" for row in rows).encode(),
        MARKS: mark.model_dump_json().encode() + b"\n",
    }
    for file, content in good.items():
        (folder / file).write_bytes(content)

    def target(name: str, file: str) -> Target:
        def run(data: bytes) -> None:
            (folder / file).write_bytes(data)
            with suppress(SessionError, ProfileError):
                session = Session.open(folder)
                as_text(session)
                if session.about.profile is not None:
                    session.about.profile.for_size((64, 48))
            (folder / file).write_bytes(good[file])

        return Target(name=name, seeds=(good[file],), run=run)

    names = {"session": INDEX, "session-file": SESSION, "marks": MARKS}
    return tuple(target(name, file) for name, file in names.items())


def _checkpoint_files(folder: Path) -> tuple[Target, ...]:
    import torch
    from safetensors.torch import save

    from train import checkpoint
    from train.config import FitConfig
    from train.config_json import to_json
    from train.distill.config import DistillConfig, Teacher
    from train.errors import BadCheckpoint

    place = folder / "step-0000001"
    place.mkdir()
    config = FitConfig(v=Path("v"), c=Path("c"), out=Path("out"))
    network = config.network
    teacher = Teacher(
        path=Path("teacher"),
        run="teacher",
        step=1,
        method="uncooperative",
        network=network,
        sources=(Path("v"),),
        stages=({"run": "teacher"},),
    )
    student = DistillConfig(v=Path("v"), out=Path("out"), network=network, teacher=teacher)
    meta = {"format": checkpoint.FORMAT, "step": 1, "progress": {}}
    of_fit, of_student = (
        json.dumps(meta | {"config": to_json(one)}).encode() for one in (config, student)
    )
    good = {
        checkpoint.META: of_fit,
        checkpoint.TENSORS: save({"a.b": torch.zeros(2, 3), "step": torch.ones(1)}),
    }
    for file, content in good.items():
        (place / file).write_bytes(content)

    def target(name: str, file: str) -> Target:
        def run(data: bytes) -> None:
            (place / file).write_bytes(data)
            with suppress(BadCheckpoint):
                checkpoint.load(place)
            (place / file).write_bytes(good[file])

        seeds = (of_fit, of_student) if file == checkpoint.META else (good[file],)
        return Target(name=name, seeds=seeds, run=run)

    return target("checkpoint", checkpoint.META), target("tensors", checkpoint.TENSORS)
