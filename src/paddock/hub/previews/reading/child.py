"""The reading process: one file, question after question, until nobody asks any more.

Started by ``process`` as ``python -m``. What it will need is imported before it gives up what
``seal`` takes. The questions and the file's bytes come through standard input; after anything that
nobody foresaw the process ends, and what it knew with it.
"""

from __future__ import annotations

import select
import sys

from paddock.hub.previews.answers import Preview
from paddock.hub.previews.formats import Format, Packing
from paddock.hub.previews.questions import PAGE_ROWS, Asks, Question
from paddock.hub.previews.reading import delimited, json_rows
from paddock.hub.previews.reading.answering import preview
from paddock.hub.previews.reading.bounds import IDLE_SECONDS, Unreadable
from paddock.hub.previews.reading.figures import figures
from paddock.hub.previews.reading.parquet import ParquetFile
from paddock.hub.previews.reading.parts import LoadedPart
from paddock.hub.previews.reading.seal import seal
from paddock.hub.previews.reading.source import Ranges, Source
from paddock.hub.previews.reading.unpacking import Unpacked
from paddock.hub.previews.wire import (
    LENGTH,
    Problem,
    Reply,
    Wants,
    parse_question,
    render_reply,
)


def main() -> None:
    """Answer what standard input asks."""
    if sys.argv[1:] == [str(Format.PARQUET)]:
        import pyarrow.parquet
        import pyarrow.types  # noqa: F401  (nothing can be imported later)
    seal()
    file: _File | None = None
    while select.select([sys.stdin.buffer], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        question = parse_question(line)
        try:
            file = file or _File(question)
            _say(file.answer(question))
        except Unreadable as e:
            _say(Problem(str(e)))


class _File:
    """The file, and the part of it that was read last."""

    def __init__(self, question: Question) -> None:
        self._source = Source(question.size_bytes, _fetch)
        self._parquet: ParquetFile | None = None
        if question.format is Format.PARQUET:
            self._parquet = ParquetFile(self._source)
        self._text: Ranges = self._source
        self._notes: tuple[str, ...] = ()
        if question.packing is not Packing.NONE:
            unpacked = Unpacked(self._source, question.packing)
            self._text, self._notes = unpacked, (unpacked.note,) if unpacked.note else ()
        self._start = -1
        self._part: LoadedPart | None = None

    def answer(self, question: Question) -> Preview:
        """Raises Unreadable."""
        self._source.begin()
        if question.asks is Asks.COLUMNS:
            told = self._parquet.told() if self._parquet else []
            part = self._whole_part(question)
            return preview(part, question, figures(part, told))
        is_plain = not question.conditions and question.order is None
        if self._parquet is None or not is_plain:
            return preview(self._whole_part(question), question)
        page = question.row // PAGE_ROWS if question.asks is Asks.ROW else question.page
        return preview(self._parquet.page(question, page), question)

    def _whole_part(self, question: Question) -> LoadedPart:
        if self._part is None or self._start != question.start:
            self._part = None  # two at once are more than there is memory for
            self._part = self._load(question)
            self._start = question.start
        return self._part

    def _load(self, question: Question) -> LoadedPart:
        if self._parquet is not None:
            return self._parquet.part(question)
        if question.format in {Format.CSV, Format.TSV}:
            part = delimited.load(self._text, question)
        else:
            part = json_rows.load(self._text, question)
        part.notes += self._notes
        return part


def _fetch(start: int, end: int) -> bytes:
    """Bytes of the file, from the other side, which ends the process rather than send fewer."""
    _say(Wants(start, end))
    (length,) = LENGTH.unpack(sys.stdin.buffer.read(LENGTH.size))
    return sys.stdin.buffer.read(length)


def _say(reply: Reply) -> None:
    sys.stdout.buffer.write(render_reply(reply))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
