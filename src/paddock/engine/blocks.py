"""Blocks of the KV cache: which are free, who holds the others.

Knows numbers and counts; does not know what a block holds. A block is in one of three states: free
(holds nothing), held (by one or more sequences) or idle (held by nobody, its content kept for
whoever asks for the same prefix). Idle ones are taken when no free one is left, the one that was
released longest ago first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable


class BlockPool:
    """All blocks of a KV cache. One thread uses it."""

    def __init__(self, blocks: int, forget: Callable[[int], None]) -> None:
        """``forget`` is told of an idle block whose content is about to be lost."""
        self.total = blocks
        self.holders = [0] * blocks
        self.releases = 0  # grows whenever room is made
        self._forget = forget
        self._free = list(range(blocks - 1, -1, -1))
        self._idle: OrderedDict[int, None] = OrderedDict()

    @property
    def available(self) -> int:
        """Blocks that ``take`` can still give."""
        return len(self._free) + len(self._idle)

    @property
    def free(self) -> int:
        """Blocks that hold nothing."""
        return len(self._free)

    @property
    def idle(self) -> int:
        """Blocks that hold a prefix which nobody uses now."""
        return len(self._idle)

    def take(self) -> int | None:
        """A block for one holder, its content undefined; None where all are held."""
        if self._free:
            block = self._free.pop()
        elif self._idle:
            block, _ = self._idle.popitem(last=False)
            self._forget(block)
        else:
            return None
        self.holders[block] = 1
        return block

    def hold(self, block: int) -> None:
        """One holder more, of a block that is held or idle."""
        self._idle.pop(block, None)
        self.holders[block] += 1

    def release(self, blocks: Iterable[int], keep: Callable[[int], bool]) -> None:
        """One holder less of each; ``keep`` tells which of those left by all stay as idle.

        Of a sequence, later blocks come first: without the earlier ones they are of no use.
        """
        for block in blocks:
            self.holders[block] -= 1
            if self.holders[block]:
                continue
            self.releases += 1
            if keep(block):
                self._idle[block] = None
            else:
                self._free.append(block)

    def is_idle(self, block: int) -> bool:
        """Whether nobody holds it though its content is kept."""
        return block in self._idle

    def discard_idle(self, block: int) -> None:
        """Give up an idle block's content; of another one, nothing happens."""
        if block in self._idle:
            del self._idle[block]
            self._free.append(block)
