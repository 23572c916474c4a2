"""Every error that calibration raises on purpose; the class says whose fault it is.

    CalibrationError
    ├── UsageError      what was asked makes no sense
    ├── BadImages       no pictures, or ones that do not show what they should
    ├── BadFit          pictures or points that do not determine what was asked, or contradict it
    ├── NoDisplay       a window was asked for where none can be shown
    └── ProfileError    a camera profile that cannot be read, or does not fit the picture

A message says what was asked, what was got and what to do, in one line.
"""


class CalibrationError(Exception):
    """Base of all errors of calibration; catch it to catch them all."""


class UsageError(CalibrationError):
    """What was asked makes no sense: a flag's value, a combination of flags."""


class BadImages(CalibrationError):
    """A folder, clip or camera without usable pictures."""


class BadFit(CalibrationError):
    """The pictures or points do not determine what was asked, or contradict it."""


class NoDisplay(CalibrationError):
    """A window was asked for where none can be shown."""


class ProfileError(CalibrationError):
    """A camera profile that cannot be read, or does not fit the picture it is applied to."""
