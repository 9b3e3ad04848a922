"""A runner over blocks that is no neural network: what it answers is a hash of what it reads.

Each position of its KV cache holds a state: a hash of token, adapter and the state before it, as it
was found in the block that the table names. A row's logits are a hash of all of the sequence's
states. So any mistake in tables, sharing, preemption or guessing changes the answer, and
``answer_alone`` tells what it must be, without any block. It fails when it is told to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.constraint import is_at_end
from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.matching import Vocabulary, compile_grammar
from paddock.engine.request import Finish, Request, TokenLogprob
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import BLOCK_TOKENS, Row, Step

CONFIG = LlamaConfig(
    dim=8, layers=1, heads=1, kv_heads=1, head_dim=8, ffn_dim=8, vocab_size=24, context=4096
)
MULTIPLIER = 2654435761


@dataclass
class BlockModel:
    """The runner; ``agreement`` below 1 makes it a draft model that is sometimes wrong."""

    config: LlamaConfig = CONFIG
    agreement: float = 1.0
    fails_at: set[int] = field(default_factory=set)  # numbers of steps, from 0
    error: Exception = field(default_factory=lambda: RuntimeError("told to fail"))
    nan_token: int | None = None  # whoever has read it gets no number
    room: int = 1 << 30  # blocks
    block_bytes: int = 1024

    def __post_init__(self) -> None:
        self.steps = self.tokens = self.largest_step = self.most_rows = 0
        self.adapters: dict[int, int] = {}
        self.is_closed = False

    def reserve(self, blocks: int) -> None:
        if blocks > self.room:
            raise MemoryError
        self.states = np.full((blocks, BLOCK_TOKENS), -1, np.int64)

    def logits(self, step: Step) -> NDArray[np.float32]:
        crcs, has_nan = self._run(step)
        vocabulary = self.config.vocab_size
        logits_RV = np.array(
            [logits_of(crc, vocabulary, self.agreement) for crc in crcs], np.float32
        )
        logits_RV = logits_RV.reshape(len(crcs), vocabulary)
        logits_RV[has_nan] = np.nan
        return logits_RV

    def hidden(self, step: Step) -> NDArray[np.float32]:
        crcs, has_nan = self._run(step)
        return np.array(
            [state_of(crc) * (np.nan if nan else 1) for crc, nan in zip(crcs, has_nan, strict=True)]
        )

    def choose(self, logits: Any, rows: Sequence[Row]) -> list[TokenLogprob | None]:
        assert len(logits) == len(rows)
        return choose(logits, rows)

    def put_adapter(self, slot: int, adapter: int) -> None:
        self.adapters[slot] = adapter

    def drop_adapter(self, slot: int) -> None:
        del self.adapters[slot]

    def close(self) -> None:
        self.is_closed = True

    def _run(self, step: Step) -> tuple[list[int], list[bool]]:
        number, self.steps = self.steps, self.steps + 1
        if number in self.fails_at:
            self.states[:] = -7  # what a failed step leaves is undefined
            raise self.error
        self.tokens += len(step.tokens_T)
        self.largest_step = max(self.largest_step, len(step.tokens_T))
        self.most_rows = max(self.most_rows, len(step.wanted_R))
        found: dict[int, tuple[int, bool]] = {}
        for index, length in enumerate(step.lengths_S.tolist()):
            begin, end = step.starts_S[index : index + 2].tolist()
            assert begin < end <= len(step.tokens_T), "every sequence brings a token"
            self._write(step, index, length - (end - begin))
            table = step.tables_SB[index]
            read = self.states[table[: -(-length // BLOCK_TOKENS)]].reshape(-1)
            for row in step.wanted_R.tolist():
                if begin <= row < end:
                    seen = read[: length - (end - 1 - row)]
                    found[row] = (crc32(seen.tobytes()), self._is_nan(seen))
        assert list(found) == step.wanted_R.tolist(), "rows ascend"
        return [crc for crc, _ in found.values()], [nan for _, nan in found.values()]

    def _write(self, step: Step, index: int, position: int) -> None:
        begin, end = step.starts_S[index : index + 2].tolist()
        table = step.tables_SB[index].tolist()
        slot = int(step.adapters_S[index])
        adapter = self.adapters[slot] if slot >= 0 else 0
        before = 0
        if position:
            last = position - 1
            before = int(self.states[table[last // BLOCK_TOKENS], last % BLOCK_TOKENS])
        for token in step.tokens_T[begin:end].tolist():
            before = next_state(before, token, adapter)
            self.states[table[position // BLOCK_TOKENS], position % BLOCK_TOKENS] = before
            position += 1

    def _is_nan(self, states: NDArray[np.int64]) -> bool:
        return self.nan_token is not None and bool((states % 1000 == self.nan_token).any())


def next_state(before: int, token: int, adapter: int) -> int:
    return crc32(b"%d %d %d" % (before, token, adapter)) * 1000 + token


def logits_of(
    crc: int, vocabulary: int = CONFIG.vocab_size, agreement: float = 1.0
) -> NDArray[np.float32]:
    """Logits of a row; mostly one token is far ahead, and often it is one of few."""
    numbers_V = np.arange(1, vocabulary + 1, dtype=np.uint64) * np.uint64(MULTIPLIER)
    mixed = (numbers_V * np.uint64(crc + 1)) >> np.uint64(20)
    logits_V = (mixed % np.uint64(997)).astype(np.float32) / 200
    ahead = 20 + crc % 3 if crc % 5 else crc % vocabulary
    if (crc >> 8) % 100 >= agreement * 100:
        ahead = (ahead + 1) % vocabulary
    logits_V[ahead] += 8
    return logits_V


def state_of(crc: int) -> NDArray[np.float32]:
    return np.array([crc >> shift & 15 for shift in range(0, 32, 4)], np.float32)


@dataclass
class Alone:
    """What a request brings when nothing else runs and nothing is cached."""

    token_ids: list[int]
    logprobs: list[TokenLogprob]
    prompt_logprobs: list[TokenLogprob | None]
    embedding: list[float]
    stop_id: int | None = None
    finish: Finish = Finish.LENGTH
    is_impossible: bool = False  # its form cannot be followed to the end


@dataclass(frozen=True)
class World:
    """What an answer depends on besides its request."""

    adapter: int = 0
    context: int = CONFIG.context
    vocabulary: Vocabulary | None = None
    nan_token: int | None = None


def answer_alone(request: Request, world: World = World()) -> Alone:
    """The answer by the definition: the whole text read again for every token."""
    answer = Alone([], [], [None], [])
    try:
        _answer(request, world, answer)
    except FloatingPointError:
        answer.finish = Finish.ERROR
    except BadGrammar:
        answer.finish, answer.is_impossible = Finish.ERROR, True
    return answer


class _Reader:
    """A text that is read from its beginning for every row."""

    def __init__(self, world: World, prompt: Sequence[int]) -> None:
        self.states: list[int] = []
        self._world = world
        for token in prompt:
            self.append(token)

    def append(self, token: int) -> None:
        before = self.states[-1] if self.states else 0
        self.states.append(next_state(before, token, self._world.adapter))

    def crc(self, length: int) -> int:
        if any(state % 1000 == self._world.nan_token for state in self.states[:length]):
            raise FloatingPointError
        return crc32(np.array(self.states[:length], np.int64).tobytes())

    def chosen(self, row: Row, length: int) -> TokenLogprob:
        known = self._world.vocabulary
        logits_V = logits_of(self.crc(length), known.vocab_size if known else CONFIG.vocab_size)
        (choice,) = choose(logits_V[None], [row])
        if choice is None:
            raise BadGrammar("nothing is allowed")
        return choice


def _answer(request: Request, world: World, answer: Alone) -> None:
    reader = _Reader(world, request.prompt)
    if request.embed:
        answer.embedding = state_of(reader.crc(len(request.prompt))).tolist()
    if request.prompt_logprobs is not None:
        for position, token in enumerate(request.prompt[1:], 1):
            score = Row(request.sampling, position, logprobs=request.prompt_logprobs, score=token)
            answer.prompt_logprobs.append(reader.chosen(score, position))
    _continue(request, world, reader, answer)


def _continue(request: Request, world: World, reader: _Reader, answer: Alone) -> None:
    stop_ids, matcher = request.stop_ids, None
    if request.grammar is not None and world.vocabulary is not None:
        matcher = compile_grammar(request.grammar, world.vocabulary)
        stop_ids = stop_ids.union(world.vocabulary.eos_ids)
    while len(answer.token_ids) < min(request.max_tokens, world.context - len(request.prompt)):
        early = len(answer.token_ids) < request.min_tokens
        row = Row(
            request.sampling, len(reader.states), request.prompt, answer.token_ids,
            stop_ids if early else frozenset(), logprobs=request.logprobs,
            mask_V=None if matcher is None else matcher.mask(),
        )  # fmt: skip
        choice = reader.chosen(row, len(reader.states))
        if choice.token_id in stop_ids:
            answer.stop_id, answer.finish = choice.token_id, Finish.STOP
            return
        answer.token_ids.append(choice.token_id)
        answer.logprobs.append(choice)
        reader.append(choice.token_id)
        if matcher is None or world.vocabulary is None:
            continue
        assert matcher.accept(choice.token_id)
        if is_at_end(matcher, world.vocabulary):
            answer.finish = Finish.STOP
            return


def small(**changes: Any) -> LlamaConfig:
    """The model's shape with something else about it."""
    return replace(CONFIG, **changes)
