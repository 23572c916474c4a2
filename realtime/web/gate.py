"""`Gate`: who may watch. The run's token opens it, and so does the pass of an earlier visit.

The token is random, new in every run, and stands behind the `#` of the printed address, which a
browser sends to nobody: only the page's script reads it. A browser that comes with it is given a
pass, which the page keeps as long as its tab is open. The pass is signed with a key that outlives
the run, so a page goes on by itself when the program is started again, and nobody else does.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable

from realtime.errors import UsageError
from realtime.secret_files import KEY_BYTES, own_key, state_folder

PASS_LIFE_S = 12 * 3600
KEY_FILE = "web.key"


class Gate:
    """Checks tokens and passes for one stream, in constant time."""

    def __init__(self, stream: str, key: bytes) -> None:
        self._stream, self._key = stream, key
        self.token = secrets.token_urlsafe(16)

    def admits(self, token: str, pass_: str) -> bool:
        """Whether one of the two is good; both may be any text."""
        by_token = _equal(token, self.token)
        expiry, _, _ = pass_.partition(".")
        by_pass = _equal(pass_, self._sign(expiry)) and int(expiry) > time.time()
        return by_token or by_pass

    def new_pass(self) -> str:
        """A pass that is good for `PASS_LIFE_S` from now."""
        return self._sign(str(int(time.time()) + PASS_LIFE_S))

    def _sign(self, expiry: str) -> str:
        signed = f"pass {self._stream} {expiry}".encode(errors="replace")
        return f"{expiry}.{hmac.digest(self._key, signed, 'sha256').hex()}"


def load_key(on_event: Callable[[str], None]) -> bytes:
    """The key that passes are signed with; made at the first call and kept for the next run.

    Where it cannot be kept it is good for this run only, and `on_event` is told so.
    """
    try:
        return own_key(KEY_FILE)
    except (OSError, UsageError) as error:
        on_event(
            f"web: {state_folder() / KEY_FILE} cannot be used ({error}): pages will not go on by "
            "themselves after a restart; they need the new address then"
        )
        return secrets.token_bytes(KEY_BYTES)


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode(errors="replace"))
