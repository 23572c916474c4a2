"""Certificates of one's own: who trusts the authority believes it, for this machine only."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from realtime.errors import UsageError
from realtime.web import certificates as module
from realtime.web.certificates import (
    CA_CERTIFICATE,
    CA_KEY,
    CERTIFICATE,
    KEY,
    certified_names,
    load_certificate,
    make_certificate,
)
from tests.realtime.web.serving import (
    PATIENCE_S,
    asynchronous,
    browsing,
    connection,
    serving,
    session,
    until,
)

NAMES = ["localhost", "127.0.0.1", "192.168.1.5", "box.local"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "certificates"
    assert make_certificate(folder, NAMES)
    return folder


def trusting(folder: Path) -> ssl.SSLContext:
    """As a headset that was made to trust the authority."""
    context = ssl.create_default_context(cafile=folder / CA_CERTIFICATE)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@asynchronous
async def test_page_and_pictures_come_over_one_https_port(folder: Path) -> None:
    with serving(certificates=folder) as served:
        assert served.site.startswith("https://127.0.0.1:")
        async with session(trusting(folder)) as client, client.get(f"{served.site}/") as page:
            assert page.status == 200
        async with browsing(served, tls=trusting(folder)) as browser:
            await until(lambda: served.web.viewers == 1)
            assert await browser.picture_after(served) == b"\0\0\0\1picture"
    assert served.said == []


@asynchronous
async def test_who_does_not_trust_the_authority_is_warned_by_the_browser(folder: Path) -> None:
    with serving(certificates=folder) as served:
        async with session() as client:
            with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"{served.site}/")


@asynchronous
async def test_http_on_the_https_port_is_told_so_and_said_once(folder: Path) -> None:
    with serving(certificates=folder) as served:
        async with browsing(served, tls=trusting(folder)) as browser:
            await until(lambda: served.web.viewers == 1)
            for _ in range(3):
                async with connection(served) as (reader, writer):
                    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    async with asyncio.timeout(PATIENCE_S):
                        answer = await reader.read()
                    assert answer.startswith(b"HTTP/1.1 400 ")
                    assert b"speaks https" in answer
            assert await browser.picture_after(served) == b"\0\0\0\1picture"
        assert served.count("somebody asked for http:// on this port") == 1


@asynchronous
async def test_https_on_the_http_port_is_said_once(folder: Path) -> None:
    with serving() as served:
        async with session(trusting(folder)) as client:
            for _ in range(3):
                with pytest.raises(OSError, match=r"Cannot connect|reset"):
                    await client.get(served.site.replace("http:", "https:"))
        assert served.count("somebody asked for https:// on this port") == 1


@asynchronous
async def test_a_handshake_that_makes_no_sense_is_said_once(folder: Path) -> None:
    with serving(certificates=folder) as served:
        for _ in range(3):
            async with connection(served) as (reader, writer):
                writer.write(b"\x16\x03\x01\x00\x05hello")
                async with asyncio.timeout(PATIENCE_S):
                    await reader.read()
        assert served.count("a connection failed") == 1


def test_a_second_certificate_is_of_the_same_authority(folder: Path) -> None:
    authority = (folder / CA_CERTIFICATE).read_bytes()
    first = (folder / CERTIFICATE).read_bytes()
    assert not make_certificate(folder, ["localhost", "10.0.0.7"])
    assert (folder / CA_CERTIFICATE).read_bytes() == authority
    assert (folder / CERTIFICATE).read_bytes() != first
    assert certified_names(folder) == {"localhost", "10.0.0.7"}


def test_the_keys_are_for_their_owner_alone(folder: Path) -> None:
    for name in (CA_KEY, KEY):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["example.com", "8.8.8.8", "2001:4860::1", "mylocal", "local.com"])
def test_the_authority_vouches_for_nothing_of_the_internet(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"may not vouch for {name}, which was not named"):
        make_certificate(folder, [*NAMES, name])
    load_certificate(folder)  # the one before is still there


def test_nor_would_a_browser_believe_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the check above out of the way, as for somebody who stole the key."""
    monkeypatch.setattr(module, "_covered", lambda *_: True)
    make_certificate(folder, ["example.com"])
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(load_certificate(folder), trusting(folder), "example.com")
    make_certificate(folder, ["box.local"])
    shake_hands(load_certificate(folder), trusting(folder), "box.local")


def test_what_it_was_made_for_may_be_of_the_internet(tmp_path: Path) -> None:
    names = ["box.example.com", "203.0.113.9"]
    make_certificate(tmp_path, names)
    for name in names:
        shake_hands(load_certificate(tmp_path), trusting(tmp_path), name)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A TLS handshake in memory; raises what the client finds wrong."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=name)
    answering = server.wrap_bio(there, back, server_side=True)
    for side in (asking, answering, asking, answering):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def test_headsets_accept_how_long_it_lives_and_a_clock_that_is_a_little_wrong(folder: Path) -> None:
    leaf = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    now = datetime.now(UTC)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=398)
    assert leaf.not_valid_before_utc < now - timedelta(hours=1)
    assert leaf.not_valid_after_utc > now + timedelta(days=365)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("192.168.1.5") in names.get_values_for_type(x509.IPAddress)


def test_a_certificate_that_is_over_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LIFE", timedelta(hours=1))
    make_certificate(tmp_path, NAMES)
    with pytest.raises(UsageError, match=r"was good until .*python -m realtime.web certificate"):
        load_certificate(tmp_path)


def test_a_folder_without_or_with_damaged_files_is_said_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no certificate can be read from .*make one with"):
        load_certificate(tmp_path / "nothing")
    (folder / KEY).write_text("no key")
    with pytest.raises(UsageError, match="no certificate can be read from"):
        load_certificate(folder)
    (folder / CA_KEY).write_text("no key")
    with pytest.raises(UsageError, match="cannot use the folder"):
        make_certificate(folder, NAMES)
    with pytest.raises(UsageError, match="cannot use the folder"):
        make_certificate(folder / KEY, NAMES)
    with pytest.raises(UsageError, match="is no host name and no address"):
        make_certificate(tmp_path, ["bücher.local"])


def test_a_certificate_for_another_address_is_said_so(folder: Path) -> None:
    make_certificate(folder, ["localhost"])
    with serving(certificates=folder) as served:
        assert served.count(f"the certificate in {folder} is not for 127.0.0.1") == 1
