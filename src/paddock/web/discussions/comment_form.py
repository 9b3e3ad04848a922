"""What somebody writes, before it is sent: where it goes, what it says, what was wrong with it.

Pure data for the one template of the form. Text from outside is bounded by the request's size
alone here; the rules speak when it is sent (``hub.discussions.rules``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Form
from markupsafe import Markup

from paddock.errors import BadInput
from paddock.hub.http.paths import WEB_REPOSITORY

LIST = WEB_REPOSITORY + "/discussions"
THREAD = LIST + "/{num:segment}"
MAX_QUOTED_CHARS = 4000

# A comment may be longer than what other forms send: its own rules bound it.
Text = Annotated[str, Form()]

_NEW, _EDIT = "new", "/edit"
# Where a form may be sent, behind the address of the list.
_TARGET = re.compile(r"new|[0-9]{1,10}/comment(?:/[0-9a-f]{24}/edit)?")


@dataclass(frozen=True, slots=True)
class CommentForm:
    """A form for a comment; ``target`` is where it is sent, behind the list's address."""

    target: str
    text: str = ""
    title: str = ""
    problem: str | None = None
    preview: Markup | None = None

    @property
    def is_new(self) -> bool:
        """Whether it opens a discussion, and has a title."""
        return self.target == _NEW

    @property
    def is_edit(self) -> bool:
        return self.target.endswith(_EDIT)

    @property
    def without_problem(self) -> CommentForm:
        """The same below a page's head that told the problem."""
        return replace(self, problem=None)


def check_target(text: str) -> str:
    """Where a form is to be sent; raises BadInput for anything but a form of these pages."""
    if not _TARGET.fullmatch(text):
        raise BadInput("there is no such form")
    return text


def quoted(raw: str) -> str:
    """A comment's text as a quotation, with room for an answer."""
    cut = raw[:MAX_QUOTED_CHARS]
    return "".join(f"> {line}\n" for line in cut.splitlines()) + "\n"
