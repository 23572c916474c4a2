"""An encrypted stream: who has a key watches, everybody else gets nothing and sees nothing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import zmq

from realtime.address import parse_address
from realtime.client import Client
from realtime.errors import AddressError, UsageError
from realtime.keys import ClientKey, KeyFolder
from realtime.keys.sockets import encrypt
from realtime.publisher import Publisher
from realtime.wire import MAGIC
from tests.realtime.broadcast import PATIENCE_S, Broadcast, picture, wait_until
from tests.relay import Relay

QUIET_S = 0.5
"""What has not come by then does not come: pictures go out every few milliseconds."""
HANDSHAKE_BYTES = 400
"""More than a publisher says before it knows who is there: its greeting and WELCOME."""


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


@pytest.fixture
def alice(keys: KeyFolder, tmp_path: Path) -> Path:
    """The file of a client that may watch."""
    path = tmp_path / "alice.key.json"
    keys.new("alice").save(path)
    return path


def gets_nothing(client: Client) -> bool:
    wait_until(lambda: client.refused)
    assert client.read(QUIET_S) is None
    return client.tally.received == 0 and client.info is None and not client.connected


def test_who_has_a_key_watches_and_knows_the_time(keys: KeyFolder, alice: Path) -> None:
    with Broadcast(keys=keys) as broadcast, Client(broadcast.address, curve=alice) as client:
        received = client.read_image(PATIENCE_S)
        assert received is not None
        assert (received[1] == picture(received[0].header.seq)).all()
        wait_until(lambda: client.clock_offset_ms is not None)
        assert client.connected
        assert not client.refused


def test_a_client_without_a_key_gets_nothing(keys: KeyFolder, alice: Path) -> None:
    with Broadcast(keys=keys) as broadcast, Client(broadcast.address, curve=alice) as good:
        with Client(broadcast.address) as plain:
            assert gets_nothing(plain)
        assert good.read(PATIENCE_S) is not None


def test_a_client_with_an_unknown_key_gets_nothing(
    keys: KeyFolder, alice: Path, tmp_path: Path
) -> None:
    stranger = KeyFolder(tmp_path / "others").new("alice")
    path = tmp_path / "stranger.json"
    stranger.model_copy(update={"publisher": keys.public()}).save(path)
    with Broadcast(keys=keys) as broadcast:
        with Client(broadcast.address, curve=path) as client:
            assert gets_nothing(client)
        assert broadcast.said == [
            "keys: a client was turned away that has no key of this publisher (said once)"
        ]


def test_a_client_talks_to_no_other_publisher_than_its_own(
    keys: KeyFolder, alice: Path, tmp_path: Path
) -> None:
    impostor = KeyFolder(tmp_path / "impostor")
    impostor.new("x")
    impostor.allow("alice", ClientKey.load(alice).public)
    with Broadcast(keys=impostor) as broadcast, Client(broadcast.address, curve=alice) as client:
        assert gets_nothing(client)
    with Broadcast() as plain, Client(plain.address, curve=alice) as client:
        assert gets_nothing(client)


def test_the_clock_answers_nobody_without_a_key(keys: KeyFolder, alice: Path) -> None:
    ping = b"AVK1" + bytes(8)
    with Broadcast(keys=keys) as broadcast, Client(broadcast.address, curve=alice) as client:
        wait_until(lambda: client.info)
        address = str((client.info or {})["clock"])
        with zmq.Context() as context:
            for key, answered in ((None, False), (ClientKey.load(alice), True)):
                with context.socket(zmq.DEALER) as dealer:
                    dealer.setsockopt(zmq.LINGER, 0)
                    if key is not None:
                        encrypt(dealer, key)
                    dealer.connect(address)
                    dealer.send(ping)
                    patience_s = PATIENCE_S if answered else QUIET_S
                    assert bool(dealer.poll(int(patience_s * 1000))) is answered


@pytest.mark.parametrize("encrypted", [False, True])
def test_who_listens_on_the_way_sees_no_picture(
    keys: KeyFolder, alice: Path, encrypted: bool
) -> None:
    """Without encryption the same look finds everything, so it would find it."""
    with (
        Broadcast(keys=keys if encrypted else None) as broadcast,
        Relay(broadcast.address) as relay,
        Client(relay.address, curve=alice if encrypted else None) as client,
    ):
        shown = []
        for _ in range(20):
            packet = client.read(PATIENCE_S)
            assert packet is not None
            shown.append(bytes(packet.payload))
        wait_until(lambda: client.info)
    passed = bytes(relay.to_client + relay.to_publisher)
    secrets = [MAGIC, b"avatar/main", b"info/main", b"tiny@01234567", *shown]
    seen = [secret in passed for secret in secrets]
    assert len(passed) > sum(map(len, shown))
    assert not any(seen) if encrypted else all(seen)


def test_what_was_recorded_opens_nothing_later(keys: KeyFolder, alice: Path) -> None:
    with Broadcast(keys=keys) as broadcast:
        with Relay(broadcast.address) as relay, Client(relay.address, curve=alice) as client:
            assert client.read(PATIENCE_S) is not None
        said_before = len(broadcast.said)
        target = parse_address(broadcast.address)
        with socket.create_connection((target.host, target.port), PATIENCE_S) as replay:
            replay.sendall(relay.to_publisher)
            got = read_all(replay)
        assert len(got) < HANDSHAKE_BYTES < len(relay.to_client)
        assert len(broadcast.said) == said_before
        wait_until(lambda: broadcast.publisher.subscribers == 0)


def read_all(connection: socket.socket) -> bytes:
    """All until the other end hangs up."""
    got = b""
    try:
        while data := connection.recv(1 << 16):
            got += data
    except ConnectionResetError:
        pass
    return got


def test_revoking_ends_the_connection_and_lets_nobody_back(keys: KeyFolder, alice: Path) -> None:
    with Broadcast(keys=keys) as broadcast, Client(broadcast.address, curve=alice) as client:
        assert client.read(PATIENCE_S) is not None
        keys.revoke("alice")
        wait_until(lambda: client.refused)
        client.read(0)
        assert client.read(QUIET_S) is None
        wait_until(lambda: broadcast.publisher.subscribers == 0)


def test_a_client_that_is_added_while_it_runs_may_watch(keys: KeyFolder, tmp_path: Path) -> None:
    keys.new("alice")
    with Broadcast(keys=keys) as broadcast:
        keys.new("bob").save(tmp_path / "bob")
        with Client(broadcast.address, curve=tmp_path / "bob") as client:
            assert client.read(PATIENCE_S) is not None


def test_keys_that_cannot_be_read_any_more_let_nobody_in(keys: KeyFolder, alice: Path) -> None:
    with Broadcast(keys=keys) as broadcast:
        (keys.path / "clients" / "alice.json").write_text("{")
        with Client(broadcast.address, curve=alice) as client:
            assert gets_nothing(client)
        assert any("nobody is let in" in line for line in broadcast.said)


def test_other_machines_may_come_with_keys(keys: KeyFolder) -> None:
    keys.new("alice")
    publisher = Publisher("tcp://0.0.0.0:0", keys=keys)
    publisher.close()
    with pytest.raises(AddressError, match=r"add --curve .* or --insecure"):
        Publisher("tcp://0.0.0.0:0")


def test_a_folder_without_keys_is_refused(keys: KeyFolder) -> None:
    with pytest.raises(UsageError, match=r"`python -m realtime\.keys new NAME` makes keys"):
        Publisher("tcp://127.0.0.1:0", keys=keys)
