"""A small certificate authority of one's own, and this machine's certificate from it.

    FOLDER/
    ├── ca.crt       what a headset is made to trust, once
    ├── ca.key       stays here: whoever has it can make certificates that the headset believes
    ├── server.crt   this machine's; made again whenever its addresses have changed
    └── server.key

The authority may vouch for private addresses, names that end in .local and the names that it was
made for, and for nothing else: not even who steals its key can pose as a site of the internet.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from realtime.errors import UsageError
from realtime.secret_files import write_secret
from realtime.web.machine import PRIVATE_NETWORKS

CA_CERTIFICATE, CA_KEY = "ca.crt", "ca.key"
CERTIFICATE, KEY = "server.crt", "server.key"

_CA_LIFE = timedelta(days=3650)
_LIFE = timedelta(days=397)
"""Browsers refuse certificates that live longer than 398 days."""
_SLACK = timedelta(days=1)
"""Clocks of headsets are wrong now and then."""


def make_certificate(folder: Path, names: Sequence[str]) -> bool:
    """Write this machine's certificate for `names`: host names and addresses. True: the authority
    is new as well, so headsets have to be made to trust it.

    Raises `UsageError` for a folder that cannot be used, for what is no name, and for a name that
    the folder's authority may not vouch for.
    """
    wanted = [_general(name) for name in dict.fromkeys(names)]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not (folder / CA_KEY).exists()
        if new:
            _make_authority(folder, wanted)
        authority = x509.load_pem_x509_certificate((folder / CA_CERTIFICATE).read_bytes())
        key = load_pem_private_key((folder / CA_KEY).read_bytes(), None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise ValueError(f"{CA_KEY} is of another kind")
        permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value
        for name in wanted:
            if not _covered(name, permitted.permitted_subtrees or ()):
                raise UsageError(
                    f"the authority in {folder} may not vouch for {name.value}, which was not "
                    "named when it was made: delete the folder and begin again; headsets have to "
                    "trust the new authority then"
                )
        _make_leaf(folder, authority, key, wanted)
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise UsageError(f"cannot use the folder {folder} for certificates: {error}") from error
    return new


def load_certificate(folder: Path) -> ssl.SSLContext:
    """What a TLS server needs. Raises `UsageError` for files that are missing, damaged or over."""
    try:
        until = _read_leaf(folder).not_valid_after_utc
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise UsageError(
            f"no certificate can be read from {folder} ({error}): make one with "
            f"`python -m realtime.web certificate {folder}`"
        ) from error
    if until < datetime.now(UTC):
        raise UsageError(
            f"the certificate in {folder} was good until {until:%Y-%m-%d}: make a new one with "
            f"`python -m realtime.web certificate {folder}`"
        )
    return context


def certified_names(folder: Path) -> frozenset[str]:
    """The names and addresses that the folder's certificate is for; it must be readable."""
    try:
        extensions = _read_leaf(folder).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(str(name.value) for name in names)


def _read_leaf(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())


def _make_authority(folder: Path, wanted: Iterable[x509.GeneralName]) -> None:
    key = generate_private_key(SECP256R1())
    serial = x509.random_serial_number()
    subject = _subject(f"headset-avatar {serial % 16**6:06x}")
    permitted: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName("local")]
    permitted += map(x509.IPAddress, PRIVATE_NETWORKS)
    permitted += [_as_constraint(name) for name in wanted if not _covered(name, permitted)]
    certificate = (
        _builder(subject, subject, key, serial, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(key, SHA256())
    )
    (folder / CA_CERTIFICATE).write_bytes(certificate.public_bytes(Encoding.PEM))
    write_secret(folder / CA_KEY, _pem(key))


def _make_leaf(
    folder: Path,
    authority: x509.Certificate,
    ca_key: EllipticCurvePrivateKey,
    names: Iterable[x509.GeneralName],
) -> None:
    key = generate_private_key(SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    serial = x509.random_serial_number()
    certificate = (
        _builder(_subject("headset-avatar"), authority.subject, key, serial, _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, SHA256())
    )
    write_secret(folder / KEY, _pem(key))
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    serial: int,
    life: timedelta,
) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - _SLACK
    public_key = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(begin)
        .not_valid_after(begin + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise UsageError(f"{name!r} is no host name and no address: {error}") from error


def _as_constraint(name: x509.GeneralName) -> x509.GeneralName:
    """A certificate is for addresses, an authority for networks."""
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(name.value))
    return name


def _covered(name: x509.GeneralName, permitted: Iterable[x509.GeneralName]) -> bool:
    return any(_allows(constraint, name) for constraint in permitted)


def _allows(constraint: x509.GeneralName, name: x509.GeneralName) -> bool:
    if isinstance(name, x509.IPAddress) and isinstance(constraint, x509.IPAddress):
        network = constraint.value
        return isinstance(network, IPv4Network | IPv6Network) and name.value in network
    if isinstance(name, x509.DNSName) and isinstance(constraint, x509.DNSName):
        return f".{name.value}".endswith(f".{constraint.value}")
    return False
