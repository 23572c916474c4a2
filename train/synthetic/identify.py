"""What the synthetic experiment can decide at all: solutions without any loss that are wrong.

Let z_c and z_r be c and r, each brought to a standard normal shape by an increasing function. For
any angle, turn the pair:

    c' = F_c(z_c cos + z_r sin)        r' = F_r(z_r cos - z_c sin)

where F_c and F_r give the numbers their shapes back. The turned pair is again two independent
standard normal numbers. So c' has C's distribution, r' is independent of c', E = D^-1 exists, and
every loss of Eqs. 1 and 2 is at its least, in both methods, at every angle: r' is r at 0 degrees
and knows nothing of r at 90. Where C and R are Gaussians, as the paper prints them, D and E are
even linear. No training that sees only these losses can tell the angles apart; which one a run
ends at is up to its start.

What excludes the wrong angles is continuity, which networks cannot give up. Where C and R lie in
separate clusters of unequal weight, a continuous D moves each cluster of V as a whole, and only the
true factors put the weights right; a turned D has to tear V, which `jump` shows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from train.synthetic.config import DataName
from train.synthetic.data import factor_c, factor_r, quantiles_c
from train.synthetic.measure import correlation, wasserstein

ANGLES_DEG = (0, 15, 30, 45, 60, 75, 90)
GRID = 128
"""c and r each take this many values, of equal weight; V is their product."""
NEAR = 0.02
"""Distance in V at which two points count as neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """The exact solution that is turned by an angle, on a grid over V."""

    data: DataName
    angle_deg: int
    l_v: float
    """mean |v - E(D(v))|."""
    off_c: float
    """Wasserstein-1 distance of c' from C."""
    independence: float
    """|correlation| of c' and r'; 0: they know nothing of each other, up to the grid."""
    rho_r: float
    """Correlation of r and r'."""
    leak: float
    """Correlation of c and r'."""
    jump: float
    """Largest change of c' from a point of V to one that is 0.02 away."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class TurnedSolution:
    """D and E of one angle. Exact up to the table by which increasing functions are inverted."""

    def __init__(self, data: DataName, angle_deg: float) -> None:
        self._data = data
        self._cos = math.cos(math.radians(angle_deg))
        self._sin = math.sin(math.radians(angle_deg))
        self._normal = torch.linspace(-5.5, 5.5, 100_001, dtype=torch.float64)

    def disentangle(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """v float64[N,2] -> c', r' float64[N]."""
        z_c = self._inverse(factor_c(self._data, self._normal), v[:, 0])
        z_r = self._inverse(factor_r(self._data, self._normal), v[:, 1])
        turned_c = z_c * self._cos + z_r * self._sin
        turned_r = z_r * self._cos - z_c * self._sin
        return factor_c(self._data, turned_c), factor_r(self._data, turned_r)

    def entangle(self, c: Tensor, r: Tensor) -> Tensor:
        """c, r float64[N] -> v float64[N,2]."""
        turned_c = self._inverse(factor_c(self._data, self._normal), c)
        turned_r = self._inverse(factor_r(self._data, self._normal), r)
        z_c = turned_c * self._cos - turned_r * self._sin
        z_r = turned_c * self._sin + turned_r * self._cos
        return torch.stack([factor_c(self._data, z_c), factor_r(self._data, z_r)], dim=1)

    def _inverse(self, values: Tensor, of: Tensor) -> Tensor:
        """The standard normal numbers that an increasing function, tabled in `values`, maps to."""
        return torch.from_numpy(np.interp(of.numpy(), values.numpy(), self._normal.numpy()))


def turned(data: DataName, angle_deg: int) -> Turned:
    """Measure the solution of one angle as a trained run is measured."""
    normal = torch.special.ndtri((torch.arange(GRID, dtype=torch.float64) + 0.5) / GRID)
    c, r = factor_c(data, normal), factor_r(data, normal)
    v = torch.cartesian_prod(c, r)  # [N,2]
    solution = TurnedSolution(data, angle_deg)
    c_fake, r_fake = solution.disentangle(v)
    return Turned(
        data=data,
        angle_deg=angle_deg,
        l_v=float((v - solution.entangle(c_fake, r_fake)).abs().mean()),
        off_c=float(wasserstein(quantiles_c(data, GRID**2), c_fake[None, None])),
        independence=abs(_correlation(c_fake, r_fake)),
        rho_r=_correlation(v[:, 1], r_fake),
        leak=_correlation(v[:, 0], r_fake),
        jump=_jump(solution, v, c_fake),
    )


def turned_solutions(names: tuple[DataName, ...]) -> list[Turned]:
    return [turned(name, angle) for name in names for angle in ANGLES_DEG]


def _correlation(a: Tensor, b: Tensor) -> float:
    return float(correlation(a[None, None], b[None, None]))


def _jump(solution: TurnedSolution, v: Tensor, c_fake: Tensor) -> float:
    """Neighbours outside V's support do not count."""
    largest = 0.0
    for step in ([NEAR, 0.0], [0.0, NEAR]):
        neighbour = v + torch.tensor(step, dtype=v.dtype)
        c_neighbour, r_neighbour = solution.disentangle(neighbour)
        returned = solution.entangle(c_neighbour, r_neighbour)
        inside = (returned - neighbour).abs().amax(1) < 1e-6
        largest = max(largest, float((c_neighbour - c_fake).abs()[inside].max()))
    return largest
