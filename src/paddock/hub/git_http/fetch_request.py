"""What a client asks of a fetch, in protocol 2 or in protocols 0 and 1, as one value.

Pure. Knows the words of both (gitprotocol-v2, gitprotocol-pack); does not know what is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from paddock.errors import shown
from paddock.hub.git_http.boundaries import Deepening
from paddock.hub.git_http.pkt_lines import BadGitRequest, Mark, Packet, decode_line, read_packet

MAX_WANTS = 100_000
MAX_HAVES = 1_000_000
MAX_OPTIONS = 100_000

_OID = re.compile(r"[0-9a-f]{40}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SIZE = re.compile(r"([0-9]{1,15})([kmg]?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a partial clone leaves out; None: nothing of that sort."""

    max_blob_bytes: int | None = None  # blobs of this size and more stay here
    max_depth: int | None = None  # trees and blobs this deep and deeper stay here; a root is at 0
    kinds: frozenset[int] = frozenset(_KINDS.values())  # git's numbers

    def __bool__(self) -> bool:
        return self != Filter()


@dataclass(slots=True)
class FetchRequest:
    """Everything that one request says."""

    wants: list[str] = field(default_factory=list)
    haves: list[str] = field(default_factory=list)
    shallows: list[str] = field(default_factory=list)
    depth: int | None = None
    since: int | None = None
    excluding: list[str] = field(default_factory=list)
    filter: Filter = field(default_factory=Filter)
    words: set[str] = field(default_factory=set)  # options without a value
    is_done: bool = False
    is_cut_off: bool = False  # protocols 0, 1: the request ended before negotiation began

    @property
    def deepening(self) -> Deepening:
        relative = "deepen-relative" in self.words
        return Deepening(self.depth, relative, self.since, tuple(self.excluding))

    def take(self, text: str) -> None:
        """One line; raises BadGitRequest for what no client says."""
        word, _, value = text.partition(" ")
        match word:
            case "want":
                _append(self.wants, _oid(value), MAX_WANTS)
            case "have":
                _append(self.haves, _oid(value), MAX_HAVES)
            case "shallow":
                _append(self.shallows, _oid(value), MAX_WANTS)
            case "deepen":
                self.depth = _number(value)
            case "deepen-since":
                self.since = _number(value)
            case "deepen-not":
                _append(self.excluding, value, MAX_OPTIONS)
            case "filter":
                self.filter = parse_filter(value)
            case "done":
                self.is_done = True
            case _:
                self.words.add(text)
                if len(self.words) > 1000:
                    raise BadGitRequest("the request has too many options")


def read_fetch(source: IO[bytes]) -> FetchRequest:
    """The arguments of protocol 2's ``fetch``; raises BadGitRequest."""
    request = FetchRequest()
    while isinstance(packet := read_packet(source), bytes):
        request.take(decode_line(packet))
    return _checked(request)


def read_upload_request(source: IO[bytes]) -> FetchRequest:
    """A request of protocols 0 and 1: wants, a mark, then what the client has."""
    request = FetchRequest()
    while isinstance(packet := read_packet(source), bytes):
        text = decode_line(packet)
        if not request.wants and text.startswith("want "):
            words = text[5:].split(" ")  # the first want names the capabilities, too
            text = f"want {words[0]}"
            request.words.update(words[1:])
        request.take(text)
    if not request.wants:
        return request
    request.is_cut_off = True
    while (packet := read_packet(source)) is not None:
        request.is_cut_off = False
        if isinstance(packet, bytes):
            request.take(decode_line(packet))
    return _checked(request)


class CommandRequest:
    """A request of protocol 2 up to its arguments."""

    def __init__(self, source: IO[bytes]) -> None:
        self.command = ""
        ended_by: Packet | None = None
        for _ in range(MAX_OPTIONS):
            packet = read_packet(source)
            if not isinstance(packet, bytes):
                ended_by = packet
                break
            self._take(decode_line(packet))
        self.is_empty = not self.command and ended_by is Mark.FLUSH
        if not self.command and not self.is_empty:
            raise BadGitRequest("the request names no command")

    def _take(self, text: str) -> None:
        key, _, value = text.partition("=")
        if key == "command":
            self.command = value
        if key == "object-format" and value != "sha1":
            raise BadGitRequest(f"objects have SHA-1 names here, not {shown(value)}")


def parse_filter(text: str) -> Filter:
    """A filter's words; raises BadGitRequest for one that is not offered."""
    name, _, value = text.partition(":")
    if name == "combine":
        parts = [parse_filter(_unescaped(part)) for part in value.split("+")[:20]]
        return _combined(parts)
    if text == "blob:none":
        return Filter(max_blob_bytes=0)
    if text.startswith("blob:limit=") and (size := _SIZE.fullmatch(text[11:])):
        return Filter(max_blob_bytes=int(size[1]) * _UNITS[size[2].lower()])
    if name == "tree" and _NUMBER.fullmatch(value):
        return Filter(max_depth=int(value))
    if text.startswith("object:type=") and text[12:] in _KINDS:
        return Filter(kinds=frozenset({_KINDS[text[12:]]}))
    raise BadGitRequest(
        f"the filter {shown(text)} is not offered here",
        hint="use blob:none, blob:limit=N, tree:N or object:type=T",
    )


def _combined(parts: Iterable[Filter]) -> Filter:
    found = Filter()
    for part in parts:
        sizes = [n for n in (found.max_blob_bytes, part.max_blob_bytes) if n is not None]
        depths = [n for n in (found.max_depth, part.max_depth) if n is not None]
        kinds = found.kinds & part.kinds
        found = Filter(min(sizes, default=None), min(depths, default=None), kinds)
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"%([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)


def _checked(request: FetchRequest) -> FetchRequest:
    if request.depth and (request.since is not None or request.excluding):
        raise BadGitRequest("deepen and deepen-since (or deepen-not) cannot be used together")
    return request


def _append(values: list[str], value: str, most: int) -> None:
    if len(values) >= most:
        raise BadGitRequest(f"the request has more than {most} lines of one kind")
    values.append(value)


def _oid(text: str) -> str:
    if not _OID.fullmatch(text):
        raise BadGitRequest(f"{shown(text)} is not an object id")
    return text


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadGitRequest(f"{shown(text)} is not a number")
    return int(text)
