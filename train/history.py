"""`History`: the 50 generated images that an adversary is shown beside the newest (Sec. 3.5)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class History:
    """Half of what comes out is new; the other half is an earlier image, replaced by the new one.

    It keeps an adversary from chasing the generators' latest trick only.
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int]) -> None:
        self.images = torch.zeros((size, *image_shape))
        """float[size,3,H,W]; the first `filled` are in use."""
        self.filled = 0

    def mix(self, generated: Tensor, rng: np.random.Generator) -> Tensor:
        """float[B,3,H,W] -> float[B,3,H,W] to show to the adversary."""
        shown = []
        for image in generated:
            if self.filled < len(self.images):
                self.images[self.filled] = image
                self.filled += 1
                shown.append(image)
            elif rng.random() < 0.5:
                slot = int(rng.integers(len(self.images)))
                shown.append(self.images[slot].clone())
                self.images[slot] = image
            else:
                shown.append(image)
        return torch.stack(shown)
