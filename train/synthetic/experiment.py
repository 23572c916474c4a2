"""All runs of an experiment: kinds of run beside each other on threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

from torch import Tensor

from train.synthetic.config import METHODS, SyntheticConfig
from train.synthetic.data import NormalNumbers
from train.synthetic.kind import Group, Kind


def groups(config: SyntheticConfig) -> list[Group]:
    """All kinds, in the order of the rows: by method, then setting, then data."""
    kinds = product(METHODS, config.settings, config.data)
    return [
        Group(method, setting, data, slice(i * config.seeds, (i + 1) * config.seeds))
        for i, (method, setting, data) in enumerate(kinds)
    ]


class Experiment:
    """All runs of a config.

    Threads take whole kinds of run and wait for each other once in many steps. Threads within an
    operation would wait hundreds of times a step, which on a busy machine takes ten times as long.
    """

    def __init__(self, config: SyntheticConfig) -> None:
        self.config = config
        seeds = range(config.first_seed, config.first_seed + config.seeds)
        self._numbers = NormalNumbers(seeds, config.batch)
        self.kinds = [Kind(group, seeds, config) for group in groups(config)]

    @property
    def done(self) -> int:
        """Steps that all runs have behind them."""
        return min(kind.done for kind in self.kinds)

    def advance(self, until: int) -> None:
        """Train up to step `until`.

        Interrupted, it first brings all kinds to the same step, a moment later.
        """
        with ThreadPoolExecutor(self.config.threads) as pool:
            while self.done < until:
                numbers = self._numbers.after(self.done)[: until - self.done]
                for result in [pool.submit(kind.train, numbers) for kind in self.kinds]:
                    result.result()

    def state(self) -> dict[str, Tensor]:
        """All that training goes on from."""
        return {
            f"{i}/{name}": tensor
            for i, kind in enumerate(self.kinds)
            for name, tensor in kind.state().items()
        }

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        for i, kind in enumerate(self.kinds):
            own = f"{i}/"
            kind.load_state(
                {k.removeprefix(own): t for k, t in tensors.items() if k.startswith(own)}
            )
