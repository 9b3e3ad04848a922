"""Memory of devices: how much there is, and torch's ways of saying that there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# torch has a type for a GPU's memory alone; a CPU's allocator raises a RuntimeError with this text
# (c10/core/impl/alloc_cpu.cpp).
_CPU_REFUSAL = "not enough memory"


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


def free_bytes(device: torch.device) -> int:
    """Memory of a GPU that nobody uses."""
    free, _ = torch.cuda.mem_get_info(device)
    return int(free)
