"""`check_fits`: a checkpoint's weights are those of the networks that it names.

Before these are built: a checkpoint may be a stranger's, and what its config asks for may be larger
than any memory.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from train.checkpoint import Checkpoint
from train.config import NetworkConfig
from train.errors import BadCheckpoint


def check_fits(saved: Checkpoint, build: Callable[[NetworkConfig], nn.Module], prefix: str) -> None:
    """What `build` makes of the checkpoint's config has the weights under `prefix`, and no others.
    Raises `BadCheckpoint`."""
    held = {name: tuple(tensor.shape) for name, tensor in saved.under(prefix).items()}
    network = saved.config.network
    # Each block and each layer has tensors of its own.
    if max(network.blocks, network.adversary_layers or 0) > max(len(held), 64):
        raise BadCheckpoint(f"{saved.path} names networks that its file is far too small for")
    try:
        with torch.device("meta"):  # where tensors have shapes, and no numbers
            made = build(network)
    except RuntimeError as error:
        raise BadCheckpoint(f"{saved.path} names networks that cannot be: {error}") from error
    named = {name: tuple(tensor.shape) for name, tensor in made.state_dict().items()}
    for name in sorted(named.keys() | held.keys()):
        if named.get(name) != held.get(name):
            raise BadCheckpoint(
                f"{saved.path} does not hold the networks it names: {prefix}.{name} should be "
                f"{named.get(name, 'left out')}, and is {held.get(name, 'missing')}"
            )
