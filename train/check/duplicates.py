"""Near-duplicates, by fingerprint: the same picture again, also smaller, re-encoded, or brighter.

A fingerprint, 16x16 of luma, less its mean and divided by its length, is a point on a sphere, so a
change of brightness or contrast does not move it. Two pictures are near-duplicates if their points
are closer than 7 % of what two pictures of the set usually are apart: renders of one avatar differ
by the mouth alone and are all close to each other, photographs are not. Every pair is compared, in
blocks: a second for 10,000 pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 0.07
CLOSEST, WIDEST = 0.01, 0.1
"""Bounds of the distance: JPEG at quality 90 moves a fingerprint by up to .02 and at 50 by .03, a
shift by 1/128 of the picture by .1."""
_FLAT = 2.0
"""Standard deviation, levels, below which a picture's own noise is not magnified."""
_BLOCK = 512

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Pictures that stand for each other."""

    groups: list[list[int]]
    """Two or more pictures each, the first one leading; the largest group first."""
    pictures: int

    @property
    def redundant(self) -> int:
        """Pictures that could be left out without losing anything."""
        return sum(len(group) - 1 for group in self.groups)

    @property
    def distinct(self) -> int:
        return self.pictures - self.redundant


def points(fingerprints: NDArray[np.uint8]) -> Points:
    """uint8[N,16,16] -> float32[N,256], of length 1; shorter for flat pictures."""
    flat = fingerprints.reshape(len(fingerprints), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(length, _FLAT * np.sqrt(flat.shape[1])), np.float32)


def near(of: Points) -> float:
    """The distance below which two pictures of this set are near-duplicates."""
    half = len(of) // 2
    if not half:
        return CLOSEST
    order = np.random.default_rng(0).permutation(len(of))
    usual = np.median(np.linalg.norm(of[order[:half]] - of[order[half : 2 * half]], axis=1))
    return float(np.clip(NEAR * usual, CLOSEST, WIDEST))


def group(of: Points, within: float) -> Groups:
    """Each picture joins the first one before it that it is near to, if that leads a group: so a
    slow pan does not become one group, as it would by chains of neighbours."""
    count = len(of)
    leader = np.full(count, -1)
    for start in range(0, count, _BLOCK):
        close = _squared_distances(of[start : start + _BLOCK], of[start:]) < within**2
        for row, neighbours in enumerate(close, start):
            if leader[row] < 0:
                leader[start:][neighbours & (leader[start:] < 0)] = row
                leader[row] = row
    members: dict[int, list[int]] = {}
    for index, first in enumerate(leader.tolist()):
        members.setdefault(first, []).append(index)
    groups = [members_ for members_ in members.values() if len(members_) > 1]
    return Groups(groups=sorted(groups, key=len, reverse=True), pictures=count)


def shared(ours: Points, theirs: Points, within: float) -> list[tuple[int, int]]:
    """Pictures of theirs that are near one of ours, with the nearest: (ours, theirs)."""
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(theirs), _BLOCK):
        squared = _squared_distances(theirs[start : start + _BLOCK], ours)
        nearest = squared.argmin(axis=1)
        found = np.flatnonzero(squared.min(axis=1) < within**2)
        pairs += [(int(nearest[row]), start + int(row)) for row in found]
    return pairs


def _squared_distances(a: Points, b: Points) -> Points:
    """float32[A,256], float32[B,256] -> float32[A,B]."""
    return np.asarray(
        (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * (a @ b.T), np.float32
    )
