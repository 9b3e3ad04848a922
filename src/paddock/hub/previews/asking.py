"""A file of a repository asked, by those who may have its bytes.

Whoever may not read the content, and whoever a scan keeps the file from, learns nothing of it here
either: it is the same question as a download's.
"""

from __future__ import annotations

from paddock.hub import access
from paddock.hub.large.content import Content, open_content
from paddock.hub.previews.answers import Preview
from paddock.hub.previews.questions import Question
from paddock.hub.previews.readers import READERS
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import FileEntry


def open_for_preview(asking: Asking, entry: FileEntry) -> Content:
    """The file's bytes; raises what a download raises."""
    access.require_content(asking.conn, asking.caller, asking.repo)
    leaving.require_entry(asking, entry)
    return open_content(asking.hub, asking.repo, entry, asking.conn)


def ask(entry: FileEntry, content: Content, question: Question) -> Preview:
    """The answer; raises PreviewRefused, ReadersBusy. It may take seconds, and no transaction."""
    return READERS.ask(f"{entry.etag}/{question.format}/{question.packing}", question, content.read)
