"""`python -m calibration COMMAND`: the command line of calibration.

Each command's module is imported when it is asked for.
"""

from __future__ import annotations

import importlib
import sys

import tyro

from calibration.errors import CalibrationError
from calibration.printable import printable

COMMANDS = {
    "board": ("calibration.board.config:BoardConfig", "calibration.board.command"),
    "view": ("calibration.view.config:ViewConfig", "calibration.view.command"),
    "photometric": (
        "calibration.photometric.config:PhotometricConfig",
        "calibration.photometric.command",
    ),
    "viewpoint": ("calibration.viewpoint.config:ViewpointConfig", "calibration.viewpoint.command"),
}
"""Command -> its config, and the module whose `run(config)` does it."""

USAGE = """usage: python -m calibration COMMAND [--help]

  board        find lens and sensor from pictures of a printed board
  view         choose the part of the picture that the model sees, turn and mirror it
  photometric  measure black level and white balance; tell when the light has drifted
  viewpoint    find where the camera sits relative to the avatar's head
"""


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="")
        raise SystemExit(0 if arguments else 2)
    command = arguments[0]
    if command not in COMMANDS:
        there_are = ", ".join(COMMANDS)
        print(f"calibration: no command {command!r}; there are {there_are}", file=sys.stderr)
        raise SystemExit(2)
    config_path, module_name = COMMANDS[command]
    config_module, config_name = config_path.split(":")
    try:
        config_type = getattr(importlib.import_module(config_module), config_name)
        run = importlib.import_module(module_name).run
        run(
            tyro.cli(
                config_type,
                prog=f"python -m calibration {command}",
                args=arguments[1:],
                config=(tyro.conf.FlagCreatePairsOff,),
            )
        )
    except (CalibrationError, ImportError) as error:
        print(f"calibration {command}: {printable(str(error))}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
