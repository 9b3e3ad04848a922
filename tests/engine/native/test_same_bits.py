"""A row's logits are the same bits whatever else is in the batch, and however it is computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.native.runner import NativeRunner
from paddock.engine.native.weights import Weights
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_levels
from tests.engine.native.models import (
    Floats,
    Piece,
    all_logits,
    blocks_for,
    packed,
    random_tensors,
    small,
    step_of,
)

CONFIG = small(dim=256, layers=1, heads=6, kv_heads=2, head_dim=64, ffn_dim=256)
LENGTH = 300
BLOCKS = 64
LEVELS = [library.level for library in step_levels()]
TOKENS = np.random.default_rng(9).integers(0, CONFIG.vocab_size, (2, LENGTH)).tolist()


@cache
def weights_in(precision: Precision) -> Weights:
    return packed(CONFIG, random_tensors(CONFIG), precision)


@cache
def runner_in(precision: Precision, level: int, threads: int) -> NativeRunner:
    runner = NativeRunner(weights_in(precision), threads=threads, level=level)
    runner.reserve(BLOCKS)
    return runner


@cache
def read_at_once(precision: Precision, level: int) -> Floats:
    """By a runner of its own."""
    runner = NativeRunner(weights_in(precision), threads=1, level=level)
    runner.reserve(BLOCKS)
    logits = all_logits(runner, TOKENS[0])
    runner.close()
    return logits


@settings(max_examples=25, deadline=None)
@given(
    chunks=st.lists(st.sampled_from((1, 1, 1, 2, 3, 16, 33, 90)), min_size=1, max_size=30),
    others=st.lists(st.integers(0, 40), min_size=30, max_size=30),
    order=st.permutations(range(BLOCKS)),
    threads=st.integers(1, 3),
    precision=st.sampled_from(Precision),
    level=st.sampled_from(LEVELS),
)
def test_chunks_company_threads_and_places_of_blocks_change_no_bit(
    chunks: list[int],
    others: list[int],
    order: list[int],
    threads: int,
    precision: Precision,
    level: int,
) -> None:
    runner = runner_in(precision, level, threads)
    room = blocks_for(LENGTH)
    ours, theirs = order[:room], order[room : 2 * room]
    done = company = 0
    for chunk, other in zip(chunks, others, strict=False):
        new = min(chunk, LENGTH - done)
        pieces = [Piece(TOKENS[0][done : done + new], done + new, ours, range(new))]
        done += new
        if other and company + other <= LENGTH:
            company += other
            them = Piece(TOKENS[1][company - other : company], company, theirs, [0])
            pieces = [them, *pieces] if chunk % 2 else [*pieces, them]
        logits = runner.logits(step_of(*pieces))
        rows = logits[-new:] if chunk % 2 else logits[:new]
        assert np.array_equal(rows, read_at_once(precision, level)[done - new : done])
        if done == LENGTH:
            break


@pytest.mark.parametrize("level", LEVELS)
def test_what_was_proposed_and_rejected_leaves_no_trace(level: int) -> None:
    runner = runner_in(Precision.BFLOAT16, level, 2)
    table = range(blocks_for(LENGTH))
    runner.logits(step_of(Piece(TOKENS[0][:20], 20, table, [])))
    runner.logits(step_of(Piece([TOKENS[0][20], 5, 6, 7, 8], 25, table, range(5))))
    rows = runner.logits(step_of(Piece(TOKENS[0][21:40], 40, table, range(19))))
    assert np.array_equal(rows, read_at_once(Precision.BFLOAT16, level)[21:40])


def test_a_sequence_may_read_what_another_writes_in_the_same_step() -> None:
    runner = runner_in(Precision.BFLOAT16, LEVELS[-1], 2)
    writer = Piece(TOKENS[0][:48], 48, [4, 5, 6], [])
    reader = Piece(TOKENS[0][32:40], 40, [4, 5, 7], range(8))
    for pieces in ((writer, reader), (reader, writer)):
        rows = runner.logits(step_of(*pieces))
        assert np.array_equal(rows, read_at_once(Precision.BFLOAT16, LEVELS[-1])[32:40])


LONG = small(dim=64, layers=2, heads=6, kv_heads=2, head_dim=64, ffn_dim=64, context=2048)
MANY_TOKENS = np.random.default_rng(7).integers(0, LONG.vocab_size, 1100).tolist()


@pytest.mark.parametrize("level", LEVELS)
def test_threads_that_share_a_long_sequence_change_no_bit(level: int) -> None:
    """Alone its spans are mixed by all; among others as long, by one thread a KV head."""
    weights = packed(LONG, random_tensors(LONG), Precision.BFLOAT16)
    table = range(blocks_for(1100))
    copies = [Piece(MANY_TOKENS[1098:1099], 1099, table, [0])] * 16

    def read(threads: int) -> Floats:
        """The last tokens' rows: of a prompt, of one and of several at once, of company."""
        runner = NativeRunner(weights, threads=threads, level=level)
        runner.reserve(len(table))
        rows = [runner.logits(step_of(Piece(MANY_TOKENS[:1090], 1090, table, [1089]))).copy()]
        for first, last in ((1090, 1091), (1091, 1094), (1094, 1100)):
            piece = Piece(MANY_TOKENS[first:last], last, table, range(last - first))
            rows.append(runner.logits(step_of(piece)).copy())
        company = runner.logits(step_of(*copies))
        assert np.array_equal(company, np.repeat(rows[-1][4:5], 16, axis=0))
        runner.close()
        return np.concatenate(rows)

    wanted = read(1)
    for threads in range(2, 17) if level == LEVELS[-1] else (2, 3, 8):
        assert np.array_equal(read(threads), wanted)
