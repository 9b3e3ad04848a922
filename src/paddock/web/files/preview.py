"""What a page shows of a file's bytes, and how much of them it reads for that.

Knows names and beginnings of files, not pages. Reads a bounded beginning, whatever the file's size.
Pictures, sounds and films are left to the browser, which gets them under their own policy; SVG is
shown as the text that it is, since as a picture it would have to be served as what runs scripts.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paddock.hub.large.content import Content
from paddock.web.files.json_text import lay_out
from paddock.web.files.notebook import Notebook, read_notebook
from paddock.web.files.plain_text import shown_line
from paddock.web.files.weights_header import is_weights_file

MAX_TEXT_BYTES: Final = 1_000_000
MAX_LINES: Final = 20_000
MAX_MARKDOWN_BYTES: Final = 250_000  # the worst CommonMark of this size takes seconds to render
_SNIFFED_BYTES: Final = 8000  # as git
_MAX_ODD_SHARE: Final = 0.1  # of a text that is not UTF-8
_PICTURES: Final = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
}
_SOUNDS: Final = (".mp3", ".wav", ".flac", ".ogg")
_FILMS: Final = (".mp4", ".webm")
_MARKDOWN: Final = (".md", ".markdown")


class Showing(StrEnum):
    """How the file is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    NOTEBOOK = "notebook"
    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"
    WEIGHTS = "weights"
    BINARY = "binary"
    EMPTY = "empty"


class Preview(NamedTuple):
    """The file as it is shown; ``notes`` say what is not as it is in the file."""

    showing: Showing
    lines: list[str]
    notes: list[str]
    text: str = ""  # of Markdown
    notebook: Notebook | None = None
    has_source: bool = False  # whether there is another look at it, as plain text


def is_markdown(path: str) -> bool:
    """Whether a file of this name is rendered."""
    return path.lower().endswith(_MARKDOWN)


def preview_of(path: str, content: Content, *, as_source: bool) -> Preview:
    """What is shown of the file, as text if that is wanted and possible."""
    suffix = PurePosixPath(path).suffix.lower()
    if content.size_bytes == 0:
        return Preview(Showing.EMPTY, [], [])
    if is_weights_file(path):
        return Preview(Showing.WEIGHTS, [], [])
    if suffix in _SOUNDS or suffix in _FILMS:
        return Preview(Showing.SOUND if suffix in _SOUNDS else Showing.FILM, [], [])
    head = b"".join(content.read(0, min(content.size_bytes, MAX_TEXT_BYTES)))
    if head.startswith(_PICTURES.get(suffix, ())):
        return Preview(Showing.PICTURE, [], [])
    text, notes = _decoded(head, is_cut=content.size_bytes > len(head))
    if text is None:
        return Preview(Showing.BINARY, [], [])
    if content.size_bytes > len(head):
        notes.append(f"Only the first {MAX_TEXT_BYTES:,} bytes are shown.")
    return _as_text(suffix, text, notes, len(head) == content.size_bytes, as_source)


def _as_text(suffix: str, text: str, notes: list[str], is_whole: bool, as_source: bool) -> Preview:
    if suffix in _MARKDOWN and is_whole:
        if len(text) > MAX_MARKDOWN_BYTES:
            notes.append(f"Markdown of more than {MAX_MARKDOWN_BYTES:,} characters stays text.")
        elif not as_source:
            return Preview(Showing.MARKDOWN, [], notes, text, has_source=True)
        else:
            return _lines(text, notes, has_source=True)
    if suffix == ".ipynb" and is_whole:
        notebook = None if as_source else read_notebook(text)
        if notebook is not None:
            return Preview(Showing.NOTEBOOK, [], notes, notebook=notebook, has_source=True)
        return _lines(text, notes, has_source=as_source)
    if suffix == ".json" and is_whole:
        laid_out = lay_out(text)
        if laid_out is not None and not as_source:
            notes.append("Laid out for reading; the file itself has it in fewer lines.")
            return _lines(laid_out, notes, has_source=True)
        return _lines(text, notes, has_source=laid_out is not None)
    return _lines(text, notes)


def _decoded(head: bytes, *, is_cut: bool) -> tuple[str | None, list[str]]:
    """The text, None for bytes that are none, and what is to be said of it."""
    if b"\0" in head[:_SNIFFED_BYTES]:
        return None, []
    try:
        return head.decode(), []
    except UnicodeDecodeError as e:
        # The cut may be in the middle of a character.
        if is_cut and e.reason == "unexpected end of data" and e.start >= len(head) - 3:
            return head[: e.start].decode(), []
    text = head.decode(errors="replace")
    if text.count("\ufffd") > len(text) * _MAX_ODD_SHARE:
        return None, []
    return text, ["This text is not UTF-8: what cannot be read is shown as \ufffd."]


def _lines(text: str, notes: list[str], *, has_source: bool = False) -> Preview:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) > MAX_LINES:
        notes.append(f"Only the first {MAX_LINES:,} of its lines are shown.")
    shown = [shown_line(line) for line in lines[:MAX_LINES]]
    if any(line.has_hidden for line in shown):
        notes.append("What hides or reorders text is shown by its number, as [U+202E].")
    return Preview(Showing.TEXT, [line.text for line in shown], notes, has_source=has_source)
