"""`Board`: the ChArUco board that is held before the camera, and the sheet to print it from."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.drawing import BLACK
from calibration.errors import BadImages, UsageError
from calibration.images import Image
from calibration.opencv import cv2

DICTIONARIES = tuple(f"{bits}x{bits}_{count}" for bits in (4, 5, 6, 7) for count in (50, 100, 250))
"""ArUco's, by bits and number of markers."""

_MM_PER_INCH = 25.4
_MARGIN_MM = 10.0
_SCALE_MM = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What was printed. All sizes as measured on the paper."""

    squares: tuple[int, int]
    """Columns and rows of the chessboard."""
    square_mm: float
    """Side of a square."""
    marker_mm: float
    """Side of a marker, which stands in each white square."""
    dictionary: str
    """One of `DICTIONARIES`."""

    def __post_init__(self) -> None:
        if min(self.squares) < 3:
            raise UsageError(f"--squares {self.squares}: give at least 3 columns and 3 rows")
        if not 0 < self.marker_mm < self.square_mm:
            raise UsageError(
                f"--marker-mm {self.marker_mm:g} must be above 0 and less than --square-mm "
                f"{self.square_mm:g}: a marker stands inside a square"
            )
        have, need = int(self.dictionary.split("_")[1]), self.squares[0] * self.squares[1] // 2
        if need > have:
            raise UsageError(
                f"a board of {self.squares[0]}x{self.squares[1]} squares needs {need} markers, "
                f"--dictionary {self.dictionary} has {have}: take a larger one or fewer squares"
            )

    def __str__(self) -> str:
        return (
            f"{self.squares[0]}x{self.squares[1]} squares of {self.square_mm:g} mm, "
            f"markers {self.dictionary} of {self.marker_mm:g} mm"
        )

    @property
    def corner_count(self) -> int:
        """Inner corners of the chessboard."""
        return (self.squares[0] - 1) * (self.squares[1] - 1)

    def opencv(self) -> cv2.aruco.CharucoBoard:
        """Lengths in metres."""
        number = getattr(cv2.aruco, f"DICT_{self.dictionary.upper()}")
        return cv2.aruco.CharucoBoard(
            self.squares,
            self.square_mm / 1000,
            self.marker_mm / 1000,
            cv2.aruco.getPredefinedDictionary(number),
        )

    def with_dictionary(self, dictionary: str) -> Board:
        return replace(self, dictionary=dictionary)


def draw_board(board: Board, px_per_square: int) -> Image:
    """uint8[H, W]: the board alone, without a margin."""
    # OpenCV's own drawing fails at sizes where a marker comes to a fraction of a pixel.
    columns, rows = board.squares
    image = np.full((rows * px_per_square, columns * px_per_square), 255, np.uint8)
    layout = board.opencv()
    px_per_m = px_per_square / board.square_mm * 1000
    side = round(board.marker_mm / 1000 * px_per_m)
    marked = set()
    for number, corners_m in zip(np.ravel(layout.getIds()), layout.getObjPoints(), strict=True):
        left, top = np.round(np.asarray(corners_m)[0, :2] * px_per_m).astype(int)
        marker = layout.getDictionary().generateImageMarker(int(number), side)
        image[top : top + side, left : left + side] = marker
        marked.add((top // px_per_square, left // px_per_square))
    for row, column in np.ndindex(rows, columns):
        if (row, column) not in marked:
            top, left = row * px_per_square, column * px_per_square
            image[top : top + px_per_square, left : left + px_per_square] = 0
    return image


def write_sheet(board: Board, path: Path, dpi: int) -> None:
    """The board to print, as PNG that carries its scale, with a ruler to check the print by.

    Raises `BadImages` if it cannot be written.
    """
    # Squares of whole pixels are exact; the file's resolution then says what they mean.
    px_per_square = round(board.square_mm / _MM_PER_INCH * dpi)
    px_per_mm = px_per_square / board.square_mm
    margin = round(_MARGIN_MM * px_per_mm)
    sheet = np.pad(
        draw_board(board, px_per_square),
        ((margin, 2 * margin), (margin, margin)),
        constant_values=255,
    )
    baseline = sheet.shape[0] - margin
    ruler = min(_SCALE_MM, int(board.squares[0] * board.square_mm))
    sheet[baseline - 2 : baseline, margin : margin + round(ruler * px_per_mm)] = 0
    for end in (0, round(ruler * px_per_mm)):
        sheet[
            baseline - margin // 5 : baseline + margin // 5, margin + end - 1 : margin + end + 1
        ] = 0
    text = f"{board} - print at 100 %: the line below must measure {ruler} mm"
    scale = margin / 100
    cv2.putText(
        sheet, text, (margin, baseline - margin // 3), cv2.FONT_HERSHEY_SIMPLEX, scale, BLACK[:1],
        max(1, round(2 * scale)), cv2.LINE_AA,
    )  # fmt: skip
    _write_png(path, sheet, round(px_per_mm * 1000))


def _write_png(path: Path, image: Image, px_per_metre: int) -> None:
    """OpenCV writes no resolution into a PNG: add the chunk for it after the header's 33 bytes."""
    png = cv2.imencode(".png", image)[1].tobytes()
    body = b"pHYs" + struct.pack(">IIB", px_per_metre, px_per_metre, 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    try:
        path.write_bytes(png[:33] + chunk + png[33:])
    except OSError as error:
        raise BadImages(f"cannot write {path}: {error.strerror}") from error
