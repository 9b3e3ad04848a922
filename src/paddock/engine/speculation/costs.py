"""What proposals cost on this machine, with this model: measured when the engine is made.

A step reads all weights once, and computes with them once for every token; which of the two takes
longer depends on processor, precision and size. So a step of one token and one of a few are timed,
each several times. That says how much is worth proposing, and never what an answer is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from paddock.engine.options import EngineOptions
from paddock.engine.request import GREEDY
from paddock.engine.step import BLOCK_TOKENS, Row, Runner, Step
from paddock.log import get_logger

_MANY: Final = BLOCK_TOKENS  # tokens of the longer step: one block, as any engine has
_TIMES: Final = 3  # at least, after a first one, which is not counted
_SECONDS: Final = 0.05  # at least, of a model so small that single steps say little
_TICK: Final = 1e-6
MAX_FREE_ROWS: Final = 1024
# What a processor of eight cores has for a model of a billion parameters in 8 bits.
UNMEASURED_FREE_ROWS: Final = 16
UNMEASURED_DRAFT_COST: Final = 0.2
_log = get_logger("engine")

Clock = Callable[[], float]


class Costs(NamedTuple):
    """What ``pace`` weighs proposals with."""

    free_rows: int  # a step of T tokens takes 1 + T / free_rows times what one of few takes
    draft_cost: float  # time of a draft model's step, in steps of the model


def costs_of(
    options: EngineOptions, runner: Runner, draft: Runner | None, clock: Clock = time.perf_counter
) -> Costs:
    """As the options say, or measured, while nothing is in the runners' blocks yet."""
    free_rows, draft_cost = options.free_rows, options.draft_cost
    is_needed = options.max_proposals > 0 and (options.prompt_lookup or draft is not None)
    if is_needed and (free_rows is None or (draft is not None and draft_cost is None)):
        try:
            one = _seconds(runner, 1, clock)
            if free_rows is None:
                many = min(_MANY, runner.config.context)
                free_rows = _free_rows(_seconds(runner, many, clock) / one, many)
            if draft is not None and draft_cost is None:
                draft_cost = _seconds(draft, 1, clock) / one
        except Exception as e:  # told again, to whom it concerns, when a request is computed
            _log.warning("what proposals cost could not be measured", error=repr(e))
    return Costs(
        UNMEASURED_FREE_ROWS if free_rows is None else free_rows,
        UNMEASURED_DRAFT_COST if draft_cost is None else draft_cost,
    )


def _free_rows(ratio: float, many: int) -> int:
    """Where T tokens take ``c (1 + T / free_rows)`` seconds, and many ratio times what one does."""
    if ratio * (MAX_FREE_ROWS + 1) <= MAX_FREE_ROWS + many:
        return MAX_FREE_ROWS
    return max(1, round((many - ratio) / (ratio - 1)))


def _seconds(runner: Runner, tokens: int, clock: Clock) -> float:
    """The best time of a step in which every token is to be checked, as proposals are."""
    step = Step(
        tokens_T=np.zeros(tokens, np.int32),
        starts_S=np.array([0, tokens], np.int32),
        lengths_S=np.array([tokens], np.int32),
        tables_SB=np.zeros((1, 1), np.int32),
        adapters_S=np.array([-1], np.int32),
        wanted_R=np.arange(tokens, dtype=np.int32),
    )
    rows = [Row(GREEDY, position) for position in range(1, tokens + 1)]
    times: list[float] = []
    while len(times) <= _TIMES or sum(times[1:]) < _SECONDS:
        began = clock()
        runner.choose(runner.logits(step), rows)
        times.append(max(clock() - began, _TICK))
    return min(times[1:])
