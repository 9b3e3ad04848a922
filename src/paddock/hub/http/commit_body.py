"""The body of a commit: NDJSON, one operation a line, its header first.

Knows the wire form and what bounds it; turns it into operations and puts larger files into the
blob store on the way, so that what stays in memory is bounded whatever the body's size. Does not
know the repository.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import IO, Any

import orjson

from paddock.digest import is_sha256
from paddock.errors import BadInput, TooLarge
from paddock.front_matter import CARD_NAME
from paddock.hub.git.objects import (
    MAX_INLINE_BYTES,
    GitObject,
    ObjectType,
    make_object,
    make_stored_blob,
)
from paddock.hub.git.operations import (
    MAX_OPERATIONS,
    AddFile,
    AddLarge,
    Delete,
    DeleteFolder,
    Operation,
    check_path,
)
from paddock.hub.large.pointers import MAX_POINTER_BYTES
from paddock.storage.blobs import BlobStore

MAX_FILE_BYTES = 10 * 1024 * 1024  # larger ones are uploaded as large files
MAX_LINES = 2 * MAX_OPERATIONS  # empty ones count, too
MAX_LINE_BYTES = 2 * MAX_FILE_BYTES  # base64, or text with escapes
MAX_MESSAGE_CHARS = 64 * 1024
# Over this much in one commit, all but tiny files go to the blob store instead of their rows.
INLINE_BUDGET_BYTES = 128 * 1024 * 1024

# What a line holds besides its long string: keys, a path, an encoding, brackets.
_SHORT_LINE_BYTES = 64 * 1024
_MAX_STRINGS = 64
_MAX_OUTSIDE_BYTES = 4096
_BACKSLASH = ord("\\")

_OID_PREFIX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class CommitBody:
    """What a client wants committed."""

    message: str
    parent_commit: str | None
    operations: list[Operation]


def read_commit_body(body: IO[bytes], blobs: BlobStore) -> CommitBody:
    """Parse a whole body; raises BadInput, TooLarge or BadPath with the line's number."""
    reader = _Reader(blobs)
    number = 0
    while line := body.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number > MAX_LINES:
            raise TooLarge(f"a commit has at most {MAX_LINES} lines")
        if len(line) > MAX_LINE_BYTES:
            raise TooLarge(f"line {number} is longer than {MAX_LINE_BYTES} bytes")
        if line.strip():
            reader.take(number, line)
    if reader.header is None:
        raise BadInput("the commit has no header line")
    message, parent_commit = reader.header
    return CommitBody(message, parent_commit, reader.operations)


def check_message(text: str) -> str:
    """The text without space around it, if a git object can hold it."""
    if "\0" in text:
        raise BadInput("a message cannot contain NUL")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput("a message with half a character (a lone surrogate) is no text")
    if len(text) > MAX_MESSAGE_CHARS:
        raise TooLarge(f"a message of {len(text)} characters is over {MAX_MESSAGE_CHARS}")
    return text.strip()


