"""One part of a release at a time: its bytes, its texts, its tensors, against what is withheld.

Knows which comparison fits which kind of content, and remembers what was found and what could not
be looked into. The comparisons themselves are elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.release.leaks.chunks import Overlap
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.contents import inside, told
from paddock.release.leaks.encoded import decoded, is_opaque, number_lists
from paddock.release.leaks.git_packs import is_object
from paddock.release.leaks.null import in_words
from paddock.release.leaks.numbers import Floats, other_readings
from paddock.release.leaks.phrases import normalised
from paddock.release.leaks.report import Coverage, Finding, Unread
from paddock.release.leaks.tensor_search import TensorSearch
from paddock.release.leaks.tensors_in import READ, held_by
from paddock.release.leaks.withheld_content import Owner, WithheldContent

TEXT_PIECE_BYTES: Final = 8 << 20
TEXT_OVERLAP_BYTES: Final = 1 << 20
SAMPLE_BYTES: Final = 1 << 20  # of bytes of unknown meaning, at once
MAX_SAMPLES: Final = 16
LEAST_OPAQUE_BYTES: Final = 512
LEAST_OPAQUE_DECODED_BYTES: Final = 16 << 10  # signatures and keys in texts are shorter
NOISE_BITS: Final = 5.0  # of a byte: text, code and tables have less

# Bytes of a withheld thing that are enough to say that it is there.
LEAST_FILE_SHARE, LEAST_FILE_WINDOWS, LEAST_FILE_BYTES = 0.2, 2, 8 << 10
LEAST_TENSOR_WINDOWS: Final = 4
LEAST_FIELD_BYTES: Final = 256

# Containers whose members come as parts of their own, and what has no content of its own.
_OPENED: Final = frozenset(
    {Kind.ZIP, Kind.TAR, Kind.GZIP, Kind.ZLIB, Kind.BZIP2, Kind.XZ, Kind.ZSTD, Kind.LZ4, Kind.UTF16,
     Kind.KERAS, Kind.NEMO, Kind.MAR, Kind.TORCHSCRIPT, Kind.EMPTY, Kind.GIT_DATA,
     Kind.PARQUET}
)  # fmt: skip
_TOLD_ELSEWHERE: Final = frozenset({Kind.SEVEN_ZIP, Kind.RAR, Kind.OTHER_ARCHIVE})
_WITH_WORDS: Final = frozenset({Kind.SENTENCEPIECE, Kind.LLAMA2C_TOKENIZER})


@dataclass(slots=True)
class Search:
    """A search through one release; feed it every part."""

    content: WithheldContent
    coverage: Coverage = field(default_factory=Coverage)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    tensors: TensorSearch = field(init=False)

    def __post_init__(self) -> None:
        targets = self.content.targets
        shapes = frozenset(target.shape for target in targets if not target.is_vector)
        self.tensors = TensorSearch(
            targets, self.content.owners, self.content.runs, Combinations(shapes)
        )

    def look_into(self, look: Look) -> None:
        """One file, or one member."""
        if look.depth:
            self.coverage.members += 1
        else:
            self.coverage.files += 1
            self.coverage.bytes += look.size_bytes
        self._bytes(look)
        if look.kind in READ:
            self._weights(look)
        elif look.kind in TEXTS or look.kind in _WITH_WORDS:
            self._texts(look)
            if look.kind is Kind.LFS_POINTER:
                self.unread.append(Unread(look.name, "it only names a file that is elsewhere"))
        elif look.kind not in _OPENED | _TOLD_ELSEWHERE and not is_object(look.head):
            self._unknown(look)

    def finish(self) -> None:
        """What only all tensors together show."""
        for found in self.tensors.sums():
            self._found(found.owner, "", found.finding)

    def _found(self, owner: tuple[str, str], path: str, finding: Finding) -> None:
        self.findings.setdefault((*owner, path or finding.path), finding)

    def _add(self, owner: Owner, look: Look, place: str | None, how: tuple[str, str]) -> None:
        finding = Finding(owner.item, owner.name, look.name, place, *how)
        self._found((owner.item, owner.name), look.name, finding)

    def _bytes(self, look: Look) -> None:
        search = self.content.bytes.search(look.size_bytes)
        search.feed(look.pieces())
        self._overlaps(look, search.overlaps(), "the same bytes")

    def _overlaps(self, look: Look, overlaps: Iterable[Overlap], disguise: str) -> None:
        for each in overlaps:
            owner = self.content.owners[each.owner]
            if _is_enough(owner.kind, each):
                measured = f"about {each.about_bytes} bytes, {each.windows} windows of 64"
                self._add(owner, look, None, (disguise, measured))

    def _weights(self, look: Look) -> None:
        try:
            held = held_by(look)
        except BadCheckpoint as e:
            self.unread.append(Unread(look.name, f"its reader refuses it: {e.message}"))
            self._unknown(look, is_told=True)
            return
        for text in held.texts:
            self._text(look, text.encode("utf-8", "replace"))
        for numbers in held.numbers:
            self._numbers(look, "metadata", numbers)
        for tensor in held.tensors:
            try:
                self.coverage.tensors += 1
                self.coverage.elements += tensor.elements
                for found in self.tensors.look(look.name, tensor):
                    self._found(found.owner, look.name, found.finding)
            except BadCheckpoint as e:
                self.unread.append(Unread(f"{look.name}:{tensor.name}", told(e)))
        self.unread += self.tensors.take_unread()

    def _numbers(self, look: Look, place: str, values: Floats) -> None:
        for run in self.content.runs.look(values):
            owner = self.content.owners[run.owner]
            measured = f"signs agree by {run.agreement:.3f} at {run.times} places"
            how = "its numbers in a row", f"{measured}, {in_words(run.log_chance)}"
            self._add(owner, look, place, how)

    def _texts(self, look: Look) -> None:
        """A text of any length in pieces that overlap."""
        self.coverage.texts += 1
        rest = b""
        pending: list[bytes] = []
        size = 0
        for piece in look.pieces():
            pending.append(piece)
            size += len(piece)
            if size >= TEXT_PIECE_BYTES:
                whole = rest + b"".join(pending)
                self._text(look, whole)
                rest, pending, size = whole[-TEXT_OVERLAP_BYTES:], [], 0
        if pending or not rest:
            self._text(look, rest + b"".join(pending))

    def _text(self, look: Look, text: bytes) -> None:
        plain = normalised(text)
        search = self.content.texts.search()
        search.feed((plain,))
        self._overlaps(look, search.overlaps(), "the same words")
        for number, count in self.content.phrases.look(plain).items():
            owner = self.content.owners[number]
            self._add(owner, look, None, ("its values, word for word", f"{count} of them"))
        for numbers in number_lists(text):
            self._numbers(look, "a list of numbers", numbers)
        for each in decoded(text):
            for part in inside(f"{look.name}!{each.how}", each.content, look):
                if isinstance(part, Unread):
                    self.unread.append(part)
                else:
                    self.look_into(part)
        if is_opaque(text):
            self.unread.append(Unread(look.name, "a long stretch of it is no words and no base64"))

    def _unknown(self, look: Look, *, is_told: bool = False) -> None:
        """Bytes that could mean anything: every way to take them for numbers, and a verdict."""
        if look.size_bytes < LEAST_OPAQUE_BYTES:
            return
        counts = np.zeros(256, np.int64)
        step = max(SAMPLE_BYTES, look.size_bytes // MAX_SAMPLES)
        for start in range(0, look.size_bytes, step):
            raw = look.read(start, SAMPLE_BYTES)
            counts += np.bincount(np.frombuffer(raw, np.uint8), minlength=256)
            for reading in other_readings(raw):
                self._numbers(look, f"bytes from {start} on, as {reading.name}", reading.values)
        shares = counts[counts > 0] / counts.sum()
        is_noise = -float((shares * np.log2(shares)).sum()) > NOISE_BITS
        decoded_part = look.name.endswith(("!base64", "!hex"))
        least = LEAST_OPAQUE_DECODED_BYTES if decoded_part else LEAST_OPAQUE_BYTES
        if is_noise and not is_told and look.size_bytes >= least:
            reason = f"{look.kind} content, {look.size_bytes} bytes, that may stand for anything"
            self.unread.append(Unread(look.name, reason))


def _is_enough(kind: str, overlap: Overlap) -> bool:
    if kind == "tensor":
        return overlap.windows >= LEAST_TENSOR_WINDOWS
    if kind == "field":
        return overlap.about_bytes >= LEAST_FIELD_BYTES
    share = overlap.share >= LEAST_FILE_SHARE and overlap.windows >= LEAST_FILE_WINDOWS
    return share or overlap.about_bytes >= LEAST_FILE_BYTES
