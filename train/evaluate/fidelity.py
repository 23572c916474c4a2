"""Is c' the true c? L1 and PSNR on the -1..1 scale, SSIM; the whole image, and the mouth apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from train.evaluate.bootstrap import Bootstrap, Figure, Floats
from train.evaluate.simulated import Mouth
from train.runs import Images

WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def fidelity(got: Images, truth: Images, mouth: Mouth, bootstrap: Bootstrap) -> dict[str, Figure]:
    """Figures of uint8[N,H,W,3] against uint8[N,H,W,3]."""
    rows = np.array([_errors(g, t, mouth) for g, t in zip(got, truth, strict=True)])
    l1, square, mouth_l1, mouth_square, ssim, mouth_ssim = rows.T
    return {
        "l1": bootstrap.mean(l1),
        "psnr_db": _psnr_db(square, bootstrap),
        "ssim": bootstrap.mean(ssim),
        "mouth_l1": bootstrap.mean(mouth_l1),
        "mouth_psnr_db": _psnr_db(mouth_square, bootstrap),
        "mouth_ssim": bootstrap.mean(mouth_ssim),
    }


def ssim_map(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Floats:
    """SSIM (Wang et al. 2004) of two uint8[H,W,3] images at every place where the 11x11 Gaussian
    window fits in: float[H-10,W-10], the mean over channels."""
    x, y = a.astype(float), b.astype(float)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x = _blur(x * x) - mean_x**2
    var_y = _blur(y * y) - mean_y**2
    cov = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return np.asarray((luminance * (2 * cov + C2) / (var_x + var_y + C2)).mean(-1))


def l1_each(got: Images, truth: Images, mouth: Mouth | None = None) -> Floats:
    """Mean |got - truth| of each image, -1..1 scale, within the mouth if given: float[N]."""
    rows, columns = mouth or (slice(None), slice(None))
    difference = got[:, rows, columns].astype(float) - truth[:, rows, columns]
    return np.asarray(np.abs(difference).mean((1, 2, 3)) / 127.5)


def _errors(got: NDArray[np.uint8], truth: NDArray[np.uint8], mouth: Mouth) -> list[float]:
    difference = (got.astype(float) - truth) / 127.5
    region = difference[mouth]
    similarity = ssim_map(got, truth)
    # A place of the map is the centre of its window, half a window further in the image.
    half = WINDOW // 2
    centres = tuple(slice(max(s.start - half, 0), max(s.stop - half, 1)) for s in mouth)
    return [
        float(np.abs(difference).mean()),
        float(np.square(difference).mean()),
        float(np.abs(region).mean()),
        float(np.square(region).mean()),
        float(similarity.mean()),
        float(similarity[centres].mean()),
    ]


def _blur(x: Floats) -> Floats:
    half = WINDOW // 2
    blurred = cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA)
    return np.asarray(blurred[half:-half, half:-half])


def _psnr_db(square: Floats, bootstrap: Bootstrap) -> Figure:
    """PSNR of the mean square over all images; 2 is the peak of the -1..1 scale."""
    columns = np.stack([square, np.ones(len(square))], 1)

    def psnr_db(sums: Floats) -> Floats:
        mean = np.maximum(sums[..., 0] / sums[..., 1], 1e-12)
        return np.asarray(10 * np.log10(4 / mean))

    return bootstrap.figure(columns, psnr_db)
