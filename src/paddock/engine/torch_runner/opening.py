"""A runner in PyTorch from a checkpoint on disk: which device, which type, which operations.

A GPU is taken where there is one that the weights fit, with room for a cache beside them.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.errors import NoRunner
from paddock.engine.native.plan import Plan, plan_weights
from paddock.engine.precision import Precision
from paddock.engine.torch_runner.layers import Operations
from paddock.engine.torch_runner.memory import free_bytes, memory_errors_as_python_s
from paddock.engine.torch_runner.plain_operations import PlainOperations
from paddock.engine.torch_runner.reading import Wanted, computing_type, read_weights
from paddock.engine.torch_runner.runner import TorchRunner
from paddock.errors import shown

_ROOM = 1.25  # memory over that of the weights that a GPU must have free to be taken


@dataclass(frozen=True, slots=True)
class TorchOptions:
    """``threads`` 0 leaves torch's own number; a device is auto, cpu, cuda or cuda:N."""

    precision: Precision = Precision.AUTO
    device: str = "auto"
    threads: int = 0


def open_torch_model(path: Path, options: TorchOptions = TorchOptions()) -> TorchRunner:
    """A runner of a checkpoint; raises what opening one raises, NoRunner, MemoryError."""
    checkpoint = open_checkpoint(path)
    plan = plan_weights(checkpoint.config, checkpoint.tensors, options.precision)
    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(plan, options.device)
    operations: Operations = PlainOperations()
    wanted = Wanted(device, computing_type(plan, device))
    if device.type == "cuda" and importlib.util.find_spec("triton") is not None:
        from paddock.engine.torch_runner.fused_operations import FusedOperations, streamed_product

        wanted = replace(wanted, one_row_product=streamed_product)
        processors = torch.cuda.get_device_properties(device).multi_processor_count
        operations = FusedOperations(processors, plan.config.context)
    with memory_errors_as_python_s():
        weights = read_weights(plan, wanted)
    return TorchRunner(weights, operations)


def choose_device(plan: Plan, name: str) -> torch.device:
    """The device of this name; for auto a GPU with room for the model, else the CPU."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    known = {"cpu", *(["cuda"] if gpus else []), *(f"cuda:{n}" for n in range(gpus))}
    if name in known:
        return torch.device(name)
    if name != "auto":
        raise NoRunner(
            f"PyTorch sees no device {shown(name)}", hint=f"it sees {', '.join(sorted(known))}"
        )
    if not gpus:
        return torch.device("cpu")
    gpu = torch.device("cuda")
    free = free_bytes(gpu)
    fits = free is None or plan.size_bytes * _ROOM <= free
    return gpu if fits else torch.device("cpu")
