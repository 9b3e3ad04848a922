"""A runner for a checkpoint: in which precision, by which code, on what device.

The one door for whoever wants a model to run. Imports neither torch nor a compiled library until
one is chosen. ``auto`` takes PyTorch where a GPU has room for the model, the compiled step on any
other machine that has it, and PyTorch where that was not compiled; a mixture of experts is
PyTorch's everywhere. What a model needs is known from its headers and compared with free memory
before a byte is read: a refusal, not a killed process.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from paddock.checkpoint.opening import Checkpoint, open_checkpoint
from paddock.engine.errors import ModelTooLarge, NoRunner
from paddock.engine.free_memory import LESS, available_memory_bytes, check_fits
from paddock.engine.native.loading import Packing, load_weights, no_plain_layers
from paddock.engine.native.pack_cache import PackCache
from paddock.engine.native.plan import Plan, plan_weights
from paddock.engine.native.weights import Kind
from paddock.engine.precision import Precision
from paddock.engine.step import BLOCK_TOKENS, Runner
from paddock.kernels.step_library import step_library

if TYPE_CHECKING:
    from paddock.config import Settings

RUNNERS: Final = ("auto", "native", "torch")
_CACHED_LANES: Final = 16
# A step of a model this small is less work than waking a second thread and waiting for it.
_ONE_THREAD_BYTES: Final = 16 << 20
_SPARE_BYTES: Final = 128 << 20  # for one step's activations, and for packing
_NO_LIBRARY: Final = "a C compiler at installation makes it; or install the extra `model` (PyTorch)"
_NO_TORCH: Final = "install the extra `model`: pip install 'paddock[model]'"


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a model is opened; the defaults suit every machine.

    ``runner`` is one of ``RUNNERS``; ``device`` auto, cpu, cuda or cuda:N; ``threads`` 0 all cores
    that this process may use, one for a tiny model. Without ``packed`` nothing is kept on disk:
    every start packs again. Once ``is_stopped`` says so, packing ends with LoadingStopped.
    """

    precision: Precision = Precision.AUTO
    runner: str = "auto"
    device: str = "auto"
    threads: int = 0
    packed: PackCache | None = None
    is_stopped: Callable[[], bool] = lambda: False


class ModelBytes(NamedTuple):
    """What a model takes of memory: its weights, and each block of the KV cache."""

    weights: int
    block: int


def open_model(path: Path, options: OpenOptions = OpenOptions()) -> Runner:
    """A runner of the checkpoint at ``path``, ready for ``reserve``.

    Raises what opening a checkpoint raises, BadElements for weights that are not finite,
    ModelTooLarge, NoRunner.
    """
    checkpoint = open_checkpoint(path)
    plan = plan_weights(checkpoint.config, checkpoint.tensors, options.precision)
    try:
        if not plan.config.is_plain:
            _check_has_torch(options, no_plain_layers(plan.config))
            return _open_torch(path, plan, options)
        if choose_runner(options) == "torch" and not _is_better_off_compiled(plan, options):
            return _open_torch(path, plan, options)
        check_fits(_name(path), plan.size_bytes + _SPARE_BYTES, available_memory_bytes())
        return _open_native(checkpoint, plan, options)
    except MemoryError as e:
        raise ModelTooLarge(f"{_name(path)} does not fit into memory: {e}", hint=LESS) from e


def model_bytes(path: Path, precision: Precision = Precision.AUTO) -> ModelBytes:
    """What the model takes in the compiled step, from its headers alone."""
    checkpoint = open_checkpoint(path)
    return planned_bytes(plan_weights(checkpoint.config, checkpoint.tensors, precision))


