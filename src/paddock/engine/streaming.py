"""A checkpoint that runs without being held: read once for every pass, in bounded memory.

The door to ``native/streamed_model``, as ``opening`` is to the runners. Needs the compiled step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddock.checkpoint.errors import disk_failures_in_words
from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.errors import NoRunner
from paddock.engine.lora_folder import read_adapter
from paddock.engine.native.plan import plan_weights
from paddock.engine.native.runner import usable_cores
from paddock.engine.native.streamed_model import StreamedModel
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_library


@contextmanager
def streamed(
    path: Path, precision: Precision = Precision.AUTO, adapter: Path | None = None
) -> Iterator[StreamedModel]:
    """The checkpoint at ``path``, with the adapter in a folder or none, on all cores.

    Raises what opening either raises, BadElements for numbers that are not finite, DiskFailure, and
    NoRunner where the compiled step is not there or does not know the model.
    """
    library = step_library()
    if library is None:
        raise NoRunner("models larger than memory are run by the compiled step, which is not there")
    with disk_failures_in_words():
        checkpoint = open_checkpoint(path)
        plan = plan_weights(checkpoint.config, checkpoint.tensors, precision)
        added = None if adapter is None else read_adapter(adapter, checkpoint.config)
        model = StreamedModel(plan, library, usable_cores(), added)
        try:
            yield model
        finally:
            model.close()
