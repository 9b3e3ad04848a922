"""The blocks of each running sequence: taken as it grows, shared where its prefix is known.

Joins the pool of blocks, the prefix cache and the block tables; the scheduler decides, this module
carries out. A block is written only by the sequence that took it and only while nobody else can
find it, so what is shared never changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddock.engine.blocks import BlockPool
from paddock.engine.prefix_cache import PrefixCache, PrefixChains
from paddock.engine.sequence import Sequence
from paddock.engine.step import BLOCK_TOKENS


class Paging:
    """Blocks and tables of up to ``sequences`` running sequences. One thread uses it."""

    def __init__(self, blocks: int, sequences: int, context: int, *, sharing: bool) -> None:
        self.chains = PrefixChains()
        self.prefixes = PrefixCache()
        self.pool = BlockPool(blocks, self.prefixes.forget)
        self.tables_SB: NDArray[np.int32] = np.zeros(
            (sequences, -(-context // BLOCK_TOKENS)), np.int32
        )
        self.sharing = sharing
        self._slots = list(range(sequences - 1, -1, -1))
        self._drafted = bytearray(blocks)  # 1: the draft model has computed the block, too

    @property
    def free_slots(self) -> int:
        """How many sequences more can run."""
        return len(self._slots)

    def known_blocks(self, sequence: Sequence) -> tuple[int, int]:
        """How many blocks a waiting sequence could share, and how many of them nobody holds."""
        known = idle = 0
        if self.sharing:
            for digest in sequence.chain[: sequence.shareable_blocks]:
                block = self.prefixes.find(digest)
                if block is None:
                    break
                known += 1
                idle += self.pool.is_idle(block)
        return known, idle

    def seat(self, sequence: Sequence) -> None:
        """Give it a row of the tables."""
        sequence.slot = self._slots.pop()

    def share(self, sequence: Sequence) -> int:
        """Take over blocks that others computed, as far as they go on; gives their number."""
        table = sequence.table
        before = len(table)
        if not self.sharing or sequence.computed != before * BLOCK_TOKENS:
            return 0
        for digest in sequence.chain[before : sequence.shareable_blocks]:
            block = self.prefixes.find(digest)
            if block is None:
                break
            self.pool.hold(block)
            if sequence.drafted == len(table) * BLOCK_TOKENS and self._drafted[block]:
                sequence.drafted += BLOCK_TOKENS
            self._append(sequence, block)
        sequence.computed = len(table) * BLOCK_TOKENS
        sequence.published = len(table)
        return len(table) - before

    def grow(self, sequence: Sequence, tokens: int) -> bool:
        """Take the blocks for so many tokens more; False, and nothing taken, where too few are."""
        missing = sequence.blocks_for(tokens)
        if missing > self.pool.available:
            return False
        for _ in range(missing):
            block = self.pool.take()
            assert block is not None  # noqa: S101 - counted above
            self._drafted[block] = 0
            self._append(sequence, block)
        return True

    def room(self, sequence: Sequence) -> int:
        """How many tokens more it could compute with the blocks that are left."""
        blocks = len(sequence.table) + self.pool.available
        return blocks * BLOCK_TOKENS - sequence.computed

    def publish(self, sequence: Sequence) -> None:
        """Let others share its blocks that are full and computed."""
        full = sequence.computed // BLOCK_TOKENS
        if not self.sharing or full <= sequence.published:
            return
        self.chains.extend(sequence.chain, sequence.tokens, sequence.root, sequence.computed)
        for index in range(sequence.published, full):
            block = sequence.table[index]
            self._drafted[block] = sequence.drafted >= (index + 1) * BLOCK_TOKENS
            self.prefixes.publish(block, sequence.chain[index])
        sequence.published = full

    def leave(self, sequence: Sequence) -> None:
        """Release all its blocks; what the cache knows of them is kept while there is room."""
        self.pool.release(reversed(sequence.table), self.prefixes.knows)
        self._slots.append(sequence.slot)
        sequence.slot = -1
        sequence.table = []
        sequence.computed = sequence.published = sequence.drafted = 0

    def forget(self, sequence: Sequence) -> None:
        """Let nobody share its blocks: what they hold is not to be trusted."""
        for block in sequence.table:
            self.prefixes.forget(block)

    def forget_all(self) -> None:
        """Let nobody share anything."""
        for block in self.prefixes.clear():
            self.pool.discard_idle(block)

    def _append(self, sequence: Sequence, block: int) -> None:
        self.tables_SB[sequence.slot, len(sequence.table)] = block
        sequence.table.append(block)
