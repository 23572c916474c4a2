"""`python -m train COMMAND`: the command line of training.

Each command's module is imported when it is asked for: `--help` needs no torch.
"""

from __future__ import annotations

import importlib
import sys

import tyro

from train.errors import TrainError

COMMANDS = {
    "simulate": ("train.simulate.config:SimulateConfig", "train.simulate.command"),
    "fit": ("train.config:FitConfig", "train.fit"),
    "evaluate": ("train.evaluate:EvaluateConfig", "train.evaluate"),
}
"""Command -> its config, and the module whose `run(config)` does it."""

USAGE = """usage: python -m train COMMAND [--help]

  simulate   render a simulated headset user: images of V and C, truth, clips
  fit        learn D and E from unpaired images of V and C
  evaluate   measure a run against the truth of a simulated set
"""


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="")
        raise SystemExit(0 if arguments else 2)
    command = arguments[0]
    if command not in COMMANDS:
        print(f"train: no command {command!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        raise SystemExit(2)
    config_path, module_name = COMMANDS[command]
    config_module, config_name = config_path.split(":")
    try:
        config_type = getattr(importlib.import_module(config_module), config_name)
        run = importlib.import_module(module_name).run
        run(tyro.cli(config_type, prog=f"python -m train {command}", args=arguments[1:]))
    except (TrainError, ImportError) as error:
        print(f"train {command}: {error}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
