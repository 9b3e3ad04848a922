"""What a computed step means for a request: new tokens, scores, its end.

Pure but for the sequence it advances. A proposal stands where it is the token that was drawn in its
place, and the draws after it count only then.
"""

from __future__ import annotations

from collections.abc import Sequence as Values
from typing import NamedTuple

import numpy as np

from paddock.engine.batch import scored_offsets
from paddock.engine.constraint import is_at_end
from paddock.engine.errors import BadGrammar, ImpossibleRequest
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.request import Finish, Output, TokenLogprob
from paddock.engine.scheduler import Chunk
from paddock.engine.sequence import Sequence
from paddock.errors import BadInput

NO_NUMBER = "the model gave no number"
_CONTRADICTION = "the form allows only tokens that may not come before min_tokens"

Choices = Values[TokenLogprob | None]


class Outcome(NamedTuple):
    """What to tell, and how many of the chunk's proposals stand."""

    output: Output | None
    accepted: int = 0


def output_of(sequence: Sequence, finish: Finish | None = None, error: str | None = None) -> Output:
    """An output of the request without tokens."""
    return Output(
        sequence.request.id,
        logprobs=None if sequence.request.logprobs is None else [],
        finish=finish,
        cached_tokens=max(0, sequence.cached_tokens),
        queue_seconds=sequence.queue_seconds,
        error=error,
    )


def refusal_of(sequence: Sequence, fault: BadInput) -> Output:
    """The end of a request that turned out to be impossible."""
    output = output_of(sequence, Finish.ERROR, fault.message)
    output.fault = fault
    return output


def advance(chunk: Chunk, choices: Choices, vocabulary: Vocabulary | None) -> Outcome:
    """Take the choices of the chunk's rows, in their order."""
    sequence = chunk.sequence
    output = None
    if sequence.wants_scores:
        count = len(scored_offsets(chunk))
        if None in choices[:count]:
            return Outcome(output_of(sequence, Finish.ERROR, NO_NUMBER))
        output = _score(sequence, choices[:count])
        choices = choices[count:]
    if chunk.tokens < sequence.pending:
        return Outcome(output)
    output = output or output_of(sequence)
    if sequence.limit == 0:
        output.finish = Finish.LENGTH
        return Outcome(output)
    try:
        return Outcome(output, _append(chunk, choices, output, vocabulary))
    except BadGrammar as e:
        return Outcome(refusal_of(sequence, e))


def _allows_nothing(chunk: Chunk, place: int) -> bool:
    """Whether form and ``min_tokens`` together leave no token after so many proposals."""
    sequence = chunk.sequence
    if chunk.masks is None:
        return False
    mask_V = chunk.masks[place].copy()
    if len(sequence.output) + place < sequence.request.min_tokens:
        for token_id in sequence.stop_ids:
            mask_V[token_id // 32] &= ~np.uint32(1 << token_id % 32)
    return not mask_V.any()


def _score(sequence: Sequence, scores: Choices) -> Output | None:
    """Keep scores of the prompt's tokens; tell them when all are there."""
    if not sequence.scores:
        sequence.scores.append(None)
    sequence.scores += scores
    if sequence.wants_scores:
        return None
    output = output_of(sequence)
    output.prompt_logprobs = sequence.scores
    return output


def _append(chunk: Chunk, choices: Choices, output: Output, vocabulary: Vocabulary | None) -> int:
    """Append what was drawn, up to the first draw that no proposal foresaw.

    Draws after that, or after the end, say nothing, so it does not matter what they are.
    """
    for count, choice in enumerate(choices):
        if choice is None:
            _end_without(chunk, count, output)
            return count
        if not _take(chunk.sequence, choice, output, vocabulary):
            return count
        if count == len(chunk.proposals) or choice.token_id != chunk.proposals[count]:
            return count
    return len(chunk.proposals)


def _end_without(chunk: Chunk, place: int, output: Output) -> None:
    """Nothing could be drawn after so many proposals: the model's fault, or the request's."""
    output.finish, output.error = Finish.ERROR, NO_NUMBER
    if _allows_nothing(chunk, place):
        output.error, output.fault = _CONTRADICTION, ImpossibleRequest(_CONTRADICTION)


def _take(
    sequence: Sequence, choice: TokenLogprob, output: Output, vocabulary: Vocabulary | None
) -> bool:
    """Append one token; False where the request ends with it."""
    token_id, matcher = choice.token_id, sequence.matcher
    if token_id in sequence.stop_ids:
        output.finish, output.stop_id = Finish.STOP, token_id
        return False
    if matcher is not None and not matcher.accept(token_id):
        output.finish = Finish.ERROR
        output.error = f"the form does not allow the token {token_id} that was drawn"
        return False
    sequence.tokens.append(token_id)
    sequence.output.append(token_id)
    output.token_ids.append(token_id)
    if output.logprobs is not None:
        output.logprobs.append(choice)
    if matcher is not None and vocabulary is not None and is_at_end(matcher, vocabulary):
        output.finish = Finish.STOP
    elif len(sequence.output) == sequence.limit:
        output.finish = Finish.LENGTH
    return output.finish is None
