"""`python -m realtime.web certificate FOLDER`: make certificates, and tell how to trust them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from calibration.printable import printable
from realtime.command_line import parse
from realtime.errors import RealtimeError, UsageError

_USAGE = "usage: python -m realtime.web certificate FOLDER [--name NAME]"
_DESCRIPTION = """Make a certificate for this machine, so that its page can be served by https.

    python -m realtime.web certificate certificates
    python launch.py --camera 0 --web 0.0.0.0:8443 --web-cert certificates

The first time it makes an authority of your own as well, which headsets are made to trust once. Do
it again in the same folder when this machine has got another address, or after a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateConfig:
    """The docstrings of the fields are the text of --help."""

    folder: Positional[Path]
    """Where the certificates are, or are to be."""
    name: tuple[str, ...] = ()
    """Other names or addresses that headsets know this machine by, such as a public address."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["-h"], ["--help"]):
        words = ["certificate", *words]
    try:
        if words[:1] != ["certificate"]:
            raise UsageError(_USAGE)
        program = "python -m realtime.web certificate"
        print(make(parse(CertificateConfig, words[1:], program, _DESCRIPTION)), end="")
    except RealtimeError as error:
        print(f"web: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def make(config: CertificateConfig) -> str:
    """Make the certificate; what was done, and what to do next."""
    try:
        from realtime.web.certificates import CA_CERTIFICATE, make_certificate
        from realtime.web.machine import is_private, lan_addresses, local_name
    except ModuleNotFoundError as error:
        raise UsageError(
            f"this needs the extra [web] ({error}): pip install -e '.[web]'"
        ) from error
    addresses = lan_addresses()
    private = [str(address) for address in addresses if is_private(address)]
    local = filter(None, [local_name()])
    names = ["localhost", *local, *private, "127.0.0.1", "::1", *config.name]
    new = make_certificate(config.folder, names)
    said = f"{config.folder} has a certificate for {', '.join(names)}\n"
    if left_out := [str(ip) for ip in addresses if not is_private(ip) and str(ip) not in names]:
        said += (
            f"not for {', '.join(left_out)}: addresses that are not private must be asked for, "
            f"with --name {left_out[0]}\n"
        )
    ca = config.folder / CA_CERTIFICATE
    return said + (_TRUST.format(ca=ca) if new else _RENEWED) + _NEXT.format(folder=config.folder)


_TRUST = """
Headsets and other machines have to trust the new authority, {ca}, once:
  Quest, Pico and other Android headsets (developer mode, on a cable):
    adb push {ca} /sdcard/Download/
    adb shell am start -a android.settings.SECURITY_SETTINGS
    then: Encryption & credentials > Install a certificate > CA certificate > ca.crt
  Chrome on a computer:
    chrome://certificate-manager > Local certificates > Installed by you > Import
  Firefox: Settings > Privacy & Security > View Certificates > Authorities > Import
Without that a browser warns, once: Advanced > Proceed. That is enough for the page, its pictures
and VR, as all come from one port; but do it only if the address is really your machine's.
"""
_RENEWED = "Whoever trusts the folder's ca.crt trusts this certificate too.\n"
_NEXT = """
python launch.py --camera 0 --web 0.0.0.0:8443 --web-cert {folder}
"""

if __name__ == "__main__":
    sys.exit(main())
