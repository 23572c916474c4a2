"""All pictures of a source through one function: in threads, in order, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from train.data.pixels import Image, Undecodable
from train.data.sources import Source
from train.data.videos import Picture

T = TypeVar("T")
THREADS = min(8, os.cpu_count() or 1)
AHEAD = 4 * THREADS
"""Pictures in hand at once, whatever the source holds."""


def decode_all(
    source: Source, size: int, work: Callable[[Image, tuple[int, int]], T], title: str
) -> Iterator[tuple[str, T | Undecodable]]:
    """Name and `work(view, size_px)` of each picture, or why it cannot be decoded; with a progress
    bar.

    view: uint8[size,size,3] RGB, what a network is given. size_px: width and height of what it was
    made from. `work` runs in several threads: OpenCV and NumPy let go of the interpreter's lock.
    """

    def task(picture: Picture) -> T | Undecodable:
        try:
            return work(*picture.view(picture.decode(), size))
        except Undecodable as error:
            return error

    waiting: deque[tuple[str, Future[T | Undecodable]]] = deque()
    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    with bar, ThreadPoolExecutor(THREADS) as pool:
        row = bar.add_task(title, total=source.count() or None)
        for picture in source.pictures():
            waiting.append((picture.name, pool.submit(task, picture)))
            if len(waiting) > AHEAD:
                name, future = waiting.popleft()
                yield name, future.result()
                bar.advance(row)
        for name, future in waiting:
            yield name, future.result()
            bar.advance(row)
