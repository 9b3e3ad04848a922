"""Whether a released model runs: it is opened by the engine and writes some tokens.

The thin file between a build and the engine. Opens one model at a time, lets go of it at once, and
never takes more memory than there is: a model that does not fit is not tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from paddock.engine.adapters import Adapter
from paddock.engine.engine import Engine
from paddock.engine.errors import EngineOutOfMemory, ModelTooLarge, NoRunner
from paddock.engine.lora_folder import read_adapter
from paddock.engine.native.pack_cache import PackCache
from paddock.engine.opening import OpenOptions, model_bytes, open_model
from paddock.engine.options import EngineOptions
from paddock.engine.precision import Precision
from paddock.engine.request import Finish, Output, Request
from paddock.engine.step import BLOCK_TOKENS, Runner, Step
from paddock.errors import PaddockError

NEW_TOKENS: Final = 8
_PROMPT_TOKENS: Final = 4
_KEPT_ON_DISK_BYTES: Final = 256 << 20  # from here on packed weights are mapped, not held
FLOAT32_BYTES: Final = 4 << 30  # up to here both models of a comparison are run in float32

Outcome = Literal["runs", "fails", "undecided"]


@dataclass(frozen=True, slots=True)
class Tried:
    """How running a model ended, in words."""

    outcome: Outcome
    sentence: str


def try_out(name: str, place: Path, scratch: Path) -> Tried:
    """Open the model at ``place`` and let it write; ``scratch`` may hold packed weights."""
    try:
        with opened(place, Precision.AUTO, scratch) as runner:
            said = _generate(runner)
    except (NoRunner, ModelTooLarge, EngineOutOfMemory, MemoryError) as e:
        why = e.message if isinstance(e, PaddockError) else "there is not enough memory"
        return Tried("undecided", f"{name} was not run on this machine: {why}")
    except PaddockError as e:
        return Tried("fails", f"{name} cannot be run: {e.message}")
    if said is None:
        return Tried("fails", f"{name} gives no numbers when it is run")
    return Tried("runs", f"{name} was opened and wrote {said} tokens")


def try_out_adapter(name: str, base: Path, place: Path, scratch: Path) -> Tried:
    """Open the model at ``base`` and let it write with the adapter at ``place``."""
    try:
        with opened(base, Precision.AUTO, scratch) as runner:
            said = _generate(runner, read_adapter(place, runner.config))
    except (NoRunner, ModelTooLarge, EngineOutOfMemory, MemoryError) as e:
        why = e.message if isinstance(e, PaddockError) else "there is not enough memory"
        return Tried("undecided", f"{name} was not run on this machine: {why}")
    except PaddockError as e:
        return Tried("fails", f"{name} does not fit its base model: {e.message}")
    if said is None:
        return Tried("fails", f"{name} gives no numbers when it is run on its base model")
    return Tried("runs", f"{name} was run on its base model and wrote {said} tokens")


@contextmanager
def opened(place: Path, precision: Precision, scratch: Path) -> Iterator[Runner]:
    """A runner on this machine's processor; raises what ``open_model`` raises."""
    packed = None
    if model_bytes(place, precision).weights > _KEPT_ON_DISK_BYTES:
        packed = PackCache(scratch, 1 << 62)
    options = OpenOptions(precision, device="cpu", packed=packed)
    runner = open_model(place, options)
    try:
        yield runner
    finally:
        runner.close()
        if packed is not None:
            for path in scratch.glob("*.packed"):
                path.unlink(missing_ok=True)


def comparison_precision(places: Sequence[Path]) -> Precision:
    """float32 for models that are small so: then only the stored numbers differ."""
    most = max(model_bytes(place, Precision.FLOAT32).weights for place in places)
    return Precision.FLOAT32 if most <= FLOAT32_BYTES else Precision.AUTO


def logits_of(runner: Runner, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Logits after every token but the last; the runner has blocks for them."""
    count = len(tokens) - 1
    blocks = -(-count // BLOCK_TOKENS)
    step = Step(
        np.array(tokens[:-1], np.int32),
        np.array([0, count], np.int32),
        np.array([count], np.int32),
        np.arange(blocks, dtype=np.int32).reshape(1, -1),
        np.array([-1], np.int32),
        np.arange(count, dtype=np.int32),
    )
    return np.array(runner.logits(step), np.float32)


def _generate(runner: Runner, adapter: Adapter | None = None) -> int | None:
    """How many tokens it wrote; None where it gave no number."""
    config = runner.config
    length = min(config.context, _PROMPT_TOKENS + NEW_TOKENS)
    prompt = tuple(
        (config.bos_id or 0) if place == 0 else place * 7 % config.vocab_size
        for place in range(max(1, min(_PROMPT_TOKENS, length - 1)))
    )
    heard: list[Output] = []
    blocks = -(-length // BLOCK_TOKENS) + 1
    engine = Engine(
        runner, EngineOptions(blocks=blocks, max_sequences=1, free_rows=1), heard.extend
    )
    try:
        name = None if adapter is None else adapter.name
        if name is not None:
            engine.put_adapter(name, adapter)
        engine.submit(Request("try", prompt, NEW_TOKENS, adapter=name))
        while engine.step():
            pass
    finally:
        engine.stop()
    if not heard or heard[-1].finish not in {Finish.STOP, Finish.LENGTH}:
        return None
    return sum(len(output.token_ids) + (output.stop_id is not None) for output in heard)
