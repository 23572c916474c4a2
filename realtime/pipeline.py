r"""`Pipeline`: the loop of the live side, three threads with a one-slot mailbox between each two.

    capture thread ----> infer thread ----> publish thread ----> subscribers
     reads a frame       view, model        encode, send
              \---- - -> recorder, if there is one (realtime/sessions/recorder.py)

A camera never waits: a frame that finds the slot taken replaces the older one, which is counted as
dropped under the name of the thread that was busy. A file waits instead, and nothing is dropped.

A thread that fails closes its mailbox with the exception, so every error, the camera's included,
arrives in the publish thread, which hands it to the main thread in `wait`. A frame that the model
fails on is only left out and counted; a thread that hangs is the watchdog's to see.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from calibration.profile import CameraProfile
from calibration.view_map import ViewMap
from realtime.backends import Backend, check_picture
from realtime.bundle import Bundle
from realtime.capture import CaptureThread
from realtime.codec import Encoder
from realtime.errors import BackendError
from realtime.frame import Frame, Image
from realtime.health import STALLED_S, Failures, Pulse
from realtime.light import LightWatch
from realtime.mailbox import Closed, Mailbox
from realtime.publisher import Publisher
from realtime.report import Snapshot, info_message
from realtime.sessions.recorder import Recorder
from realtime.sources import Source
from realtime.stats import Latency, Rate
from realtime.watchdog import Stage, Watchdog
from realtime.wire import Codec, Flag, Header

STAGES = ("capture", "view", "infer", "encode", "publish", "total")
"""What is timed for each frame. capture: from the moment it was taken until the infer thread has
it; total: from that moment until it was handed to the network."""

STAGE_THREADS = ("capture", "infer", "publish")
"""Their names. None is left after `Pipeline.stop`, unless it hangs in a call."""

_TURN_S = 0.05
"""How long a thread waits for a frame before it looks at everything else it has to do."""
_CAPTURE_STOP_S = 1.0
_DRAIN_S = 3.0
"""What is on its way when the run ends has this long, so that the program ends within 5 s."""
_INFO_PERIOD_NS = 1_000_000_000
_REPEAT_PERIOD_NS = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is done with the avatar's pictures."""

    stream: str = "main"
    codec: Codec = Codec.JPEG
    quality: int = 90
    frames: int | None = None
    """Stop after so many were published; None is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    frame: Frame
    avatar: Image
    """uint8[h, w, 3] RGB."""
    infer_ns: int


class Pipeline:
    """Runs from `start` until the source ends, `Output.frames` are out, or `stop` is called.

    The publisher belongs to the pipeline's publish thread between `start` and `stop`.
    """

    def __init__(
        self,
        *,
        open_source: Callable[[], Source],
        profile: CameraProfile,
        bundle: Bundle,
        backend: Backend,
        publisher: Publisher,
        output: Output,
        clock_address: str,
        on_event: Callable[[str], None],
        on_pictures: Callable[[Image, Image], None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`on_event` gets sentences for people, from any thread. `on_pictures` gets each view and
        its avatar from the infer thread, uint8[h, w, 3] RGB, not to be written to; it must be
        quick. `recorder` gets every frame; it stays the caller's to close."""
        self._light = _light_watch(profile, bundle.profile, on_event)
        self._view = ViewMap(
            profile,
            bundle.manifest.input.size_px,
            on_event,
            self._light.add if self._light else None,
        )
        self._bundle, self._backend = bundle, backend
        self._on_pictures = on_pictures
        self._publisher, self._output, self._clock_address = publisher, output, clock_address
        self._encoder = Encoder(output.codec, output.quality)

        self._frames: Mailbox[Frame] = Mailbox()
        self._results: Mailbox[_Result] = Mailbox()
        self._recorder = recorder
        self._capture = CaptureThread(
            open_source, self._frames, on_event, recorder.offer if recorder else None
        )
        self._infer = threading.Thread(target=self._run_infer, name="infer", daemon=True)
        self._publish = threading.Thread(target=self._run_publish, name="publish", daemon=True)
        self._infer_pulse, self._publish_pulse = Pulse(), Pulse()
        self._model_failures = Failures(on_event)
        self._watchdog = Watchdog(
            {
                "capture": Stage(
                    thread=self._capture, silent_s=self._capture_silent_s, replaceable=True
                ),
                "model": Stage(
                    thread=self._infer,
                    silent_s=lambda: self._infer_pulse.silent_s,
                    replaceable=False,
                ),
                "publisher": Stage(
                    thread=self._publish,
                    silent_s=lambda: self._publish_pulse.silent_s,
                    replaceable=False,
                ),
            },
            on_event=on_event,
            on_fatal=self._fail,
            is_ready=lambda: self._published > 0,
        )
        self._stopped = False
        self._ended = threading.Event()
        self._error: BaseException | None = None

        self._latency = {stage: Latency() for stage in STAGES}
        self._fps_in, self._fps_out = Rate(), Rate()
        self._published = self._sent = self._subscribers_max = 0
        self._started_ns = self._first_ns = self._last_ns = 0
        self._seq_in = -1
        self._last: _Result | None = None
        self._next_info_ns = self._next_repeat_ns = 0

    def start(self) -> None:
        """Start the threads; the backend must be warm."""
        self._started_ns = time.monotonic_ns()
        for thread in (self._publish, self._infer, self._capture):
            thread.start()
        self._watchdog.start()

    def wait(self, timeout_s: float) -> bool:
        """True once the stream has ended by itself; raises the error that ended it."""
        if not self._ended.wait(timeout_s):
            return False
        if self._error is not None:
            raise self._error
        return True

    def stop(self) -> None:
        """End in good order: what was captured is published, then the threads end.

        A thread that hangs is left behind after `_DRAIN_S`.
        """
        self._watchdog.stop()
        self._capture.stop()
        self._capture.join(_CAPTURE_STOP_S)
        self._frames.close()
        self._infer.join(_DRAIN_S)
        self._results.close()
        self._publish.join(_DRAIN_S)
        self._stopped = True

    @property
    def source_state(self) -> str:
        """opening, live, frozen, lost, ended; or stalled: a driver that holds up a read."""
        state = self._capture.state
        return "stalled" if self._capture_silent_s() > STALLED_S else state

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why no new pictures go out, if so; the words are `Snapshot.trouble`'s."""
        found = [f"{name}_stalls" for name in self._watchdog.stalled if name != "capture"]
        if (state := self.source_state) in ("lost", "stalled", "frozen"):
            found.append(f"source_{state}")
        if self._model_failures.error is not None:
            found.append("model_fails")
        return tuple(found)

    def _capture_silent_s(self) -> float:
        source = self._capture.source
        reading = self._capture.state in ("live", "frozen") and source and source.live
        return self._capture.age_ms() / 1000 if reading else 0.0

    def _fail(self, error: BaseException) -> None:
        """End the run with this error, unless one came before."""
        if not self._ended.is_set():
            self._error = error
            self._ended.set()

    def _run_infer(self) -> None:
        try:
            while True:
                self._infer_pulse.beat()
                frame = self._frames.get(_TURN_S)
                if frame is not None:
                    self._infer_one(frame)
        except Closed:
            # A source that ended while the model failed on it was not turned into the avatar.
            self._results.close(self._model_failures.error)
        except BaseException as error:
            self._results.close(error)

    def _infer_one(self, frame: Frame) -> None:
        taken_ns = time.monotonic_ns()
        seen = self._view(frame.image)
        viewed_ns = time.monotonic_ns()
        for _ in range(frame.seq - self._seq_in):  # the ones that were dropped came in as well
            self._fps_in.tick(frame.capture_ns)
        self._seq_in = frame.seq
        try:
            batch = self._backend.run(seen)
            check_picture(seen, batch)
        except (BackendError, MemoryError) as error:
            self._model_failures.failed(error)
            return
        self._model_failures.worked()
        avatar, infer_ns = batch[0], time.monotonic_ns() - viewed_ns
        if self._on_pictures is not None:
            self._on_pictures(seen[0], avatar)
        self._latency["capture"].add(taken_ns - frame.capture_ns)
        self._latency["view"].add(viewed_ns - taken_ns)
        self._latency["infer"].add(infer_ns)
        self._hand_over(_Result(frame=frame, avatar=avatar, infer_ns=infer_ns))

    def _hand_over(self, result: _Result) -> None:
        source = self._capture.source
        if source is None or source.live:
            self._results.put(result)
            return
        while not self._results.put_when_free(result, _TURN_S):
            self._infer_pulse.beat()
            if self._ended.is_set():
                return

    def _run_publish(self) -> None:
        try:
            with contextlib.suppress(Closed):
                while self._output.frames is None or self._published < self._output.frames:
                    self._publish_turn(self._results.get(_TURN_S))
            self._publisher.send_info(info_message(self.snapshot()))  # says that it has ended
        except BaseException as error:
            self._fail(error)
        finally:
            self._ended.set()

    def _publish_turn(self, result: _Result | None) -> None:
        self._publish_pulse.beat()
        newcomer = self._publisher.poll(0)
        self._subscribers_max = max(self._subscribers_max, self._publisher.subscribers)
        if result is not None:
            self._publish_one(result)
        elif self.trouble:
            self._repeat_last()
        now_ns = time.monotonic_ns()
        if newcomer or now_ns >= self._next_info_ns:
            self._next_info_ns = now_ns + _INFO_PERIOD_NS
            self._publisher.send_info(info_message(self.snapshot()))

    def _publish_one(self, result: _Result) -> None:
        started_ns = encoded_ns = time.monotonic_ns()
        if self._publisher.subscribers:
            payload, flags = self._encode(result)
            encoded_ns = time.monotonic_ns()
            self._send(result, payload, flags)
        now_ns = time.monotonic_ns()
        self._latency["encode"].add(encoded_ns - started_ns)
        self._latency["publish"].add(now_ns - encoded_ns)
        self._latency["total"].add(now_ns - result.frame.capture_ns)
        self._fps_out.tick(now_ns)
        self._first_ns = self._first_ns or now_ns
        self._last_ns, self._last = now_ns, result
        self._published += 1

    def _repeat_last(self) -> None:
        """Show that the stream is alive and the camera is not: the last picture, marked as old."""
        now_ns = time.monotonic_ns()
        if self._last is None or not self._publisher.subscribers or now_ns < self._next_repeat_ns:
            return
        self._next_repeat_ns = now_ns + _REPEAT_PERIOD_NS
        payload, flags = self._encode(self._last)
        self._send(self._last, payload, flags | Flag.SOURCE_LOST)

    def _encode(self, result: _Result) -> tuple[bytes, Flag]:
        return self._encoder.encode(result.avatar, key=self._publisher.wants_key)

    def _send(self, result: _Result, payload: bytes, flags: Flag) -> None:
        height, width, _ = result.avatar.shape
        header = Header(
            codec=self._output.codec,
            flags=flags,
            capture_us=result.frame.capture_unix_us,
            pts_us=result.frame.pts_us,
            width=width,
            height=height,
            fps_x100=min(round(self._fps_out.per_second() * 100), 0xFFFF),
            infer_us=result.infer_ns // 1000,
        )
        self._publisher.send(header, payload)
        self._sent += 1

    def forget_latency(self) -> None:
        """Measure the stages anew from here, after a warm-up; any thread may ask."""
        self._latency = {stage: Latency() for stage in STAGES}

    def snapshot(self) -> Snapshot:
        """The figures of now; any thread may ask."""
        captured, published = self._capture.captured, self._published
        dropped = {"infer_busy": self._frames.dropped, "publish_busy": self._results.dropped}
        faults = {"model_failed": self._model_failures.count, "repeated": self._capture.repeated}
        dropped |= {cause: count for cause, count in faults.items() if count}
        if self._stopped or not (self._publish.is_alive() or self._infer.is_alive()):
            # What was on its way when the run was stopped.
            dropped["stopped"] = captured - published - sum(dropped.values())
        source = self._capture.source
        span_s = (self._last_ns - self._first_ns) / 1e9
        return Snapshot(
            source=source.name if source else "?",
            source_state=self.source_state,
            trouble=self.trouble,
            backend=self._backend.name,
            bundle=self._bundle.id,
            stream=self._output.stream,
            address=self._publisher.address,
            clock=self._clock_address,
            codec=self._output.codec.name.lower(),
            duration_s=round((time.monotonic_ns() - self._started_ns) / 1e9, 3),
            fps_in=round(self._fps_in.per_second(), 2),
            fps_out=round(self._fps_out.per_second(), 2),
            fps_mean=round((published - 1) / span_s, 2) if span_s > 0 else 0.0,
            captured=captured,
            published=published,
            sent=self._sent,
            dropped=dropped,
            latency_ms={stage: latency.summary() for stage, latency in self._latency.items()},
            subscribers=self._publisher.subscribers,
            subscribers_max=self._subscribers_max,
            light=self._light.warnings if self._light else (),
            recording=self._recorder.snapshot() if self._recorder else None,
        )


def _light_watch(
    profile: CameraProfile, trained_for: CameraProfile, on_event: Callable[[str], None]
) -> LightWatch | None:
    """Compares with the light that the model was trained in, if either profile knows it."""
    for photometric in (trained_for.photometric, profile.photometric):
        if photometric is not None and photometric.stats is not None:
            return LightWatch(photometric.stats, on_event)
    return None
