"""`python -m export RUN --out BUNDLE`: the command line of export."""

from __future__ import annotations

import sys

import tyro

from calibration.printable import printable
from export.config import ExportConfig


def main(arguments: list[str] | None = None) -> None:
    config = tyro.cli(ExportConfig, prog="python -m export", args=arguments)
    try:
        from calibration.profile import ProfileError
        from export.bundle import export_bundle
        from export.errors import ExportError
        from realtime.errors import RealtimeError
        from train.errors import TrainError
    except ImportError as error:
        _fail(f"{error}; export needs the extra: pip install -e .[export]")
    try:
        bundle = export_bundle(config)
    except (ExportError, TrainError, RealtimeError, ProfileError, OSError) as error:
        _fail(str(error))
    for backend, parity in bundle.manifest.parity.items():
        psnr = "identical" if parity.psnr_db is None else f"PSNR {parity.psnr_db:.1f} dB"
        print(
            f"{backend} against PyTorch: max {parity.max_abs:.0f} level(s), "
            f"mean {parity.mean_abs:.4f}, {psnr}"
        )
    size = sum(p.stat().st_size for p in bundle.path.iterdir() if p.is_file())
    print(f"{bundle.id}: {bundle.path}, {size / 2**20:.2f} MiB")


def _fail(message: str) -> None:
    print(f"export: {printable(message)}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
