"""Whether a released model runs: it is opened by the engine and writes some tokens.

The thin file between a build and the engine. Opens one model at a time and lets go of it at once. A
small one is held in memory; a larger one is streamed, layer after layer, once for every token that
it writes, so that no model takes more memory than a few stretches of its weights. What streaming
does not know (a mixture of experts, a machine without the compiled step) is held if it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from paddock.engine.adapters import Adapter
from paddock.engine.engine import Engine
from paddock.engine.errors import EngineOutOfMemory, ModelTooLarge, NoRunner
from paddock.engine.lora_folder import read_adapter
from paddock.engine.native.streamed_model import StreamedModel
from paddock.engine.opening import OpenOptions, model_bytes, open_model
from paddock.engine.options import EngineOptions
from paddock.engine.precision import Precision
from paddock.engine.request import Finish, Output, Request
from paddock.engine.step import BLOCK_TOKENS, Runner, Step
from paddock.engine.streaming import streamed
from paddock.errors import PaddockError

HELD_BYTES: Final = 256 << 20  # of packed weights; a larger model is streamed
NEW_TOKENS: Final = 8
STREAMED_TOKENS: Final = 2  # each reads the whole model: the second one follows the first
ONCE_BYTES: Final = 1 << 30  # of packed weights; a larger model is read for one token alone
_PROMPT_TOKENS: Final = 4
FLOAT32_BYTES: Final = 4 << 30  # up to here both models of a comparison are run in float32

Outcome = Literal["runs", "fails", "undecided"]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tried:
    """How running a model ended, in words."""

    outcome: Outcome
    sentence: str


def try_out(name: str, place: Path) -> Tried:
    """Open the model at ``place`` and let it write."""
    try:
        said = _written(place)
    except (NoRunner, ModelTooLarge, EngineOutOfMemory, MemoryError) as e:
        why = e.message if isinstance(e, PaddockError) else "there is not enough memory"
        return Tried("undecided", f"{name} was not run on this machine: {why}")
    except PaddockError as e:
        return Tried("fails", f"{name} cannot be run: {e.message}")
    if said is None:
        return Tried("fails", f"{name} gives no numbers when it is run")
    return Tried("runs", f"{name} was opened and wrote {_counted(said)}")


def try_out_adapter(name: str, base: Path, place: Path) -> Tried:
    """Open the model at ``base`` and let it write with the adapter at ``place``."""
    try:
        said = _written(base, place)
    except (NoRunner, ModelTooLarge, EngineOutOfMemory, MemoryError) as e:
        why = e.message if isinstance(e, PaddockError) else "there is not enough memory"
        return Tried("undecided", f"{name} was not run on this machine: {why}")
    except PaddockError as e:
        return Tried("fails", f"{name} does not fit its base model: {e.message}")
    if said is None:
        return Tried("fails", f"{name} gives no numbers when it is run on its base model")
    return Tried("runs", f"{name} was run on its base model and wrote {_counted(said)}")


def comparison_precision(places: Sequence[Path]) -> Precision:
    """float32 for models that are small so: then only the stored numbers differ."""
    most = max(model_bytes(place, Precision.FLOAT32).weights for place in places)
    return Precision.FLOAT32 if most <= FLOAT32_BYTES else Precision.AUTO


def logits_of(
    place: Path, precision: Precision, sequences: Sequence[Sequence[int]]
) -> Iterator[Floats]:
    """For each sequence the logits after every token but the last.

    Raises what opening and running the model raises.
    """
    if model_bytes(place, precision).weights > HELD_BYTES:
        try:
            yield from _streamed_logits(place, precision, sequences)
            return
        except NoRunner:
            pass
    with _held(place, precision) as runner:
        longest = max(len(sequence) for sequence in sequences)
        runner.reserve(-(-longest // BLOCK_TOKENS) + 1)
        for sequence in sequences:
            yield _as_floats(runner.logits(_step_of(sequence[:-1])))


def _as_floats(logits: Any) -> Floats:
    """NumPy's, of what may be torch's in bfloat16, which NumPy does not know."""
    if hasattr(logits, "numpy"):
        logits = logits.float().cpu().numpy()
    return np.array(logits, np.float32)


def _streamed_logits(
    place: Path, precision: Precision, sequences: Sequence[Sequence[int]]
) -> Iterator[Floats]:
    """As many sequences in a pass, and rows of logits at once, as bounded memory allows."""
    with streamed(place, precision) as model:
        for some in _within(sequences, model.most_tokens):
            states = model.states([sequence[:-1] for sequence in some])
            for few in _within(some, model.most_rows):
                ends = np.cumsum([len(sequence) - 1 for sequence in few]).tolist()
                logits, states = model.logits(states[: ends[-1]]), states[ends[-1] :]
                yield from np.split(logits, ends[:-1])


def _within(sequences: Sequence[Sequence[int]], most: int) -> Iterator[list[Sequence[int]]]:
    """The sequences in groups of at most so many tokens; a longer one is a group of its own."""
    group: list[Sequence[int]] = []
    for sequence in sequences:
        if group and sum(map(len, group)) + len(sequence) > most:
            yield group
            group = []
        group.append(sequence)
    yield group


def _step_of(tokens: Sequence[int]) -> Step:
    """All tokens of one sequence; the runner has blocks for them."""
    count = len(tokens)
    blocks = -(-count // BLOCK_TOKENS)
    return Step(
        np.array(tokens, np.int32),
        np.array([0, count], np.int32),
        np.array([count], np.int32),
        np.arange(blocks, dtype=np.int32).reshape(1, -1),
        np.array([-1], np.int32),
        np.arange(count, dtype=np.int32),
    )


@contextmanager
def _held(place: Path, precision: Precision) -> Iterator[Runner]:
    runner = open_model(place, OpenOptions(precision, device="cpu"))
    try:
        yield runner
    finally:
        runner.close()


def _written(base: Path, adapter: Path | None = None) -> int | None:
    """How many tokens the model wrote; None where it gave no number.

    How many it is asked for depends on its size alone: a build says the same on every machine.
    """
    weights = model_bytes(base).weights
    if weights <= HELD_BYTES:
        wanted = NEW_TOKENS
    else:
        wanted = STREAMED_TOKENS if weights <= ONCE_BYTES else 1
        try:
            with streamed(base, Precision.AUTO, adapter) as model:
                return _stream(model, wanted)
        except NoRunner:
            pass
    with _held(base, Precision.AUTO) as runner:
        added = None if adapter is None else read_adapter(adapter, runner.config)
        return _generate(runner, wanted, added)


def _stream(model: StreamedModel, new_tokens: int) -> int | None:
    config = model.config
    tokens = _prompt(config.bos_id, config.vocab_size, config.context - 1)
    length = min(config.context, len(tokens) + new_tokens)
    said = 0
    while len(tokens) < length:
        logits = model.logits(model.states([tokens])[-1:])[0]
        if not np.isfinite(logits).all():
            return None
        tokens.append(int(logits.argmax()))
        said += 1
        if tokens[-1] in config.eos_ids:
            break
    return said


def _generate(runner: Runner, new_tokens: int, adapter: Adapter | None) -> int | None:
    config = runner.config
    length = min(config.context, _PROMPT_TOKENS + new_tokens)
    prompt = tuple(_prompt(config.bos_id, config.vocab_size, length - 1))
    heard: list[Output] = []
    blocks = -(-length // BLOCK_TOKENS) + 1
    engine = Engine(
        runner, EngineOptions(blocks=blocks, max_sequences=1, free_rows=1), heard.extend
    )
    try:
        name = None if adapter is None else adapter.name
        if adapter is not None:
            engine.put_adapter(adapter.name, adapter)
        engine.submit(Request("try", prompt, new_tokens, adapter=name))
        while engine.step():
            pass
    finally:
        engine.stop()
    if not heard or heard[-1].finish not in {Finish.STOP, Finish.LENGTH}:
        return None
    return sum(len(output.token_ids) + (output.stop_id is not None) for output in heard)


def _counted(tokens: int) -> str:
    return "a token" if tokens == 1 else f"{tokens} tokens"


def _prompt(bos_id: int | None, vocab_size: int, most: int) -> list[int]:
    """A few tokens that every model knows."""
    count = max(1, min(_PROMPT_TOKENS, most))
    return [bos_id or 0, *(place * 7 % vocab_size for place in range(1, count))]