def planned_bytes(plan: Plan) -> ModelBytes:
    """The same of a plan.

    Keys and values are bfloat16, float32 where weights are, each head's in whole vectors
    (``kernels/step/work.h``).
    """
    item_bytes = 4 if plan.layers[0].qkv[0].kind is Kind.F32 else 2
    config = plan.config
    head_width = config.head_dim + -config.head_dim % _CACHED_LANES
    kv_width = config.kv_heads * head_width
    block_bytes = BLOCK_TOKENS * 2 * config.layers * kv_width * item_bytes
    return ModelBytes(plan.size_bytes, block_bytes)


def packed_folder(settings: Settings) -> PackCache | None:
    """Where settings say that packed weights are kept; None for nowhere."""
    if not settings.packed_bytes:
        return None
    return PackCache(settings.packed_folder, settings.packed_bytes)


def choose_runner(options: OpenOptions) -> str:
    """``native`` or ``torch``; raises NoRunner where what is wanted is not there."""
    if options.runner not in RUNNERS:
        raise NoRunner(f"there is no runner {options.runner!r}", hint=f"one of {RUNNERS}")
    has_torch = importlib.util.find_spec("torch") is not None
    if options.runner == "torch" or options.device.startswith("cuda"):
        if options.runner == "native":
            raise NoRunner("the compiled step runs on no GPU", hint="leave --runner out, or torch")
        if not has_torch:
            raise NoRunner("PyTorch is not installed", hint=_NO_TORCH)
        return "torch"
    library = step_library()
    if options.runner == "native":
        if library is None:
            raise NoRunner("the compiled step is not there", hint=_NO_LIBRARY)
        return "native"
    if options.device == "auto" and has_torch and _sees_gpu():
        return "torch"
    # Level 0 is any processor's: right, and slower than PyTorch's own kernels for it.
    if library is not None and (library.level or not has_torch):
        return "native"
    if has_torch:
        return "torch"
    raise NoRunner("neither the compiled step nor PyTorch is there", hint=_NO_LIBRARY)


def _check_has_torch(options: OpenOptions, why: str) -> None:
    """Raise NoRunner where PyTorch is not there, or is not wanted."""
    if options.runner == "native":
        raise NoRunner(why, hint="leave --runner out, or torch")
    if importlib.util.find_spec("torch") is None:
        raise NoRunner(f"{why}, and it is not installed", hint=_NO_TORCH)
    choose_runner(replace(options, runner="torch"))


def _open_native(checkpoint: Checkpoint, plan: Plan, options: OpenOptions) -> Runner:
    from paddock.engine.native.runner import NativeRunner, usable_cores

    library = step_library()
    if library is None:
        raise NoRunner("the compiled step is not there", hint=_NO_LIBRARY)
    threads = options.threads or (1 if plan.size_bytes < _ONE_THREAD_BYTES else usable_cores())
    packing = Packing(library, threads, options.packed, options.is_stopped)
    weights = load_weights(checkpoint, plan, packing)
    return NativeRunner(weights, threads=threads)


def _open_torch(path: Path, plan: Plan, options: OpenOptions) -> Runner:
    from paddock.engine.torch_runner.opening import TorchOptions, open_torch_model

    if options.device == "cpu" or not _sees_gpu():
        check_fits(_name(path), plan.size_bytes + _SPARE_BYTES, available_memory_bytes())
    return open_torch_model(path, TorchOptions(options.precision, options.device, options.threads))


def _is_better_off_compiled(plan: Plan, options: OpenOptions) -> bool:
    """Whether PyTorch was chosen for a GPU alone, which has no room for the model."""
    library = step_library()
    if options.runner != "auto" or options.device != "auto" or library is None or not library.level:
        return False
    from paddock.engine.torch_runner.opening import choose_device

    return choose_device(plan, "auto").type == "cpu"


def _sees_gpu() -> bool:
    """Whether the driver of a GPU is there; asking CUDA itself would mean importing torch."""
    return Path("/proc/driver/nvidia/gpus").exists() or Path("/dev/nvidia0").exists()


def _name(path: Path) -> str:
    return f"the model {path.name or path}"
