"""`Chain`: the received pictures that the newest one needs, back to its key picture. No I/O.

A picture that stands for itself is a chain of one. Of H.264, all from the last key picture on are
decoded, and the newest alone is shown: `ChainDecoder`.
"""

from __future__ import annotations

from realtime.codec import Decoder
from realtime.frame import Image
from realtime.wire import Packet, seq_gap

MOST_PICTURES = 300
"""A publisher that never sends a key picture makes nothing grow beyond this."""
MOST_BYTES = 64 << 20

Pictures = tuple[Packet, ...]
"""A key picture and all that build on it, without a gap."""


class Chain:
    """Belongs to the thread that receives; what it gives may be read by any."""

    def __init__(self) -> None:
        self._pictures: Pictures = ()
        self._bytes = 0

    def add(self, packet: Packet) -> Pictures | None:
        """The pictures up to this one; None: one that it builds on was lost, or came before us."""
        if packet.header.is_key:
            self._pictures, self._bytes = (), 0
        elif not self._goes_on_with(packet):
            self._pictures = ()
            return None
        self._pictures += (packet,)
        self._bytes += len(packet.payload)
        return self._pictures

    def _goes_on_with(self, packet: Packet) -> bool:
        if not self._pictures or len(self._pictures) >= MOST_PICTURES or self._bytes > MOST_BYTES:
            return False
        last, now = self._pictures[-1].header, packet.header
        same = last.stream_id == now.stream_id and last.codec == now.codec
        return same and seq_gap(last.seq, now.seq) == 0


class ChainDecoder:
    """Belongs to the thread that reads."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._last: Packet | None = None

    def decode(self, pictures: Pictures) -> Image:
        """The newest picture, uint8[h, w, 3] RGB, by those before it that were not decoded yet.

        Raises `WireError` as `Decoder` does; what was damaged is not tried again.
        """
        to_do = after(pictures, self._last)
        self._last = pictures[-1]
        for packet in to_do[:-1]:
            self._decoder.decode(packet)
        return self._decoder.decode(to_do[-1])


def after(pictures: Pictures, decoded: Packet | None) -> Pictures:
    """Those that come after the one that was decoded last; all, if it is not among them."""
    for index, packet in enumerate(pictures):
        if packet is decoded:
            return pictures[index + 1 :]
    return pictures
