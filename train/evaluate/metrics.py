"""The names of the figures: how a table shows them, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    key: str
    """Its name in JSON."""
    title: str
    digits: int
    better: Literal["low", "high"] | None
    """None: no merit of its own, or to be held against the figure beside it."""
    meaning: str


TABLES: dict[str, tuple[Metric, ...]] = {
    "picture": (
        Metric("l1", "L1", 4, "low", "mean |c' - c| on the -1..1 scale, whole image"),
        Metric("psnr_db", "PSNR dB", 2, "high", "of the whole image"),
        Metric("ssim", "SSIM", 3, "high", "11x11 Gaussian window, mean over R, G, B"),
        Metric("mouth_l1", "mouth L1", 4, "low", "L1 in the mouth's rectangle"),
        Metric("mouth_psnr_db", "mouth PSNR dB", 2, "high", "PSNR in the mouth's rectangle"),
        Metric("mouth_ssim", "mouth SSIM", 3, "high", "SSIM of windows centred in the rectangle"),
    ),
    "expression": (
        Metric("coefficient_mae", "coefficient MAE", 4, "low",
               "mean error of the mouth's blendshape coefficients (0..1) that the regressor reads"),
        Metric("expression_r2", "R²", 3, "high",
               "R² of those coefficients, mean over the mouth and jaw shapes that vary"),
        Metric("jaw_open_r2", "jawOpen R²", 3, "high", "R² of jawOpen alone"),
        Metric("lip_aperture_error", "lip aperture error", 4, "low",
               "mean error of jawOpen - mouthClose + (LowerDown + UpperUp) / 4 + 2/5 Funnel"),
    ),
    "leaks": (
        Metric("expression_in_r", "expression in r", 3, None,
               "out-of-fold R² of a linear probe of the expression on pooled r"),
        Metric("jaw_open_in_r", "jawOpen in r", 3, None, "the same for jawOpen alone"),
        Metric("expression_in_r_floor", "expression floor", 3, None, "the first, shuffled targets"),
        Metric("light_in_c", "light in c'", 3, None,
               "out-of-fold R² of a linear probe of v's brightness, colour and slant on pooled c'"),
        Metric("light_in_c_floor", "light floor", 3, None, "the same, shuffled targets"),
    ),
    "flicker": (
        Metric("flicker_ratio", "flicker ratio", 3, "low",
               "frame-to-frame change that the truth does not have, over the truth's own change; a "
               "still picture gets 1"),
        Metric("still_flicker", "still flicker", 2, "low",
               "change of c' in grey levels where the truth moves least"),
        Metric("still_flicker_of_truth", "still flicker of the truth", 2, None,
               "the truth's own change there"),
    ),
}  # fmt: skip
"""Table -> its columns."""
