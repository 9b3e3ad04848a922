"""Which block holds which prefix, so that a prefix is computed once for all who share it.

A full block is known by a digest of its tokens and of the block before it, so by everything that
its keys and values depend on: the tokens from the beginning, the adapter, and the salt that keeps
one group of users from learning what another's prompts are. The digest is keyed with a secret of
the process (BLAKE2b, 128 bits): nobody can make two prefixes collide. Knows no sequences, and
counts no holders.
"""

from __future__ import annotations

import secrets
from array import array
from hashlib import blake2b
from typing import Final

from paddock.engine.step import BLOCK_TOKENS

_DIGEST_BYTES: Final = 16
_TOKEN_BYTES: Final = array("i").itemsize
_BLOCK_BYTES: Final = BLOCK_TOKENS * _TOKEN_BYTES


class PrefixChains:
    """Digests of prefixes, block by block. Any thread."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def root(self, adapter: int, salt: str) -> bytes:
        """What a first block's digest begins from; ``adapter`` is a number never used twice."""
        text = salt.encode("utf-8", "surrogatepass")
        return blake2b(b"%d:" % adapter + text, digest_size=_DIGEST_BYTES, key=self._key).digest()

    def extend(self, chain: list[bytes], tokens: array[int], root: bytes, upto: int) -> None:
        """Append the digests of the full blocks among the first ``upto`` tokens."""
        missing = upto // BLOCK_TOKENS - len(chain)
        if missing <= 0:
            return
        first = len(chain)
        before = chain[-1] if chain else root
        raw = tokens[first * BLOCK_TOKENS : (first + missing) * BLOCK_TOKENS].tobytes()
        for start in range(0, len(raw), _BLOCK_BYTES):
            block = raw[start : start + _BLOCK_BYTES]
            before = blake2b(before + block, digest_size=_DIGEST_BYTES, key=self._key).digest()
            chain.append(before)


class PrefixCache:
    """Blocks by digest. One thread uses it."""

    def __init__(self) -> None:
        self._block_of: dict[bytes, int] = {}
        self._digest_of: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._block_of)

    def find(self, digest: bytes) -> int | None:
        """The block that holds this prefix."""
        return self._block_of.get(digest)

    def publish(self, block: int, digest: bytes) -> None:
        """Let others find a block that is full and computed; the first of equals is kept."""
        if digest not in self._block_of and block not in self._digest_of:
            self._block_of[digest] = block
            self._digest_of[block] = digest

    def knows(self, block: int) -> bool:
        """Whether the block can be found."""
        return block in self._digest_of

    def forget(self, block: int) -> None:
        """Let nobody find this block any more."""
        digest = self._digest_of.pop(block, None)
        if digest is not None:
            del self._block_of[digest]

    def clear(self) -> list[int]:
        """Forget everything; gives the blocks that were known."""
        blocks = list(self._digest_of)
        self._block_of.clear()
        self._digest_of.clear()
        return blocks
