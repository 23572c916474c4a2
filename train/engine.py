"""`Engine`: where and how a step is computed - device, processes, precision - by Lightning Fabric.

Each network is wrapped on its own. Lightning's Trainer wraps a model whole, and then waits for the
gradients of networks that are frozen; here a frozen network is called out of its wrapper, so the
wrapper does not know of it.

A step's images are shared out: each process takes its slice, and gradients are averaged. What is
random is drawn alike everywhere, so all processes hold the same weights and the same histories.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision, Precision
from torch import Tensor, nn

from train.clock import Clock
from train.config import RunOptions
from train.cycles import Objective, bare
from train.errors import TrainError
from train.networks import Disentangler, Residual
from train.trainee import Trainee


class Engine:
    """Fabric, with the few words that a training step needs of it."""

    def __init__(self, config: RunOptions, clock: Clock | None = None) -> None:
        """Starts the other processes of this machine, if there are to be any and nobody else did.

        Raises `TrainError` for a device or a precision that is not to be had here.
        """
        self.clock = clock or Clock()
        self._accumulate = config.accumulate
        self._wrapped: list[Any] = []
        self._fabric = _launch(config)
        torch.set_num_threads(config.threads)  # after Fabric, which sets it when it launches

    @property
    def rank(self) -> int:
        """This process's number; 0 is the one that writes."""
        return int(self._fabric.global_rank)

    @property
    def world(self) -> int:
        """Processes on all machines."""
        return int(self._fabric.world_size)

    @property
    def device(self) -> torch.device:
        return self._fabric.device

    def adopt(self, trainee: Trainee) -> None:
        """Move a run to the device, and wrap each of its networks that learn."""
        for name in trainee.called:
            network = getattr(trainee, name).to(memory_format=torch.channels_last)
            wrapped = self._fabric.setup_module(network)
            setattr(trainee, name, wrapped)
            self._wrapped.append(wrapped)
        for network in (trainee.content_ema, *trainee.fixed.values()):
            network.to(self.device)
        for history in trainee.histories.values():
            history.images = history.images.to(self.device)

    def put(self, batch: Tensor) -> Tensor:
        """A batch on the device."""
        return batch.to(self.device)

    def learn(self, name: str, objective: Callable[..., Objective], *batches: Tensor) -> Objective:
        """Add the gradients of `objective` over the batches to what the networks have, a part of
        each batch at a time. Gives the mean of its losses, and all generated images.

        `name` is what the time goes by.
        """
        parts = list(zip(*(batch.chunk(self._accumulate) for batch in batches), strict=True))
        found = []
        with self.clock.measure(name):
            for index, part in enumerate(parts):
                with self._exchange(index == len(parts) - 1):
                    # A context each: what autocast remembers of weights ends with it.
                    with self._fabric.autocast():
                        now = objective(*part)
                    self._fabric.backward(now.loss / len(parts))
                found.append(now)
        return _joined(found)

    def step(self, *optimizers: torch.optim.Optimizer) -> None:
        """Let the networks of the optimisers, whose gradients come from the same losses, take a
        step; then drop the gradients."""
        with self.clock.measure("optimisers"):
            scaler = self._scaler
            for optimizer in optimizers:
                if scaler is None:
                    optimizer.step()
                else:
                    scaler.step(optimizer)
            if scaler is not None:
                scaler.update()  # once: a scale that changed in between would spoil the second step
            for optimizer in optimizers:
                optimizer.zero_grad(set_to_none=True)

    @torch.no_grad()
    def residual(self, d: nn.Module, v: Tensor) -> Residual:
        """r = D_R(v) to be an input: without a gradient.

        Not within `learn`: autocast may remember D_R's weights as they are without their gradients.
        """
        inner = bare(d)
        assert isinstance(inner, Disentangler)
        with self.clock.measure("cycle C"), self._fabric.autocast():
            parts = [inner.find_residual(part) for part in v.chunk(self._accumulate)]
        return [torch.cat(maps) for maps in zip(*parts, strict=True)]

    def everybodys(self, batch: Tensor) -> Tensor:
        """All processes' slices of a batch, in order."""
        if self.world == 1:
            return batch
        slices = [torch.empty_like(batch) for _ in range(self.world)]
        torch.distributed.all_gather(slices, batch.contiguous())
        return torch.cat(slices)

    def mine(self, batch: Tensor) -> Tensor:
        """This process's slice of everybody's batch."""
        return batch.chunk(self.world)[self.rank]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes."""
        reduced = self._fabric.all_reduce(values, reduce_op="mean")
        assert isinstance(reduced, Tensor)
        return reduced

    def close(self) -> None:
        """Part from the other processes once all are here; each calls it at a good end.

        Left to the interpreter's end, gloo's threads can abort a process that has done its work. No
        gradients can be exchanged any more.
        """
        if self.world > 1:
            self._fabric.barrier()
            # A reducer that outlives the group takes it apart, and waits for gloo's thread with
            # Python's lock in hand, for which that thread may be waiting.
            for network in self._wrapped:
                network._forward_module.logger = network._forward_module.reducer = None
            torch.distributed.destroy_process_group()

    def any(self, value: bool) -> bool:
        """Whether it holds in any process."""
        return bool(self.mean(torch.tensor(float(value), device=self.device)) > 0)

    def scaler_state(self) -> dict[str, Any]:
        """What scales losses in 16-mixed precision, for a checkpoint; empty otherwise."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def load_scaler(self, state: dict[str, Any]) -> None:
        if self._scaler is not None and state:
            self._scaler.load_state_dict(state)

    @property
    def _scaler(self) -> torch.amp.GradScaler | None:
        precision = self._fabric.strategy.precision
        return precision.scaler if isinstance(precision, MixedPrecision) else None

    @contextmanager
    def _exchange(self, now: bool) -> Iterator[None]:
        """Within: processes exchange gradients, or keep them to themselves until a later part."""
        with ExitStack() as stack:
            for network in self._wrapped:
                stack.enter_context(self._fabric.no_backward_sync(network, enabled=not now))
            yield


