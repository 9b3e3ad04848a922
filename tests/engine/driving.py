"""An engine over the block model, driven step by step, and what came of each request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paddock.engine.engine import Engine
from paddock.engine.options import EngineOptions
from paddock.engine.request import GREEDY, Finish, Output, Request, TokenLogprob
from paddock.errors import PaddockError
from tests.fakes.block_model import BlockModel, World, answer_alone


@dataclass
class Answer:
    """All outputs of one request together."""

    token_ids: list[int] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    prompt_logprobs: list[TokenLogprob | None] | None = None
    embedding: list[float] | None = None
    finish: Finish | None = None
    stop_id: int | None = None
    error: str | None = None
    fault: PaddockError | None = None
    cached_tokens: int = 0


# What is measured otherwise, and would be another number in every test.
_FIXED = {"blocks": 64, "free_rows": 16, "draft_cost": 0.2}


class Driven:
    """An engine without a thread: the test makes the steps."""

    def __init__(self, runner: BlockModel | None = None, draft: Any = None, **options: Any) -> None:
        self.runner = runner or BlockModel()
        self.answers: dict[str, Answer] = {}
        self.wrong: list[str] = []  # told in vain: what is raised where outputs arrive stops nobody
        self.engine = Engine(
            self.runner, EngineOptions(**{**_FIXED, **options}), self._arrived, draft
        )

    def submit(self, *requests: Request) -> None:
        for request in requests:
            self.engine.submit(request)

    def run(self, most: int = 10_000, until: Callable[[], bool] = lambda: False) -> int:
        """Make steps until nothing is left; gives their number."""
        for count in range(most):
            if until() or not self.engine.step():
                return count
        raise AssertionError(f"not done after {most} steps")

    def answer(self, request: Request) -> Answer:
        self.submit(request)
        self.run()
        return self.answers[request.id]

    def _arrived(self, outputs: list[Output]) -> None:
        if len({output.request_id for output in outputs}) != len(outputs):
            self.wrong.append("one step tells twice of one request")
        for output in outputs:
            answer = self.answers.setdefault(output.request_id, Answer())
            if answer.finish is not None:
                self.wrong.append(f"{output.request_id} goes on after its end")
            answer.token_ids += output.token_ids
            answer.logprobs += output.logprobs or []
            answer.prompt_logprobs = answer.prompt_logprobs or output.prompt_logprobs
            answer.embedding = answer.embedding or output.embedding
            answer.finish, answer.stop_id = output.finish, output.stop_id
            answer.error, answer.fault = output.error, output.fault
            answer.cached_tokens = output.cached_tokens


def asking(
    id: str, prompt: list[int] | tuple[int, ...], max_tokens: int = 8, **more: Any
) -> Request:
    return Request(id, tuple(prompt), max_tokens, **{"sampling": GREEDY, **more})


def check_as_alone(driven: Driven, request: Request, adapter: int = 0) -> None:
    """The answer is what it would be with nothing else in hand."""
    answer = driven.answers[request.id]
    world = World(
        adapter, driven.engine.context, driven.engine.options.vocabulary, driven.runner.nan_token
    )
    alone = answer_alone(request, world)
    assert answer.finish is alone.finish
    if driven.runner.nan_token is None:  # else both may be to blame
        assert bool(answer.fault) == alone.is_impossible
    if alone.finish is Finish.ERROR:  # what was told before that depends on how steps were cut
        return
    assert answer.token_ids == alone.token_ids
    assert answer.stop_id == alone.stop_id
    if request.logprobs is not None:
        assert answer.logprobs == alone.logprobs
    if request.prompt_logprobs is not None:
        assert answer.prompt_logprobs == alone.prompt_logprobs
    if request.embed:
        assert answer.embedding == alone.embedding


def check_nothing_is_held(engine: Engine) -> None:
    """Every block is free or kept for its prefix, and every count agrees."""
    stats = engine.stats()
    assert (stats.running, stats.waiting, stats.blocks_used) == (0, 0, 0)
    check_counts(engine)


def check_counts(engine: Engine) -> None:
    """Holders of blocks are exactly the running sequences' tables."""
    paging, scheduler = engine._paging, engine._scheduler
    holders = [0] * paging.pool.total
    for sequence in scheduler.running:
        for block in sequence.table:
            holders[block] += 1
        row = paging.tables_SB[sequence.slot, : len(sequence.table)]
        assert row.tolist() == sequence.table
        assert len(sequence.table) * 16 >= sequence.computed
    assert holders == paging.pool.holders
    free, idle = set(paging.pool._free), set(paging.pool._idle)
    assert len(free) + len(idle) + sum(map(bool, holders)) == paging.pool.total
    assert not free & idle
    assert all(paging.prefixes.knows(block) for block in idle)
    assert len(scheduler.running) + paging.free_slots == engine.options.max_sequences
