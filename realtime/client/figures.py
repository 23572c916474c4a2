"""What the command says of a stream: lines of figures, and an alert when the picture is old."""

from __future__ import annotations

from collections.abc import Sequence

from calibration.printable import printable
from realtime.client.outputs import Output
from realtime.client.subscriber import Client
from realtime.wire import Packet

SILENT_S = 1.0
"""So long without a picture is worth a word."""
_LONGEST_NAME = 60


def figures(client: Client, outputs: Sequence[Output] = ()) -> list[str]:
    """One line each: speed; what did not arrive; the source; the model; each output."""
    tally, ages = client.tally, client.age_summary()
    p50, p95 = ages["p50"], ages["p95"]
    age = "age unknown" if p50 is None or p95 is None else f"age p50 {p50:.1f} p95 {p95:.1f} ms"
    return [
        f"{client.rate.per_second():.1f} fps  {age}",
        f"lost {tally.lost}  skipped {client.skipped}  damaged {sum(tally.malformed.values())}",
        # The name last: it may be so long that a small window cuts it off.
        f"source {_told(client, 'source', 'state')}  dropped {_dropped(client)}"
        f"  {_told(client, 'source', 'name')}",
        f"bundle {_told(client, 'bundle')}  {_told(client, 'backend')}",
        *(f"{output.name}  {output.taken} taken  {output.dropped} dropped" for output in outputs),
    ]


def alert(client: Client, newest: Packet | None, silent_s: float) -> str | None:
    """Why the picture in the window is not a picture of now; None: it is.

    `newest` is the one that came last, `silent_s` how long ago.
    """
    state = _told(client, "source", "state")
    if newest is None:
        return f"waiting for {client.address}"
    if silent_s > SILENT_S:
        if state == "ended":
            return "the stream has ended"
        return f"no picture for {silent_s:.0f} s" + ("" if client.connected else ": not connected")
    if newest.header.is_repeat:
        why = state if state in ("lost", "stalled") else "lost"
        return f"camera {why}: picture is {client.age_ms(newest) / 1000:.0f} s old"
    return None


def _told(client: Client, *keys: str) -> str:
    """A text in the publisher's information, without what would steer a terminal; or "?"."""
    told: object = client.info
    for key in keys:
        told = told.get(key) if isinstance(told, dict) else None
    if not isinstance(told, str):
        return "?"
    return printable(told[:_LONGEST_NAME])


def _dropped(client: Client) -> str:
    """Frames that the publisher dropped, whatever the cause."""
    counts = (client.info or {}).get("dropped")
    if not isinstance(counts, dict):
        return "?"
    return str(sum(count for count in counts.values() if isinstance(count, int)))
