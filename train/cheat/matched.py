"""Matched and mismatched decoding: the paper's Figure 9, and what it shows as numbers.

    v -> (c', r') = D(v)       v' = E(c', r')     matched: looks like v, cheat or not
    another, real c            v2 = E(c, r')      mismatched: must show the expression of c

A cheating E paints v whatever c it is given (r' carries all of it), and writes c between the pixels
for D to read. Then v2 looks like v, and D_C(v2) is c all the same. Hence two figures:

    decoding_gap   error of D_C(v2) to c, less error of D_C(v) to the truth. A D that learnt to
                   translate does about as well on both; well below 0, it decodes messages better
                   than it reads faces.
    answer         |E(c, r') - E(d, r')| over |c - d| for two real renders c, d: whether E shows a
                   change of content at all
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from train.cheat.material import Material, decode, entangle
from train.evaluate.bootstrap import Figure
from train.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The images shown, float[8,3,H,W] in -1..1; figures of all (errors in the mouth where it is
    known)."""

    translated: Tensor
    """c' = D_C(v)."""
    back: Tensor
    """v' = E(c', r')."""
    mixed: Tensor
    """v2 = E(c, r')."""
    decoded: Tensor
    """D_C(v2)."""
    figures: dict[str, Figure]


def matched(run: Run, material: Material) -> Matched:
    """Decode what `run` makes of matched and of mismatched pairs."""
    m = material
    translated = decode(run, m.v)
    back = entangle(run, translated, m.v)
    mixed = entangle(run, m.c, m.v)
    decoded = decode(run, mixed)
    d = m.c[m.elsewhere]
    otherwise = entangle(run, d, m.v)

    to_c = m.errors(decoded, m.c)
    figures = {
        "back_to_v": m.error(back, m.v),
        "mixed_to_v": m.error(mixed, m.v),
        "decoded_to_c": m.bootstrap.mean(to_c),
        "decoded_to_translated": m.error(decoded, translated),
        "answer": m.bootstrap.ratio(m.errors(mixed, otherwise), m.errors(m.c, d)),
    }
    if m.truth is not None:
        to_truth = m.errors(translated, m.truth)
        figures |= {
            "translated_to_truth": m.bootstrap.mean(to_truth),
            "mean_of_c_to_truth": m.error(m.mean_c, m.truth),
            "decoding_gap": m.bootstrap.mean(to_c - to_truth),
        }
    return Matched(
        translated=translated[m.shown],
        back=back[m.shown],
        mixed=mixed[m.shown],
        decoded=decoded[m.shown],
        figures=figures,
    )
