"""A runner in PyTorch from a checkpoint on disk: which device, which type, which operations.

A GPU is taken where there is one that the weights fit, with some room for a cache beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from paddock.checkpoint.opening import Checkpoint, open_checkpoint
from paddock.engine.torch_runner.memory import free_bytes, memory_errors_as_python_s
from paddock.engine.torch_runner.plain_operations import PlainOperations
from paddock.engine.torch_runner.reading import Wanted, read_weights, stored_type
from paddock.engine.torch_runner.runner import TorchRunner

_ROOM = 1.25  # memory over that of the weights that a GPU must have free to be taken


@dataclass(frozen=True, slots=True)
class TorchOptions:
    """``threads`` 0 leaves torch's own number; a device is auto, cpu, cuda or cuda:N."""

    precision: str = "auto"  # auto (as stored), float32, bfloat16, int8, int4
    device: str = "auto"
    threads: int = 0


def open_torch_model(path: Path, options: TorchOptions = TorchOptions()) -> TorchRunner:
    """A runner of a checkpoint folder or file; raises what opening raises, and MemoryError."""
    checkpoint = open_checkpoint(path)
    if options.threads:
        torch.set_num_threads(options.threads)
    device = _device(checkpoint, options)
    wanted = Wanted(options.precision, device, _computing_type(checkpoint, options, device))
    with memory_errors_as_python_s():
        weights = read_weights(checkpoint.config, checkpoint.tensors, wanted)
    return TorchRunner(weights, PlainOperations())


def _device(checkpoint: Checkpoint, options: TorchOptions) -> torch.device:
    if options.device != "auto":
        return torch.device(options.device)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    gpu = torch.device("cuda")
    bits = {"float32": 32, "int8": 8.5, "int4": 4.5}.get(options.precision, 16)
    needed = checkpoint.config.parameter_count() * bits / 8 * _ROOM
    return gpu if needed <= free_bytes(gpu) else torch.device("cpu")


def _computing_type(
    checkpoint: Checkpoint, options: TorchOptions, device: torch.device
) -> torch.dtype:
    match options.precision:
        case "float32":
            return torch.float32
        case "bfloat16":
            return torch.bfloat16
    if device.type == "cuda":
        return torch.bfloat16
    return stored_type(checkpoint.tensors) if options.precision == "auto" else torch.float32
