"""Every error that the live side raises on purpose; the class says whose fault it is.

    RealtimeError
    ├── UsageError        what was asked makes no sense
    ├── SourceError       the camera's side
    │   ├── SourceNotFound    it cannot be opened at all
    │   └── SourceLost        it was open and stopped giving frames
    ├── SessionError      a recorded session that cannot be written, or is damaged
    ├── BadBundle         the model's folder is missing, damaged or does not fit
    ├── BackendError      the runtime cannot be had, or does not compute what it should
    │   └── BackendMissing    it is not installed, or its device is not there
    ├── StageStalled      a thread of the pipeline hangs in a call that does not return
    ├── AddressError      the address cannot be bound or reached
    └── WireError         bytes that are not a message of this protocol

A message says what was asked, what was got and what to do, in one line.
"""


class RealtimeError(Exception):
    """Base of all errors of the live side; catch it to catch them all."""


class UsageError(RealtimeError):
    """What was asked makes no sense: a flag's value, a combination of flags."""


class SourceError(RealtimeError):
    """The camera's side."""


class SourceNotFound(SourceError):
    """The source cannot be opened: no such device, file or address, or it holds no video."""


class SourceLost(SourceError):
    """The source was open and stopped giving frames; opening it again may help."""


class SessionError(RealtimeError):
    """A recorded session cannot be written, is none, or is damaged."""


class BadBundle(RealtimeError):
    """The bundle is missing, damaged, of another version, or does not fit the request."""


class BackendError(RealtimeError):
    """The runtime cannot be had here, or its output is not what the bundle says it must be."""


class BackendMissing(BackendError):
    """The runtime that was asked for is not installed, or finds no device here."""


class StageStalled(RealtimeError):
    """A thread of the pipeline hangs in a call that does not return."""


class AddressError(RealtimeError):
    """An address that cannot be bound or reached."""


class WireError(RealtimeError):
    """Bytes that are not a message of this protocol; `reason` is a short key for counting."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def one_line(error: Exception) -> str:
    """What a library's exception says, as part of a message of ours."""
    return " ".join(str(error).split())[:300]
