"""OpenCV, imported in this one place, so that a missing system library gets its cure.

from calibration.opencv import cv2
"""

try:
    import cv2  # noqa: TID251
except ImportError as error:
    raise ImportError(
        f"OpenCV cannot be loaded: {error}. A bare server lacks the libraries of a desktop; "
        "install them (Debian, Ubuntu: apt-get install libgl1 libglib2.0-0), or use the build "
        "without windows: pip uninstall opencv-python && pip install opencv-python-headless"
    ) from error

__all__ = ["cv2"]
