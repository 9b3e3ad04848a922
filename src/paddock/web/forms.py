"""What forms send, read within bounds, and what is said above them afterwards.

After a form that worked the browser is sent to a page; which sentence it then says is named by a
word in its address, out of a table of the page's own, so that nobody can put words into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Form, Query
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, PaddockError, shown

MAX_CHARS = 4000
Text = Annotated[str, Form(max_length=MAX_CHARS)]
Done = Annotated[str, Query(max_length=40)]


def sentence(error: PaddockError) -> str:
    """What went wrong, with what to do about it."""
    return error.message if error.hint is None else f"{error.message}: {error.hint}"


def said(sentences: Mapping[str, str], word: str) -> str:
    """The sentence of the word in an address; none for any other word."""
    return sentences.get(word, "")


def back_to(path: str, word: str = "", fragment: str = "") -> Response:
    """To a page of ours, which then says that it is done."""
    query = f"?done={word}" if word else ""
    return RedirectResponse(f"{path}{query}{f'#{fragment}' if fragment else ''}", 303)


def end_of_day(text: str) -> datetime | None:
    """The end of a day, UTC, as a field for dates gives it; None for an empty one."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as e:
        raise BadInput(f"{shown(text)} is not a date", hint="write it as 2026-12-31") from e
    return datetime.combine(day, time(23, 59, 59), UTC)
