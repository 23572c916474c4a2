"""Receive an avatar stream: as a command, `python -m realtime.client ADDRESS`, or in Python:

    >>> from realtime.client import Client
    >>> with Client("tcp://127.0.0.1:5555") as client:
    ...     for _ in range(100):
    ...         if received := client.read_image(timeout=1.0):
    ...             packet, image = received  # image: uint8[h, w, 3] RGB
    ...             print(packet.header.seq, image.shape, f"{client.age_ms(packet):.1f} ms old")

`Client.read` gives the newest picture as a `Packet`, still encoded; `read_image` decodes it. Slow
reading never makes pictures older: those that were not read in time are skipped and counted.
`Client.report` is everything counted and measured, `Client.info` what the publisher tells of
itself. Damaged messages are counted, never raised.
"""

from realtime.client.subscriber import Client
from realtime.codec import decode
from realtime.wire import Codec, Flag, Header, Packet

__all__ = ["Client", "Codec", "Flag", "Header", "Packet", "decode"]
