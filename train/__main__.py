"""`python -m train COMMAND`: the command line of training.

Each command's module is imported when it is to run, so `--help` is there at once.
"""

from __future__ import annotations

import importlib
import sys

import tyro

from calibration.printable import printable
from train.errors import TrainError

COMMANDS = {
    "simulate": ("train.simulate.config:SimulateConfig", "train.simulate.command"),
    "landmarks": ("train.landmarks.config:LandmarksConfig", "train.landmarks.command"),
    "renders": ("train.renders.config:RendersConfig", "train.renders.command"),
    "check": ("train.check:CheckConfig", "train.check"),
    "fit": ("train.config:FitArguments", "train.fit"),
    "distill": ("train.distill.config:DistillArguments", "train.distill.command"),
    "evaluate": ("train.evaluate:EvaluateConfig", "train.evaluate"),
    "regressor": ("train.evaluate.regressor:RegressorConfig", "train.evaluate.regressor"),
    "grid": ("train.grid:GridConfig", "train.grid"),
    "cheat": ("train.cheat:CheatConfig", "train.cheat"),
    "synthetic": ("train.synthetic.config:SyntheticConfig", "train.synthetic.command"),
    "bench": ("train.bench:BenchConfig", "train.bench"),
}
"""Command -> its config, and the module whose `run(config)` does it."""

USAGE = """usage: python -m train COMMAND [--help]

  simulate   render a simulated headset user: images of V and C, truth, clips
  landmarks  points of an avatar's face, to find the camera's viewpoint by
  renders    render domain C: your avatar, as your calibrated camera would see it
  check      look at the images before training: sizes, duplicates, light, expressions
  fit        learn D and E from unpaired images of V and C; go on with a run that was stopped
  distill    train a small network to paint what a large run's paints, for live use
  evaluate   measure runs against the truth of a simulated set
  regressor  train what reads expressions off renders, the yardstick of evaluate
  grid       mix and match: content by rows, residual by columns (Figs. 7, 8)
  cheat      do D and E hide messages from each other? (Fig. 9)
  synthetic  the paper's synthetic experiment over many seeds (Sec. 4.1, Fig. 4)
  bench      where the time of a training step goes
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
        config = tyro.cli(config_type, prog=f"python -m train {command}", args=arguments[1:])
        importlib.import_module(module_name).run(config)
    except (TrainError, ImportError) as error:
        print(f"train {command}: {printable(str(error))}", file=sys.stderr)
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        print(f"train {command}: stopped", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
