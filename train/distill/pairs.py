"""`Pairs`: v, and what the teacher makes of it, as a step or a picture asks for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from train.config_json import plain
from train.data import ImageSet, to_float, to_uint8
from train.distill.config import DistillConfig
from train.distill.kept import Kept
from train.distill.state import StudentState
from train.engine import Engine


class Pairs:
    """One set of images, at the size that the teacher is given; the student's may be smaller."""

    def __init__(
        self,
        images: ImageSet,
        config: DistillConfig,
        engine: Engine,
        state: StudentState,
        cache: Path | None,
    ) -> None:
        """`cache`: a folder for the teacher's pictures; None: it is asked each time. With one,
        `images` come without jitter. Raises `NotSaved`."""
        self._images, self._engine, self._teacher = images, engine, state.teacher
        self._seed, self._shrink = config.seed, config.decoded_size // config.network.size
        self._kept: Kept | None = None
        if cache is not None:
            name = f"teacher-{config.network.size}-{_key(images, config, state)[:12]}"
            self._kept = Kept(cache / name, len(images), config.network.size)

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, step: int, count: int) -> tuple[Tensor, Tensor]:
        """Of `step`: v and the teacher's pictures, float[count,3,size,size] in -1..1 each, on the
        device. Raises `NotSaved`."""
        clock = self._engine.clock
        with clock.measure("data"):
            v = self._engine.put(self._images.batch(step, count, self._seed))
        with clock.measure("teacher"):
            if self._kept is None:
                return self._small(v), self._ask(v)
            return self._small(v), self._pictures(self._images.picks(step, count, self._seed), v)

    def at(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The same of the images of these numbers, uncropped."""
        v = self._engine.put(to_float(self._images.images[list(indices)]))
        if self._kept is None:
            return self._small(v), torch.cat([self._ask(one) for one in v.split(1)])
        return self._small(v), self._pictures(indices, v)

    def _pictures(self, indices: Sequence[int], v: Tensor) -> Tensor:
        """The teacher's of v float[B,3,H,W], the images of these numbers, in the 256 levels that it
        has live. Asked one by one: what else is in a batch may change the last bits, and a run that
        goes on must be given what an uninterrupted one was."""
        kept = self._kept
        assert kept is not None
        found = [
            kept.of(index, lambda one=one: to_uint8(self._ask(one))[0])  # type: ignore[misc]
            for index, one in zip(indices, v.split(1), strict=True)
        ]
        return self._engine.put(to_float(np.stack(found)))

    @torch.no_grad()
    def _ask(self, v: Tensor) -> Tensor:
        """The teacher's pictures at the student's size; in float32 whatever --precision says."""
        return self._small(self._teacher(v))

    def _small(self, images: Tensor) -> Tensor:
        return functional.avg_pool2d(images, self._shrink) if self._shrink > 1 else images


def _key(images: ImageSet, config: DistillConfig, state: StudentState) -> str:
    """Another one, other pictures: of other files, by another teacher, or at another size."""
    digest = hashlib.sha256(images.key.encode())
    digest.update(json.dumps(plain(config.teacher_network), sort_keys=True).encode())
    for name, tensor in state.teacher.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()
