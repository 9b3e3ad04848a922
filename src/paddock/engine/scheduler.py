"""What the next step computes: decoding sequences first, prompts with the rest of its tokens.

Knows no model and runs nothing. Among prompts, the user who has had least is next, whether his
request runs or waits (``fair_queue``). A request begins only when the blocks for all its tokens are
there. Where blocks run out all the same, a sequence may take those of one that arrived later, which
then waits and is computed again; so the oldest always goes on, and every one is the oldest in time.
Nothing here depends on how many requests wait.
"""

from __future__ import annotations

import time
from bisect import insort
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from paddock.engine.fair_queue import FairQueue
from paddock.engine.options import EngineOptions
from paddock.engine.paging import Paging
from paddock.engine.sequence import ENDED, RUNNING, WAITING, Sequence
from paddock.engine.stats import Counters
from paddock.engine.step import BLOCK_TOKENS

_by_arrival = attrgetter("arrival")


@dataclass(slots=True, eq=False)
class Chunk:
    """What a step computes of one sequence."""

    sequence: Sequence
    tokens: int  # of those that are pending, from the first
    proposals: list[int] = field(default_factory=list)  # tokens that may follow, to be checked
    masks: list[NDArray[np.uint32]] | None = None  # allowed next, and after each proposal
    is_forced: bool = False  # the proposals are the grammar's


