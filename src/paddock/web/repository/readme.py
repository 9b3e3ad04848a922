"""The README of a revision as a card, read once and remembered.

Knows rows and which file is the card; not how Markdown becomes HTML. A card that a scan rejected is
not shown, and one that is kept as a large file is not read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from paddock.errors import PaddockError
from paddock.front_matter import split_document
from paddock.hub.git import files
from paddock.hub.large.content import open_content
from paddock.hub.releases.remembering import Memory
from paddock.hub.scans.leaving import Asking, find_problem
from paddock.hub.types import FileEntry
from paddock.web.cards.pictures import HEAD_BYTES, size_in
from paddock.web.cards.places import Place
from paddock.web.cards.rendering import Card, render
from paddock.web.cards.rewriting import Size
from paddock.web.repository.opened import Opened

MAX_README_BYTES = 2 << 20  # with its metadata; of more the page only says that it is there
_KEPT_CHARS = 24 << 20
_MAX_MEASURED = 30
_cards: Memory[Card] = Memory(_KEPT_CHARS, lambda card: 500 + len(card.html))


class Readme(NamedTuple):
    """A card, or why none is shown."""

    card: Card | None = None
    is_rejected: bool = False
    is_too_large: bool = False


def read_readme(opened: Opened, entry: FileEntry | None, withheld: Collection[str]) -> Readme:
    """The card at the opened revision; ``withheld`` are paths of files that scans rejected."""
    if entry is None:
        return Readme()
    if entry.path in withheld:
        return Readme(is_rejected=True)
    if entry.large is not None or entry.size_bytes > MAX_README_BYTES:
        return Readme(is_too_large=True)
    repo, may_read = opened.repo, opened.may_read
    # Sizes of pictures come from files that not everybody may read.
    key = (repo.id, repo.web_path, opened.rev, opened.commit_oid, entry.oid, may_read)

    def made() -> Card:
        raw = files.read_small_file(
            opened.conn, opened.hub.blobs, repo, entry, MAX_README_BYTES
        )  # fmt: skip
        text = split_document(raw.decode("utf-8", "replace")).body
        place = Place(repo.web_path, opened.rev, base_url=opened.endpoint)
        measure = _Measure(opened)
        return render(text, place, measure.size_of) if may_read else render(text, place)

    return Readme(_cards.get((*key, opened.endpoint), made))


class _Measure:
    """Looks into pictures of the repository, so many."""

    def __init__(self, opened: Opened) -> None:
        self._opened, self._left = opened, _MAX_MEASURED
        self._asking = Asking(opened.hub, opened.conn, opened.visitor.caller, opened.repo)

    def size_of(self, path: str) -> Size | None:
        opened = self._opened
        if self._left <= 0 or opened.commit_oid is None:
            return None
        self._left -= 1
        entry = files.entry_at(opened.conn, opened.repo, opened.commit_oid, path)
        if not isinstance(entry, FileEntry) or find_problem(self._asking, entry) is not None:
            return None
        try:
            content = open_content(opened.hub, opened.repo, entry, opened.conn)
            return size_in(b"".join(content.read(0, min(HEAD_BYTES, content.size_bytes))))
        except PaddockError:
            return None
