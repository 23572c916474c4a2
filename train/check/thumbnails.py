"""Rows of thumbnails in HTML: contact sheets, odd ones, near-duplicates."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Literal

import numpy as np

from calibration.opencv import cv2
from train.check.duplicates import Groups
from train.check.findings import outliers
from train.check.seen import Overlap, Seen
from train.check.survey import Survey
from train.data.pixels import Image

SHEET, FEW = 24, 12
"""Pictures of a contact sheet, and of a row of odd ones."""
GROUPS, OF_A_GROUP = 8, 6


def contact_sheet(of: Survey) -> str:
    picks = np.linspace(0, len(of) - 1, min(SHEET, len(of))).round().astype(int).tolist()
    return (
        f"<h3>{of.title} <small>{len(picks)} of {len(of):,}, evenly spread</small></h3>"
        + _sheet(of, picks, [of.names[index] for index in picks])
    )


def averages(seen: Seen) -> str:
    cells = [
        _figure(_png(image), "png", name, name)
        for domain in (seen.v, seen.c)
        for name, image in (
            (f"{domain.title}, mean", domain.mean),
            (f"{domain.title}, deviation", domain.spread),
        )
    ]
    return f'<div class="averages">{"".join(cells)}</div>'


def extremes(of: Survey) -> str:
    sharpness, brightness = of.column("sharpness"), of.column("brightness")
    rows = []
    odd = outliers(sharpness)
    most = min(FEW, len(of))
    for title, values, picks, digits in (
        ("most blurred", sharpness, np.argsort(sharpness)[:most], 2),
        ("darkest", brightness, np.argsort(brightness)[:most], 0),
        ("brightest", brightness, np.argsort(-brightness)[:most], 0),
    ):
        found = f", {len(odd)} far from the others" if title == "most blurred" and len(odd) else ""
        captions = [f"{values[i]:.{digits}f} · {of.names[i]}" for i in picks]
        rows.append(f"<h3>{of.title}, {title}{found}</h3>{_sheet(of, picks.tolist(), captions)}")
    return "".join(rows)


def near_duplicates(seen: Seen) -> str:
    parts = [
        _groups(domain, groups)
        for domain, groups in zip((seen.v, seen.c), seen.groups, strict=True)
        if groups.groups
    ]
    return "<h2>Near-duplicates</h2>" + ("".join(parts) or "<p>None.</p>")


def overlap(title: str, of: Overlap) -> str:
    pairs = of.pairs[:FEW]
    cells = "".join(
        _group([_cell(of.ours, ours), _cell(of.theirs, theirs)]) for ours, theirs in pairs
    )
    return (
        f"<h2>{html.escape(title)}</h2><p>{len(pairs)} of {len(of.pairs):,} pairs.</p>"
        f'<div class="groups">{cells}</div>'
    )


def _groups(of: Survey, groups: Groups) -> str:
    shown = groups.groups[:GROUPS]
    cells = [
        f"<div><h3>{len(group)} alike</h3>"
        + _group([_cell(of, index) for index in group[:OF_A_GROUP]])
        + "</div>"
        for group in shown
    ]
    return (
        f"<p>{of.title}: {len(groups.groups):,} groups; the {len(shown)} largest, up to "
        f'{OF_A_GROUP} of each.</p><div class="groups">{"".join(cells)}</div>'
    )


def _group(cells: list[str]) -> str:
    return f'<div class="group">{"".join(cells)}</div>'


def _sheet(of: Survey, picks: Sequence[int], captions: Sequence[str]) -> str:
    cells = [_cell(of, index, caption) for index, caption in zip(picks, captions, strict=True)]
    return f'<div class="sheet">{"".join(cells)}</div>'


def _cell(of: Survey, index: int, caption: str | None = None) -> str:
    name = of.names[index]
    return _figure(of.pictures[index].thumbnail, "jpeg", name, name if caption is None else caption)


def _figure(data: bytes, kind: Literal["png", "jpeg"], name: str, caption: str) -> str:
    encoded = base64.b64encode(data).decode()
    return (
        f'<figure title="{html.escape(name)}"><img alt="{html.escape(name)}" '
        f'src="data:image/{kind};base64,{encoded}"><figcaption>{html.escape(caption)}</figcaption>'
        "</figure>"
    )


def _png(image: Image) -> bytes:
    """Of uint8[H,W,3] RGB, or uint8[H,W]."""
    _, data = cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)
    return data.tobytes()