class Scheduler:
    """Sequences that run and wait. One thread uses it."""

    def __init__(
        self, options: EngineOptions, paging: Paging, max_rows: int, counters: Counters
    ) -> None:
        self.running: list[Sequence] = []  # by arrival
        self.queue = FairQueue()
        self.paging = paging
        self.counters = counters
        self._tokens_left = 0  # what the planned step has left
        self._rows_left = 0
        self._options = options
        self._max_rows = max_rows
        self._chunks: dict[int, Chunk] = {}  # of the step being planned, by slot
        self._claimed: set[bytes] = set()  # prefixes that it computes
        self._refused: tuple[int, int] | None = None  # who could not begin, and at which release

    def add(self, sequence: Sequence) -> None:
        """A new request."""
        self.queue.add(sequence)

    def end(self, sequence: Sequence) -> None:
        """It has ended: free what it holds."""
        if sequence.state == RUNNING:
            self.running.remove(sequence)
            self.paging.leave(sequence)
        elif sequence.state == WAITING:
            self.queue.remove(sequence)
        sequence.state = ENDED
        self.queue.leave(sequence)

    @property
    def has_work(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self.running or len(self.queue))

    def clear(self) -> None:
        """Forget every sequence, and free all blocks."""
        for sequence in self.running.copy():
            self.end(sequence)
        self.queue = FairQueue()

    def plan(self) -> list[Chunk]:
        """The next step; empty only where nothing runs and nothing waits."""
        options = self._options
        self._chunks = {}
        self._claimed.clear()
        self._tokens_left = options.max_step_tokens
        self._rows_left = max(1, self._max_rows - options.max_sequences)
        self._plan_decoding()
        self._plan_prompts()
        return list(self._chunks.values())

    def computed(self, chunk: Chunk, tokens: int) -> None:
        """The step is done: ``tokens`` of the chunk, accepted proposals included, are valid."""
        sequence = chunk.sequence
        sequence.computed += tokens
        self.queue.charge(sequence, chunk.tokens + len(chunk.proposals))
        self.paging.publish(sequence)

    def propose(self, chunk: Chunk, proposals: list[int]) -> None:
        """Add proposals to a planned chunk, as far as tokens, rows and free blocks go."""
        sequence = chunk.sequence
        count = min(
            len(proposals),
            self._tokens_left,
            self._rows_left,
            self.paging.room(sequence) - chunk.tokens,
        )
        if count > 0 and self.paging.grow(sequence, chunk.tokens + count):
            chunk.proposals = proposals[:count]
            self._tokens_left -= count
            self._rows_left -= count

    def _plan_decoding(self) -> None:
        for sequence in self.running.copy():
            if sequence.state != RUNNING or not sequence.is_decoding:
                continue
            # Mostly the last block has room.
            at_hand = len(sequence.table) * BLOCK_TOKENS > sequence.computed
            if at_hand or self._make_room(sequence, 1):
                self._chunks[sequence.slot] = Chunk(sequence, 1)
                self._tokens_left -= 1

    def _plan_prompts(self) -> None:
        """Chunks of prompts (and of what is computed again), by whose turn it is."""
        started = [sequence for sequence in self.running if not sequence.is_decoding]
        started.sort(key=lambda sequence: (self.queue.had(sequence), sequence.arrival))
        may_begin = True
        while self._tokens_left > 0:
            head = self.queue.first() if may_begin else None
            if started and (head is None or self.queue.had(started[0]) <= self.queue.had(head)):
                sequence = started.pop(0)
                if sequence.state == RUNNING:
                    self._plan_chunk(sequence)
            elif head is None:
                return
            elif self._begin(head):
                self._plan_chunk(head)
            else:
                may_begin = False

    def _begin(self, sequence: Sequence) -> bool:
        """Let a waiting sequence run, if slot and blocks are there for all its tokens."""
        paging = self.paging
        if not paging.free_slots or not self._has_blocks(sequence):
            return False
        self.queue.remove(sequence)
        sequence.state = RUNNING
        insort(self.running, sequence, key=_by_arrival)
        paging.seat(sequence)
        paging.share(sequence)
        if sequence.cached_tokens < 0:
            sequence.cached_tokens = sequence.computed
            sequence.queue_seconds = time.monotonic() - sequence.submitted_at
            self.counters.prompt_tokens += len(sequence.request.prompt)
            self.counters.cached_prompt_tokens += sequence.computed
        return True

    def _has_blocks(self, sequence: Sequence) -> bool:
        pool = self.paging.pool
        # The answer changes when blocks are released. It is asked again every step otherwise.
        if self.running and self._refused == (sequence.arrival, pool.releases):
            return False
        known, idle = self.paging.known_blocks(sequence)
        if self._is_claimed(sequence, known):
            return False  # the prefix is being computed: it is shared from the next step on
        wanted = -(-len(sequence.tokens) // BLOCK_TOKENS) - known
        for other in self.running:
            # Others get what their tokens still need, and decoding ones a block each.
            wanted += max(1, other.blocks_for(other.pending))
        if self.running and wanted > pool.available - idle:
            self._refused = (sequence.arrival, pool.releases)
            return False
        return True

    def _is_claimed(self, sequence: Sequence, block: int) -> bool:
        chain = sequence.chain
        return block < sequence.shareable_blocks and chain[block] in self._claimed

    def _plan_chunk(self, sequence: Sequence) -> None:
        self.paging.share(sequence)
        tokens = self._chunk_tokens(sequence)
        if tokens > 0 and self.paging.room(sequence) < tokens:
            tokens = max(1, self.paging.room(sequence))
        if tokens > 0 and self._make_room(sequence, tokens):
            self._claim(sequence, tokens)
            self._chunks[sequence.slot] = Chunk(sequence, tokens)
            self._tokens_left -= tokens
            if sequence.wants_scores:
                self._rows_left -= tokens

    def _chunk_tokens(self, sequence: Sequence) -> int:
        """How many tokens its next chunk has: whole blocks where it does not end the prompt."""
        pending = sequence.pending
        tokens = min(pending, self._tokens_left)
        if sequence.wants_scores:
            tokens = min(tokens, self._rows_left)
        if tokens < pending:
            end = (sequence.computed + tokens) // BLOCK_TOKENS * BLOCK_TOKENS
            tokens = end - sequence.computed if end > sequence.computed else tokens
        return self._until_known(sequence, tokens)

    def _until_known(self, sequence: Sequence, tokens: int) -> int:
        """So many of ``tokens`` as come before a block that somebody else has or computes now."""
        if not self.paging.sharing:
            return tokens
        first = len(sequence.table)
        last = min((sequence.computed + tokens) // BLOCK_TOKENS, sequence.shareable_blocks)
        for block in range(first, last):
            digest = sequence.chain[block]
            if digest in self._claimed or self.paging.prefixes.find(digest) is not None:
                return block * BLOCK_TOKENS - sequence.computed
        return tokens

    def _claim(self, sequence: Sequence, tokens: int) -> None:
        if self.paging.sharing:
            end = (sequence.computed + tokens) // BLOCK_TOKENS
            self._claimed.update(sequence.chain[sequence.computed // BLOCK_TOKENS : end])

    def _make_room(self, sequence: Sequence, tokens: int) -> bool:
        """Take the blocks for its next tokens, from sequences that arrived later if need be."""
        while not self.paging.grow(sequence, tokens):
            youngest = self.running[-1]
            if youngest.arrival <= sequence.arrival:
                return False  # it keeps what it has, and goes on when there is room
            self._preempt(youngest)
        return True

    def _preempt(self, sequence: Sequence) -> None:
        planned = self._chunks.pop(sequence.slot, None)
        if planned is not None:
            self._tokens_left += planned.tokens
        self.running.remove(sequence)
        self.paging.leave(sequence)
        sequence.state = WAITING
        self.queue.put_back(sequence)
        self.counters.preemptions += 1