class _Autocast(MixedPrecision):
    """Mixed precision that leaves a network's input as it is: a picture rounded to bfloat16 has
    lost its last bits."""

    def convert_input(self, data: Any) -> Any:
        return data


def _launch(config: RunOptions) -> Fabric:
    world = config.devices * config.nodes
    started = int(os.environ.get("WORLD_SIZE", world))
    if started != world:
        raise TrainError(
            f"{started} processes were started, but --devices {config.devices} x --nodes "
            f"{config.nodes} is {world}: say how many there are on each machine, and how many "
            "machines"
        )
    accelerator = _accelerator(config)
    fabric = Fabric(
        accelerator=accelerator,
        devices=config.devices,
        num_nodes=config.nodes,
        strategy="ddp" if world > 1 else "auto",
        plugins=[_precision(config, accelerator)],
    )
    if "LT_CLI_USED" not in os.environ:  # `fabric run` has launched already
        fabric.launch()
    return fabric


def _accelerator(config: RunOptions) -> Literal["cpu", "cuda"]:
    gpus = torch.cuda.device_count()
    if config.accelerator == "cpu" or (config.accelerator == "auto" and not gpus):
        return "cpu"
    if gpus < config.devices:
        raise TrainError(f"--devices {config.devices} asks for as many GPUs; PyTorch finds {gpus}")
    return "cuda"


def _precision(config: RunOptions, accelerator: str) -> Precision:
    if config.precision == "32-true":
        return Precision()
    if config.precision == "16-mixed" and accelerator == "cpu":
        raise TrainError("--precision 16-mixed needs a GPU; on a CPU there is bf16-mixed")
    return _Autocast(config.precision, accelerator)


def _joined(parts: list[Objective]) -> Objective:
    """Means of losses, all images; of parts of equal size."""
    if len(parts) == 1:
        return parts[0]
    return Objective(
        loss=torch.stack([part.loss.detach() for part in parts]).mean(),
        parts={
            name: torch.stack([part.parts[name] for part in parts]).mean()
            for name in parts[0].parts
        },
        fake=torch.cat([part.fake for part in parts]),
    )
