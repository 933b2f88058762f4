"""The workers of one training: a single process, or those that torchrun starts together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from synapse_common.decision import Floats
from torch import nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """This worker's place among all. Every method but `share` must be called by all workers at the same point."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the worker that reports and writes."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this worker's part of `items`: every `size`-th one."""
        return list(items[self.rank :: self.size])

    def total(self, *values: float) -> list[float]:
        """Return the sum over all workers of each of `values`."""
        if self.size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64, device=_device())
        dist.all_reduce(sums)
        return [float(value) for value in sums.cpu()]

    def gather(self, rows: Floats, count: int) -> Floats:
        """Return all `count` rows in their first order from each worker's `rows` [share, c]."""
        if self.size == 1:
            return rows
        parts: list[Any] = [None] * self.size
        dist.all_gather_object(parts, rows)
        whole: Floats = np.empty((count, rows.shape[1]), dtype=rows.dtype)
        for rank, part in enumerate(parts):
            whole[rank :: self.size] = part
        return whole

    def from_main(self, value: T | None) -> T | None:
        """Return the main worker's `value`."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]

    def wait(self) -> None:
        """Return when all workers are here."""
        if self.size > 1:
            dist.barrier()

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return `model` such that a backward pass averages gradients over the workers."""
        if self.size == 1:
            return model
        return DistributedDataParallel(model, broadcast_buffers=False)


@contextmanager
def joined_world() -> Iterator[World]:
    """Join the workers that torchrun started with this one, if it did: gloo on CPUs, NCCL on GPUs, one GPU a worker.

    Inside another such block it yields the world that is joined already.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or dist.is_initialized():
        yield World(rank=int(os.environ.get("RANK", "0")) if size > 1 else 0, size=size)
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield World(rank=dist.get_rank(), size=size)
    finally:
        dist.destroy_process_group()


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
