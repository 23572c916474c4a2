"""`BoardConfig`: the command line of `python -m calibration board`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from calibration.board.fit import Model
from calibration.board.target import DICTIONARIES, Board
from calibration.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class BoardConfig:
    """Find a camera's lens and sensor from pictures of a printed ChArUco board.

    Print the board (--print), measure a square, show it to the camera tilted to all sides, near and
    far, until it has been everywhere in the picture.
    """

    images: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Pictures of the board, all of one size."""
    camera: Annotated[str | None, arg(metavar="SOURCE")] = None
    """Or take them now: a camera's index (0) or path, a video file, an rtsp:// or http:// address.
    A picture is taken whenever the board is still and shows something new."""
    profile: Annotated[Path | None, arg(metavar="FILE")] = None
    """Camera profile to write; what else an existing one holds stays."""
    model: Model = "pinhole"
    """Of the lens. fisheye: for more than about 110 degrees from side to side."""

    squares: Annotated[tuple[int, int], arg(metavar="COLUMNS ROWS")] = (10, 7)
    """Of the chessboard."""
    square_mm: float = 25.0
    """Side of a square, measured on the print."""
    marker_mm: float = 18.0
    """Side of a marker."""
    dictionary: Annotated[str, arg(metavar="NAME")] = "5x5_100"
    """ArUco's markers, by bits and number: 4x4_50, 5x5_100, 6x6_250, ..."""
    print_board: Annotated[Path | None, arg(name="print", metavar="FILE.png")] = None
    """Write the board to print."""
    dpi: int = 300
    """Of the board to print."""

    coverage_map: Annotated[Path | None, arg(metavar="FILE.png")] = None
    """Picture of where the corners fell; beside the profile, if not given."""
    keep: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """With --camera: write the pictures that were taken into this folder."""
    seconds: float = 180.0
    """With --camera: stop taking pictures after this long."""
    window: Literal["auto", "no"] = "auto"
    """With --camera: show what it sees, if there is a display."""
    name: Annotated[str | None, arg(metavar="TEXT")] = None
    """What to call the camera in the profile."""

    max_rms_px: float = 1.0
    """Refuse a fit with a larger reprojection error."""
    min_coverage: float = 0.5
    """Refuse when a smaller part of the picture (0..1) has seen the board."""
    min_views: int = 8
    """Refuse when fewer pictures show the board well."""

    def __post_init__(self) -> None:
        if self.dictionary.lower() not in DICTIONARIES:
            raise UsageError(f"--dictionary {self.dictionary}: there are {', '.join(DICTIONARIES)}")
        _ = self.board
        if self.images is not None and self.camera is not None:
            raise UsageError("give --images or --camera, not both")
        if self.images is None and self.camera is None and self.print_board is None:
            raise UsageError(
                "nothing to do: give --images FOLDER, --camera SOURCE, or --print board.png"
            )
        if self.measures and self.profile is None:
            raise UsageError("no place for the result: give --profile camera.json")
        if not 30 <= self.dpi <= 2400:
            raise UsageError(f"--dpi {self.dpi}: give 30 to 2400")
        if self.min_views < 4:
            raise UsageError(f"--min-views {self.min_views}: fewer than 4 determine no lens")
        if not (0 < self.min_coverage <= 1 and self.max_rms_px > 0 and self.seconds > 0):
            raise UsageError("--min-coverage takes 0..1, --max-rms-px and --seconds more than 0")

    @property
    def measures(self) -> bool:
        """Whether there are pictures to measure, or only a board to print."""
        return self.images is not None or self.camera is not None

    @property
    def board(self) -> Board:
        return Board(
            squares=self.squares,
            square_mm=self.square_mm,
            marker_mm=self.marker_mm,
            dictionary=self.dictionary.lower(),
        )