class _Reader:
    """What was read so far."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._inline_bytes = 0
        self.header: tuple[str, str | None] | None = None
        self.operations: list[Operation] = []

    def take(self, number: int, line: bytes) -> None:
        key, value = _parse_line(number, line)
        if key == "header":
            if self.header is not None:
                raise BadInput(f"line {number} is a second header")
            self.header = _parse_header(value)
            return
        if self.header is None:
            raise BadInput("the first line must be the header")
        if len(self.operations) >= MAX_OPERATIONS:
            raise TooLarge(f"a commit has at most {MAX_OPERATIONS} operations", hint="split it")
        self.operations.append(self._parse_operation(number, key, value))

    def _parse_operation(self, number: int, key: str, value: dict[str, Any]) -> Operation:
        path = _text(value, "path", number)
        match key:
            case "file":
                return AddFile(check_path(path), self._blob(path, _content(value, number)))
            case "lfsFile":
                return _parse_large(check_path(path), value, number)
            case "deletedFile":
                return Delete(check_path(path.removesuffix("/")))
            case "deletedFolder":
                return DeleteFolder(check_path(path.removesuffix("/")))
        raise BadInput(f"line {number} has the unknown key {key[:40]!r}")

    def _blob(self, path: str, content: bytes) -> GitObject:
        over_budget = self._inline_bytes + len(content) > INLINE_BUDGET_BYTES
        blob = to_blob(self._blobs, path, content, is_sparing=over_budget)
        if blob.content is not None:
            self._inline_bytes += len(content)
        return blob


def to_blob(blobs: BlobStore, path: str, content: bytes, *, is_sparing: bool = False) -> GitObject:
    """A file's bytes as git keeps them, in the blob store already where they are too many for a
    row; ``is_sparing`` leaves rows to the smallest. Raises TooLarge."""
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge(
            f"{path!r} has {len(content)} bytes, more than {MAX_FILE_BYTES} in a commit",
            hint="upload it as a large file (Xet or LFS)",
        )
    most = MAX_POINTER_BYTES if is_sparing else MAX_INLINE_BYTES
    # The catalogue reads the card inside the transaction: it is always in its row.
    if len(content) <= most or path == CARD_NAME:
        return make_object(ObjectType.BLOB, content)
    with blobs.begin() as writer:
        writer.write(content)
        return make_stored_blob(content, writer.commit().sha256)


def _parse_line(number: int, line: bytes) -> tuple[str, dict[str, Any]]:
    _check_shape(number, line)
    try:
        item = orjson.loads(line)
        key, value = item["key"], item["value"]
    except (ValueError, KeyError, TypeError) as e:
        raise BadInput(f"line {number} is not a JSON object with 'key' and 'value'") from e
    if not isinstance(key, str) or not isinstance(value, dict):
        raise BadInput(f"line {number} is not a JSON object with 'key' and 'value'")
    return key, value


def _check_shape(number: int, line: bytes) -> None:
    """Refuse a long line that is not a few strings and a little around them, before parsing it.

    A line is long because a string in it is. Millions of empty lists would cost the parser seconds,
    during which nobody else runs, and a hundred times their size in memory.
    """
    if len(line) <= _SHORT_LINE_BYTES:
        return
    at = outside_bytes = 0
    for _ in range(_MAX_STRINGS):
        start = line.find(b'"', at, at + _MAX_OUTSIDE_BYTES)
        if start < 0:
            outside_bytes += len(line) - at
            break
        outside_bytes += start - at
        at = _string_end(line, start + 1)
        if at < 0:
            break  # it does not end: the parser says so at once
    else:
        outside_bytes += _MAX_OUTSIDE_BYTES
    if outside_bytes > _MAX_OUTSIDE_BYTES:
        raise BadInput(f"line {number} is no operation: it holds more than a few values")


def _string_end(line: bytes, at: int) -> int:
    """Behind the quote that ends a JSON string, or -1; finds it without holding others up."""
    while (quote := line.find(b'"', at)) >= 0:
        before = quote - 1
        while line[before] == _BACKSLASH:
            before -= 1
        if (quote - before) % 2:  # an even number of backslashes: they escape each other
            return quote + 1
        at = quote + 1
    return -1


def _parse_header(value: dict[str, Any]) -> tuple[str, str | None]:
    """The whole message, and the parent if one is required."""
    summary = check_message(_text(value, "summary", 1))
    description = check_message(_text(value, "description", 1, default=""))
    if not summary:
        raise BadInput("the commit's summary is empty")
    parent = value.get("parentCommit") or None
    if parent is not None and not _is_oid_prefix(parent):
        raise BadInput("'parentCommit' is not a commit id")
    return f"{summary}\n\n{description}" if description else summary, parent


def _is_oid_prefix(text: object) -> bool:
    return isinstance(text, str) and 5 <= len(text) <= 40 and _OID_PREFIX.issuperset(text)


def _parse_large(path: str, value: dict[str, Any], number: int) -> AddLarge:
    sha256, size_bytes = value.get("oid"), value.get("size")
    if not isinstance(sha256, str) or not is_sha256(sha256):
        raise BadInput(f"line {number}: 'oid' of {path!r} is not a SHA-256")
    if size_bytes is not None and (type(size_bytes) is not int or size_bytes < 0):
        raise BadInput(f"line {number}: 'size' of {path!r} is not a number of bytes")
    return AddLarge(path, sha256, size_bytes)


def _content(value: dict[str, Any], number: int) -> bytes:
    text = _text(value, "content", number)
    encoding = value.get("encoding", "utf-8")
    if encoding == "utf-8":
        return text.encode()
    if encoding != "base64":
        raise BadInput(f"line {number}: 'encoding' must be base64 or utf-8")
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as e:
        raise BadInput(f"line {number}: 'content' is not base64") from e


def _text(value: dict[str, Any], name: str, number: int, *, default: str | None = None) -> str:
    text = value.get(name)
    if text is None and default is not None:
        return default
    if not isinstance(text, str):
        raise BadInput(f"line {number}: {name!r} must be a string")
    return text
