"""Files asked as a page asks them: by the real process, fed from memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paddock.hub.previews.answers import Preview
from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Question
from paddock.hub.previews.readers import PreviewRefused, Readers


@contextmanager
def readers() -> Iterator[Readers]:
    """Readers of a test's own, which end with it."""
    own = Readers()
    try:
        yield own
    finally:
        own.close()


def ask(own: Readers, content: bytes, format: Format, **question: Any) -> Preview:
    """The answer for a file of these bytes."""
    etag = hashlib.sha256(content).hexdigest()
    asked = Question(format, len(content), **question)
    return own.ask(etag, asked, lambda start, end: iter([content[start:end]]))


def refusal(own: Readers, content: bytes, format: Format, **question: Any) -> str:
    """Why a file is not shown."""
    try:
        answer = ask(own, content, format, **question)
    except PreviewRefused as e:
        return e.message
    raise AssertionError(f"it is shown: {answer.columns}, {answer.rows[:2]}")


def texts(answer: Preview) -> list[list[str]]:
    """The cells as they are shown."""
    return [[cell.text for cell in row.cells] for row in answer.rows]


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()
