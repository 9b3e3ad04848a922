"""A planned step in the arrays that a runner takes, and the rows whose result is wanted.

Pure: chunks and block tables in, a ``Step`` and its ``Row``s out.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import Sampling
from paddock.engine.scheduler import Chunk
from paddock.engine.sequence import Sequence
from paddock.engine.step import Int32, Row, Step


def step_of(chunks: list[Chunk], tables_SB: NDArray[np.int32]) -> Step:
    """The chunks as one step, in their order."""
    tokens, starts, lengths = array("i"), array("i", [0]), array("i")
    slots, adapters, wanted = array("i"), array("i"), array("i")
    width = 1
    for chunk in chunks:
        sequence = chunk.sequence
        first, end = sequence.computed, sequence.computed + chunk.tokens
        if chunk.tokens == 1:
            tokens.append(sequence.tokens[first])
        else:
            tokens.extend(sequence.tokens[first:end])
        tokens.extend(chunk.proposals)
        begin = starts[-1]
        wanted.extend(begin + offset for offset in wanted_offsets(chunk))
        starts.append(len(tokens))
        lengths.append(end + len(chunk.proposals))
        slots.append(sequence.slot)
        adapters.append(-1 if sequence.adapter is None else sequence.adapter.slot)
        width = max(width, len(sequence.table))
    tables = tables_SB[_int32(slots), :width]
    return Step(
        _int32(tokens), _int32(starts), _int32(lengths), tables, _int32(adapters), _int32(wanted)
    )


def wanted_offsets(chunk: Chunk) -> Iterable[int]:
    """Which of the chunk's tokens have a row: those to score, the last one, and proposals."""
    sequence = chunk.sequence
    last = chunk.tokens - 1
    ends = chunk.tokens == sequence.pending
    if sequence.wants_scores:
        return [*scored_offsets(chunk), *([last] if ends and _wants_result(sequence) else [])]
    if not ends or not _wants_result(sequence):
        return ()
    return range(last, last + 1 + len(chunk.proposals))


def scored_offsets(chunk: Chunk) -> range:
    """Which of the chunk's tokens are followed by a token of the prompt that has no score yet."""
    sequence = chunk.sequence
    first = max(0, len(sequence.scores) - 1 - sequence.computed)
    return range(first, min(chunk.tokens, len(sequence.request.prompt) - 1 - sequence.computed))


def rows_of(chunk: Chunk) -> list[Row]:
    """How the result of each wanted token is chosen; in the order of ``wanted_offsets``."""
    sequence = chunk.sequence
    request = sequence.request
    rows = []
    if sequence.wants_scores:
        for offset in scored_offsets(chunk):
            position = sequence.computed + offset + 1
            rows.append(
                Row(
                    request.sampling,
                    position,
                    logprobs=request.prompt_logprobs,
                    score=sequence.tokens[position],
                )
            )
    if chunk.tokens == sequence.pending and request.max_tokens > 0:
        rows += _next_rows(chunk)
    return rows


def _next_rows(chunk: Chunk) -> list[Row]:
    sequence = chunk.sequence
    request = sequence.request
    rows = []
    for count in range(len(chunk.proposals) + 1):
        output = sequence.output
        if count and _counts_output(request.sampling):
            output = output + chunk.proposals[:count]
        row = Row(
            request.sampling,
            len(sequence.tokens) + count,
            request.prompt,
            output,
            mask_V=chunk.masks[count] if chunk.masks else None,
            logprobs=request.logprobs,
        )
        if len(sequence.output) + count < request.min_tokens:
            row.forbidden = sequence.stop_ids
        rows.append(row)
    return rows


def _wants_result(sequence: Sequence) -> bool:
    return sequence.request.max_tokens > 0 or sequence.request.embed


def _counts_output(sampling: Sampling) -> bool:
    return (
        sampling.presence_penalty != 0.0
        or sampling.frequency_penalty != 0.0
        or sampling.repetition_penalty != 1.0
    )


def _int32(values: array[int]) -> Int32:
    return np.frombuffer(values, np.int32) if values else np.zeros(0, np.int32)
