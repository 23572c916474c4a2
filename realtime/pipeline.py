r"""`Pipeline`: the loop of the live side, three threads with a one-slot mailbox between each two.

    CaptureThread ----> InferThread ----> PublishThread ----> subscribers
     reads a frame      view, model       encode, send
              \---- - -> recorder, if there is one (realtime/sessions/recorder.py)

A thread that waits lends its work to the one before it, as long as that work is quick (relay.py):
without a slow model, a picture goes from the camera to the network in the capture thread.

A camera never waits: a frame that finds the slot taken replaces the older one, which is counted as
dropped under the name of the thread that was busy. A file waits instead, and nothing is dropped.

A thread that fails closes its mailbox with the exception, so every error, the camera's included,
arrives in the publish thread, which hands it to the main thread in `wait`. A frame that the model
fails on is only left out and counted; a thread that hangs is the watchdog's to see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from calibration.profile import CameraProfile
from calibration.view_map import ViewMap
from realtime.backends import Backend
from realtime.bundle import Bundle
from realtime.capture import CaptureThread
from realtime.frame import Frame, Image
from realtime.health import STALLED_S
from realtime.infer import InferThread, Result
from realtime.light import LightWatch
from realtime.publish import Output, PublishThread
from realtime.publisher import Publisher
from realtime.relay import Relay
from realtime.report import Snapshot
from realtime.sessions.recorder import Recorder
from realtime.sources import Source
from realtime.stats import Latency
from realtime.watchdog import Stage, Watchdog

STAGES = ("capture", "view", "infer", "encode", "publish", "total")
"""What is timed for each frame. capture: from the moment it was taken until the infer thread has
it; total: from that moment until it was handed to the network."""

STAGE_THREADS = ("capture", "infer", "publish")
"""Their names. None is left after `Pipeline.stop`, unless it hangs in a call."""

_CAPTURE_STOP_S = 1.0
_DRAIN_S = 3.0
"""What is on its way when the run ends has this long, so that the program ends within 5 s."""


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
        self._bundle, self._backend = bundle, backend
        self._publisher, self._output, self._clock_address = publisher, output, clock_address
        self._recorder = recorder
        self._stopped = False
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._started_ns = 0

        self._frames: Relay[Frame] = Relay()
        # A model that has the next frame already goes on with that.
        self._results: Relay[Result] = Relay(hurried=lambda: self._frames.full)
        self._capture = CaptureThread(
            open_source, self._frames, on_event, recorder.offer if recorder else None
        )
        self._infer = InferThread(
            self._frames,
            self._results,
            view=ViewMap(
                profile,
                bundle.manifest.input.size_px,
                on_event,
                self._light.add if self._light else None,
            ),
            backend=backend,
            waits=self._source_waits,
            ended=self._ended,
            on_event=on_event,
            on_pictures=on_pictures,
        )
        self._publish = PublishThread(
            self._results,
            publisher,
            output,
            snapshot=self.snapshot,
            in_trouble=lambda: bool(self.trouble),
            on_end=self._end,
        )
        self._watchdog = self._watch(on_event)

    def _watch(self, on_event: Callable[[str], None]) -> Watchdog:
        capture, infer, publish = self._capture, self._infer, self._publish
        return Watchdog(
            {
                "capture": Stage(thread=capture, pulse=capture.pulse, replaceable=True),
                "model": Stage(thread=infer, pulse=infer.pulse, replaceable=False),
                "publisher": Stage(thread=publish, pulse=publish.pulse, replaceable=False),
            },
            on_event=on_event,
            on_fatal=self._end,
            is_ready=lambda: publish.published > 0,
        )

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
        return "stalled" if self._capture.pulse.silent_s > STALLED_S else self._capture.state

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why no new pictures go out, if so; the words are `Snapshot.trouble`'s."""
        found = [f"{name}_stalls" for name in self._watchdog.stalled if name != "capture"]
        if (state := self.source_state) in ("lost", "stalled", "frozen"):
            found.append(f"source_{state}")
        if self._infer.failures.error is not None:
            found.append("model_fails")
        return tuple(found)

    def _source_waits(self) -> bool:
        source = self._capture.source
        return source is not None and not source.live

    def _end(self, error: BaseException | None) -> None:
        """The run is over; with this error, unless it was over before."""
        if not self._ended.is_set():
            self._error = error
            self._ended.set()

    def forget_latency(self) -> None:
        """Measure the stages anew from here, after a warm-up; any thread may ask."""
        for thread in (self._infer, self._publish):
            thread.latency = {stage: Latency() for stage in thread.latency}

    def snapshot(self) -> Snapshot:
        """The figures of now; any thread may ask."""
        capture, infer, publish = self._capture, self._infer, self._publish
        latency = infer.latency | publish.latency
        source = capture.source
        span_s = (publish.last_ns - publish.first_ns) / 1e9
        # The order matters: a frame is captured before it is published or dropped, so that no
        # count of what became of the frames is larger than that of the frames.
        dropped, published = self._dropped(), publish.published
        captured = capture.captured
        if self._stopped or not (publish.is_alive() or infer.is_alive()):
            # What was on its way when the run was stopped.
            dropped["stopped"] = captured - published - sum(dropped.values())
        return Snapshot(
            source=source.name if source else "?",
            source_state=self.source_state,
            trouble=self.trouble,
            backend=self._backend.name,
            backend_trial_ms=self._backend.trial_ms,
            bundle=self._bundle.id,
            stream=self._output.stream,
            address=self._publisher.address,
            clock=self._clock_address,
            codec=self._output.codec.name.lower(),
            duration_s=round((time.monotonic_ns() - self._started_ns) / 1e9, 3),
            fps_in=round(capture.fps.per_second(), 2),
            fps_out=round(publish.fps.per_second(), 2),
            fps_mean=round((published - 1) / span_s, 2) if span_s > 0 else 0.0,
            captured=captured,
            published=published,
            sent=publish.sent,
            dropped=dropped,
            latency_ms={stage: latency[stage].summary() for stage in STAGES},
            subscribers=self._publisher.subscribers,
            subscribers_max=publish.subscribers_max,
            light=self._light.warnings if self._light else (),
            recording=self._recorder.snapshot() if self._recorder else None,
        )

    def _dropped(self) -> dict[str, int]:
        """Cause -> frames; causes that are not of every run only where there were any."""
        infer_busy = self._frames.dropped + self._capture.missed
        dropped = {"infer_busy": infer_busy, "publish_busy": self._results.dropped}
        faults = {"model_failed": self._infer.failures.count, "repeated": self._capture.repeated}
        return dropped | {cause: count for cause, count in faults.items() if count}


def _light_watch(
    profile: CameraProfile, trained_for: CameraProfile, on_event: Callable[[str], None]
) -> LightWatch | None:
    """Compares with the light that the model was trained in, if either profile knows it."""
    for photometric in (trained_for.photometric, profile.photometric):
        if photometric is not None and photometric.stats is not None:
            return LightWatch(photometric.stats, on_event)
    return None
