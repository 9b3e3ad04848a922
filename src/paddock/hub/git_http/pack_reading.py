"""The objects of a pack that somebody sent, whatever it claims.

Knows git's pack format (gitformat-pack) and how deltas are resolved, those against objects of the
repository, too ("thin" packs). Does not know what objects mean. Everything is bounded before it is
allocated: how many objects, how large each may become, how much all of them. Memory holds the list
of objects and a few of their contents; what deltas make waits in a temporary file.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import IO, NamedTuple

from paddock.errors import TooLarge
from paddock.hub.git.objects import ObjectType
from paddock.hub.git_http.delta_making import applied, made_bytes
from paddock.hub.git_http.pack_bytes import BadPack, PackBytes
from paddock.hub.git_http.pack_cache import Span

MAX_UNPACKED_BYTES = 8 << 30  # all objects together
MAX_OBJECT_BYTES = 1 << 30  # a file of more is not even measured
MAX_KEPT_BYTES = 32 << 20  # what a delta is made of or makes; of a whole object, any size is told
CACHE_BYTES = 64 << 20
_OFS_DELTA, _REF_DELTA = 6, 7
_TYPE_NAMES = {int(type_): type_.name.lower().encode() for type_ in ObjectType}


class Base(NamedTuple):
    """An object of the repository that a delta changes."""

    type: int
    content: bytes


FindBases = Callable[[list[str]], Iterable[tuple[str, Base]]]


class IncomingPack:
    """The objects of a pack, by id; read once from end to end, then by random access."""

    def __init__(
        self, file: IO[bytes], start: int, find_bases: FindBases, spool: IO[bytes]
    ) -> None:
        """``file`` has the pack from ``start`` to its end; ``spool`` is an empty file to use."""
        self._source, self._file, self._start = PackBytes(file, start), file, start
        self._spool, self._spooled_bytes = spool, 0
        self._offsets = array("Q")  # in the pack, or in the spool for what a delta made
        self._sizes = array("Q")
        self._types = bytearray()  # 0 until known
        self._is_spooled = bytearray()
        self._bases: list[bytes] = []  # of the repository, as deltas name them
        self.index: dict[bytes, int] = {}
        self.too_large: list[int] = []  # sizes of what deltas would have made
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cached_bytes = self._unpacked_bytes = 0
        self._is_thin = False
        self._read_all()
        self._resolve(find_bases)

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, oid: bytes) -> bool:
        return oid in self.index

    def span(self) -> Span | None:
        """The pack's entries as they came, if they need nothing else and none comes twice."""
        if self._is_thin or len(self.index) != self._count:
            return None
        return Span(self._file, self._start + 12, self._source.position, self._count)

    def type_of(self, oid: bytes) -> int:
        return self._types[self.index[oid]]

    def size_of(self, oid: bytes) -> int:
        return self._sizes[self.index[oid]]

    def content(self, oid: bytes) -> bytes:
        """An object of at most MAX_KEPT_BYTES."""
        return self._content(self.index[oid])

    # Reading from end to end

    def _read_all(self) -> None:
        count = self._count = self._source.read_header()
        self._children: dict[int, list[int]] = {}  # base's number -> deltas
        self._waiting: dict[bytes, list[int]] = {}  # base's id -> deltas
        numbers: dict[int, int] = {}  # offset of an entry -> its number
        for number in range(count):
            offset = self._source.position
            numbers[offset] = number
            type_, size = self._source.read_head()
            self._count_bytes(size)
            if type_ == _OFS_DELTA:
                base = numbers.get(offset - self._source.read_distance())
                if base is None:
                    raise BadPack(f"the delta at {offset} changes no object of the pack")
                self._children.setdefault(base, []).append(number)
            elif type_ == _REF_DELTA:
                self._waiting.setdefault(self._source.read_exactly(20), []).append(number)
            elif type_ not in _TYPE_NAMES:
                raise BadPack(f"the entry at {offset} has the unknown type {type_}")
            is_whole = type_ in _TYPE_NAMES
            self._add(self._source.position, size, type_ if is_whole else 0)
            digest = _object_digest(type_, size) if is_whole else None
            self._source.skip_stream(size, digest.update if digest else None)
            if digest:
                self.index.setdefault(digest.digest(), number)
        self._source.check_trailer()
        # A delta may also name its base by id, wherever that is in the pack.
        for oid in [oid for oid in self._waiting if oid in self.index]:
            self._children.setdefault(self.index[oid], []).extend(self._waiting.pop(oid))
        self._roots = [n for n in range(count) if self._types[n] and n in self._children]

    def _add(self, offset: int, size: int, type_: int, *, spooled: bool = False) -> None:
        self._offsets.append(offset)
        self._sizes.append(size)
        self._types.append(type_)
        self._is_spooled.append(spooled)

    def _count_bytes(self, size: int) -> None:
        if size > MAX_OBJECT_BYTES:
            raise TooLarge(f"an object of {size} bytes is over the limit of {MAX_OBJECT_BYTES}")
        self._unpacked_bytes += size
        if self._unpacked_bytes > MAX_UNPACKED_BYTES:
            raise TooLarge(
                f"the pack unpacks to more than {MAX_UNPACKED_BYTES} bytes",
                hint="push the history in parts",
            )

    # Deltas

    def _resolve(self, find_bases: FindBases) -> None:
        queue = deque(self._roots)
        self._follow(queue)
        if self._waiting:
            for hex_oid, base in find_bases([oid.hex() for oid in self._waiting]):
                oid = bytes.fromhex(hex_oid)
                if oid not in self._waiting:  # it came as a delta meanwhile
                    continue
                number = len(self._types)
                self._add(0, len(base.content), base.type, spooled=True)
                self._spool_content(number, base.content)
                self._is_thin = True
                self._children.setdefault(number, []).extend(self._waiting.pop(oid))
                queue.append(number)
                self._follow(queue)
        if self._waiting or any(self._children.values()):
            missing = next(iter(self._waiting), b"").hex()
            what = f"of {missing}, which is not here" if missing else "of each other"
            raise BadPack(f"the pack has deltas {what}")
        del self._children, self._waiting, self._roots

    def _follow(self, queue: deque[int]) -> None:
        """Make every object that is a delta of one that is known, and so on."""
        while queue:
            base = queue.pop()
            for child in self._children.pop(base, []):
                if not self._make(child, base):
                    continue
                if child in self._children:
                    queue.append(child)

    def _make(self, number: int, base: int) -> bool:
        """Resolve one delta; False when the outcome is too large to be kept, or nothing new."""
        delta = self._source.unpack(self._offsets[number], self._sizes[number], MAX_KEPT_BYTES)
        size = made_bytes(delta, self._sizes[base])
        self._count_bytes(size)
        if size > MAX_KEPT_BYTES or self._sizes[base] > MAX_KEPT_BYTES:
            self.too_large.append(size)
            self._forget_below(number)
            return False
        content = applied(self._content(base), delta)
        type_ = self._types[base]
        digest = _object_digest(type_, len(content))
        digest.update(content)
        oid = digest.digest()
        self._types[number], self._sizes[number] = type_, len(content)
        self._spool_content(number, content)
        self.index.setdefault(oid, number)
        self._children.setdefault(number, []).extend(self._waiting.pop(oid, []))
        if not self._children[number]:
            del self._children[number]
        return True

    def _forget_below(self, number: int) -> None:
        """What changes an object that is not kept is not kept, either."""
        gone = [number]
        while gone:
            gone += self._children.pop(gone.pop(), [])

    # Contents

    def _spool_content(self, number: int, content: bytes) -> None:
        self._offsets[number], self._is_spooled[number] = self._spooled_bytes, True
        self._spool.write(content)
        self._spooled_bytes += len(content)
        self._remember(number, content)

    def _content(self, number: int) -> bytes:
        if (cached := self._cache.get(number)) is not None:
            self._cache.move_to_end(number)
            return cached
        size = self._sizes[number]
        if self._is_spooled[number]:
            self._spool.flush()
            content = os.pread(self._spool.fileno(), size, self._offsets[number])
        else:
            content = self._source.unpack(self._offsets[number], size, MAX_KEPT_BYTES)
        self._remember(number, content)
        return content

    def _remember(self, number: int, content: bytes) -> None:
        if number not in self._cache:
            self._cached_bytes += len(content)
        self._cache[number] = content
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1])


class _Digest(NamedTuple):
    """A running SHA-1."""

    update: Callable[[bytes], object]
    digest: Callable[[], bytes]


def _object_digest(type_: int, size: int) -> _Digest:
    digest = hashlib.sha1(b"%s %d\0" % (_TYPE_NAMES[type_], size), usedforsecurity=False)
    return _Digest(digest.update, digest.digest)
