"""`PublishThread`: encodes avatars and sends them, and says what there is to say of the stream.

While no new picture can be made, the last one is sent now and then, marked as old. Every error, of
the threads before it too, arrives here with the mailbox that they close, and ends the run.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from realtime.codec import Encoder
from realtime.health import Pulse
from realtime.infer import CALM_S, TURN_S, Result
from realtime.mailbox import Closed
from realtime.publisher import Publisher
from realtime.relay import Relay
from realtime.report import Snapshot, info_message
from realtime.stats import Latency, Rate
from realtime.wire import Codec, Flag, Header

_INFO_PERIOD_NS = 1_000_000_000
_REPEAT_PERIOD_NS = 500_000_000
_LOOK_PERIOD_NS = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is done with the avatar's pictures."""

    stream: str = "main"
    codec: Codec = Codec.JPEG
    quality: int = 90
    frames: int | None = None
    """Stop after so many were published; None is no limit."""


class PublishThread(threading.Thread):
    """Publishes until its mailbox is closed or `Output.frames` are out. The publisher is its own
    for that time; any thread may read the attributes."""

    def __init__(
        self,
        inbox: Relay[Result],
        publisher: Publisher,
        output: Output,
        *,
        snapshot: Callable[[], Snapshot],
        in_trouble: Callable[[], bool],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        """snapshot: the figures that go out as information. in_trouble: whether no new picture can
        be made. on_end: told once that this thread ends, with the error if it is one."""
        super().__init__(name="publish", daemon=True)
        self.pulse = Pulse()
        self.latency = {stage: Latency() for stage in ("encode", "publish", "total")}
        self.fps = Rate()
        self.published = self.sent = self.subscribers_max = 0
        self.first_ns = self.last_ns = 0
        """When the first and the last frame were published; 0: none was."""
        self._inbox, self._publisher, self._output = inbox, publisher, output
        self._encoder = Encoder(output.codec, output.quality)
        self._snapshot, self._in_trouble, self._on_end = snapshot, in_trouble, on_end
        self._last: Result | None = None
        self._fps_x100 = 0
        self._next_info_ns = self._next_repeat_ns = self._next_look_ns = 0

    def run(self) -> None:
        failure: BaseException | None = None
        try:
            with contextlib.suppress(Closed):
                patience_s = TURN_S
                while True:
                    before = self.published
                    self._inbox.serve(self._turn, patience_s)
                    flows = self.published > before
                    if not flows:
                        self._turn_without()
                    patience_s = CALM_S if flows else TURN_S
            self._publisher.send_info(info_message(self._snapshot()))  # says that it has ended
        except BaseException as error:
            failure = error
        finally:
            self._on_end(failure)

    def _turn(self, result: Result) -> None:
        self.pulse.beat()
        if not self._publisher.subscribers:
            self._look_around()
            self._publish(result)
        else:  # before all else, which would make it older
            self._publish(result)
            if self.last_ns >= self._next_look_ns:
                self._look_around()
        if self.published == self._output.frames:
            raise Closed

    def _turn_without(self) -> None:
        self.pulse.beat()
        self._look_around()
        if self._in_trouble():
            self._repeat_last()

    def _look_around(self) -> None:
        """See who comes, and say what there is to say."""
        newcomer = self._publisher.poll(0)
        self.subscribers_max = max(self.subscribers_max, self._publisher.subscribers)
        self._fps_x100 = min(round(self.fps.per_second() * 100), 0xFFFF)
        now_ns = time.monotonic_ns()
        self._next_look_ns = now_ns + _LOOK_PERIOD_NS
        if newcomer or now_ns >= self._next_info_ns:
            self._next_info_ns = now_ns + _INFO_PERIOD_NS
            self._publisher.send_info(info_message(self._snapshot()))

    def _publish(self, result: Result) -> None:
        started_ns = encoded_ns = time.monotonic_ns()
        if self._publisher.subscribers:
            payload, flags = self._encode(result)
            encoded_ns = time.monotonic_ns()
            self._send(result, payload, flags)
        now_ns = time.monotonic_ns()
        self.latency["encode"].add(encoded_ns - started_ns)
        self.latency["publish"].add(now_ns - encoded_ns)
        self.latency["total"].add(now_ns - result.frame.capture_ns)
        self.fps.tick(now_ns)
        self.first_ns = self.first_ns or now_ns
        self.last_ns, self._last = now_ns, result
        self.published += 1

    def _repeat_last(self) -> None:
        """Show that the stream is alive and the camera is not: the last picture, marked as old."""
        now_ns = time.monotonic_ns()
        if self._last is None or not self._publisher.subscribers or now_ns < self._next_repeat_ns:
            return
        self._next_repeat_ns = now_ns + _REPEAT_PERIOD_NS
        payload, flags = self._encode(self._last)
        self._send(self._last, payload, flags | Flag.SOURCE_LOST)

    def _encode(self, result: Result) -> tuple[bytes | memoryview, Flag]:
        return self._encoder.encode(result.avatar, key=self._publisher.wants_key)

    def _send(self, result: Result, payload: bytes | memoryview, flags: Flag) -> None:
        height, width, _ = result.avatar.shape
        header = Header(
            codec=self._output.codec,
            flags=flags,
            capture_us=result.frame.capture_unix_us,
            pts_us=result.frame.pts_us,
            width=width,
            height=height,
            fps_x100=self._fps_x100,
            infer_us=result.infer_ns // 1000,
        )
        self._publisher.send(header, payload)
        self.sent += 1
