"""Memory of devices: how much there is, and torch's ways of saying that there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from paddock.engine.free_memory import available_memory_bytes

# torch has a type for a GPU's memory alone; a CPU's allocator raises a RuntimeError with this text
# (c10/core/impl/alloc_cpu.cpp).
_CPU_REFUSAL = "DefaultCPUAllocator"


@contextmanager
def memory_errors_as_python_s() -> Iterator[None]:
    """Raise MemoryError where torch cannot allocate."""
    try:
        yield
    except torch.OutOfMemoryError as e:
        raise MemoryError(f"the GPU's memory is full: {str(e).splitlines()[0]}") from e
    except RuntimeError as e:
        if _CPU_REFUSAL not in str(e):
            raise
        raise MemoryError("the machine's memory is full") from e


def free_bytes(device: torch.device) -> int | None:
    """Memory of a device that nobody uses; None where the system does not tell."""
    if device.type == "cpu":
        return available_memory_bytes()
    free, _ = torch.cuda.mem_get_info(device)
    return int(free)


def check_room(device: torch.device, wanted_bytes: int, what: str) -> None:
    """Raise MemoryError where a device has not that much; a CPU's allocator may promise it."""
    free = free_bytes(device)
    if free is not None and wanted_bytes > free:
        raise MemoryError(f"{what} takes {wanted_bytes} bytes, {device.type} has {free} free")
