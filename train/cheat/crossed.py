"""The cross-decoder test: whose expression does v_ij = E(c_i, r_j) show, and to whom?

c_i = D_C(v_i) and r_j = D_R(v_j) are the maker's own, or c_i is the true render. v_ij is read by
the maker's D_C and by another run's, and what they read is compared with the expressions of i and
j. A faithful E shows i to everybody. A cheating one paints j, which travelled in r, for every other
reader to see, and hides i where only its partner finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from train.cheat.material import Material, decode, entangle
from train.evaluate.bootstrap import Figure
from train.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one D_C reads of one maker's v_ij."""

    maker: str
    content: str
    """Where c_i is from: "translated" (D_C of the maker) or "true"."""
    reader: str
    to_i: Figure
    """Error to the expression that was asked for."""
    to_j: Figure
    """Error to the expression of the image that r comes from."""
    reads_i: Figure
    """Part of the images that are nearer to i than to j: 1 is faithful, 0 shows j."""
    mixed: Tensor
    """v_ij of the images shown, float[8,3,H,W]."""
    decoded: Tensor
    """D_C(v_ij) of them."""


def crossed(runs: Sequence[Run], material: Material) -> list[Reading]:
    """Every maker read by every reader. The expressions of i and j are the truth's; where that is
    not known, what the reader makes of v_i and v_j themselves."""
    m, j = material, material.elsewhere
    translated = {run.name: decode(run, m.v) for run in runs}
    readings = []
    for maker in runs:
        contents = {"translated": translated[maker.name]}
        if m.truth is not None:
            contents["true"] = m.truth
        for content, c in contents.items():
            mixed = entangle(maker, c, m.v[j])
            for reader in runs:
                decoded = decode(reader, mixed)
                wanted = translated[reader.name] if m.truth is None else m.truth
                to_i, to_j = m.errors(decoded, wanted), m.errors(decoded, wanted[j])
                readings.append(
                    Reading(
                        maker=maker.name,
                        content=content,
                        reader=reader.name,
                        to_i=m.bootstrap.mean(to_i),
                        to_j=m.bootstrap.mean(to_j),
                        reads_i=m.bootstrap.mean(np.asarray(to_i < to_j, float)),
                        mixed=mixed[m.shown],
                        decoded=decoded[m.shown],
                    )
                )
    return readings
