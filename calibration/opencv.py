"""OpenCV, imported in this one place, so that a missing system library gets its cure.

from calibration.opencv import cv2

A picture of a few bytes can say that it is larger than any memory: OpenCV refuses those of more
than `MOST_PIXELS`, most of its functions with cv2.error.
"""

import os

MOST_PIXELS = 8192 * 8192
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PIXELS))  # read when it is loaded

try:
    import cv2  # noqa: TID251
except ImportError as error:
    raise ImportError(
        f"OpenCV cannot be loaded: {error}. A bare server lacks the libraries of a desktop; "
        "install them (Debian, Ubuntu: apt-get install libgl1 libglib2.0-0), or use the build "
        "without windows: pip uninstall opencv-python && pip install opencv-python-headless"
    ) from error

__all__ = ["MOST_PIXELS", "cv2"]
