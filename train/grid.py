"""`python -m train grid RUN`: mix and match, the paper's Figures 7 and 8.

    v_ij = E(c_i, r_j)    content by rows, residual by columns

c_i = D_C(v_i), or a render c_i as it is; r_j = D_R(v_j). A faithful pair of networks keeps the
expression along a row, and light and background down a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import tyro
from rich.console import Console

from train.data import list_images, read_image, to_float, to_uint8
from train.errors import BadData, TrainError
from train.evaluate.picture import Cell, sheet, write_picture
from train.runs import Images, Run, load_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class GridConfig:
    """Entangle the content of some images with the residual of others: a picture of v_ij."""

    run: Annotated[Path, tyro.conf.Positional]
    """A run of `python -m train fit`, or a single checkpoint."""
    v: tuple[Path, ...] = ()
    """Where content comes from, by D_C: a folder, or image files."""
    c: tuple[Path, ...] = ()
    """Where content comes from as it is, instead of --v: a folder of renders, or image files."""
    residual: tuple[Path, ...] = ()
    """Where residuals come from, by D_R: a folder, or image files. Left out: the folder of --v."""
    out: Path
    """.png or .jpg to write."""
    rows: int = 6
    """Contents, spread evenly over the folder."""
    columns: int = 8
    """Residuals, spread evenly over the folder."""
    threads: int = 1
    """OpenMP threads."""

    def __post_init__(self) -> None:
        if bool(self.v) == bool(self.c):
            raise TrainError("say where content comes from: either --v or --c")
        if not (self.residual or self.v):
            raise TrainError("say where residuals come from: --residual")
        if self.rows < 1 or self.columns < 1:
            raise TrainError(f"a grid has rows and columns; got {self.rows} and {self.columns}")


def run(config: GridConfig) -> None:
    """Draw the grid. Raises `TrainError`."""
    torch.set_num_threads(config.threads)
    (trained,) = load_runs([config.run])
    # Another phase for the columns: from one folder they are other images than those of the rows.
    rows = _images(config.v or config.c, config.rows, 0.25, trained.size)
    columns = _images(config.residual or config.v, config.columns, 0.75, trained.size)
    contents = trained.translate(rows) if config.v else rows
    mixed = mix(trained, contents, columns)

    inputs: list[list[Cell]] = [[v] for v in rows] if config.v else [[] for _ in rows]
    width = 1 + len(inputs[0])
    cells: list[list[Cell]] = [[None] * width + list(columns)]
    for i, content in enumerate(contents):
        cells.append([*inputs[i], content, *mixed[i]])
    heads = (["v_i", "c_i = D_C(v_i)"] if config.v else ["c_i"]) + [
        f"v_{j + 1}" for j in range(len(columns))
    ]
    picture = sheet(
        cells,
        ["residual from", *(f"content {i + 1}" for i in range(len(rows)))],
        heads,
        f"v_ij = E(c_i, D_R(v_j))   {trained.name}, {trained.method}, step {trained.step}",
        gaps_above=(1,),
        gaps_before=(width,),
    )
    write_picture(config.out, picture)
    Console().print(f"{config.out}: {len(rows)} contents by {len(columns)} residuals")


@torch.inference_mode()
def mix(trained: Run, contents: Images, v: Images) -> list[Images]:
    """E(c_i, D_R(v_j)) of uint8[I,H,W,3] and uint8[J,H,W,3]: for each i, uint8[J,H,W,3]."""
    residuals = [trained.residual(to_float(v[j : j + 1])) for j in range(len(v))]
    return [
        np.concatenate([to_uint8(trained.entangler(content, r)) for r in residuals])
        for content in to_float(contents).split(1)
    ]


def _images(sources: Sequence[Path], count: int, phase: float, size: int) -> Images:
    """All of the files, or `count` of a folder: those at (k + phase) / count of its way."""
    if len(sources) == 1 and sources[0].is_dir():
        found = list_images(sources[0])
        count = min(count, len(found))
        paths = [found[int((k + phase) * len(found) / count)] for k in range(count)]
    else:
        paths = list(sources)
    images = []
    for path in paths:
        image = read_image(path, size)
        if image is None:
            raise BadData(f"{path} is no folder, and cannot be decoded as an image")
        images.append(image)
    return np.stack(images)
