"""`VideoWriter`: pictures to an H.264 .mp4 of high quality."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import av
import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

CRF = "14"
"""x264's quality: noise is kept, blocks are not seen."""


class VideoWriter:
    """Square pictures in, an .mp4 that any player opens out; `with` finishes the file."""

    def __init__(self, path: Path, size_px: int, fps: int) -> None:
        """Raises `TrainError` where there is no encoder."""
        self._container = av.open(str(path), "w")
        try:
            self._stream = self._container.add_stream("libx264", rate=fps)
        except ValueError as error:
            raise TrainError(
                "this build of PyAV has no H.264 encoder (libx264); PyPI's has: pip install av"
            ) from error
        self._stream.width = self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        # x264's macroblock tree gives other bits for other addresses of its buffers; without it,
        # and on one thread, the same pictures are the same bytes on any number of cores.
        self._stream.options = {"crf": CRF, "preset": "medium", "x264-params": "mbtree=0"}
        self._stream.codec_context.thread_count = 1

    def write(self, image: NDArray[np.uint8]) -> None:
        """uint8[size_px, size_px, 3] RGB."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
