"""What is here and what we can do: the first thing a client hears, in protocols 0, 1 and 2.

Pure: takes the refs, gives packets. Every ref that the repository has is told, pull requests and
conversions too; HEAD is main, also while there is no main yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import IO

from paddock import __version__
from paddock.hub.git.refs import MAIN, TAGS, Ref
from paddock.hub.git_http.pkt_lines import Mark, line, pkt, read_lines

NO_OBJECT = "0" * 40
MAX_PREFIXES = 65_536  # git's own bound; with more, every ref is told
_AGENT = f"agent=paddock/{__version__}"

_FETCH_WORDS = (
    "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not "
    "deepen-relative no-progress include-tag multi_ack_detailed allow-tip-sha1-in-want "
    "allow-reachable-sha1-in-want no-done"
)
_PUSH_WORDS = (
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options"
)


class Service(StrEnum):
    """What a client wants to do; the names are git's."""

    FETCH = "git-upload-pack"
    PUSH = "git-receive-pack"


def advertise(service: Service, refs: Sequence[Ref], version: int) -> Iterator[bytes]:
    """The answer to ``info/refs``."""
    if version == 2 and service is Service.FETCH:
        yield from _capabilities()
        return
    yield line(f"# service={service}")
    yield Mark.FLUSH.value
    if version == 1:
        yield line("version 1")
    told = list(_told(refs, with_head=service is Service.FETCH, peeled=service is Service.FETCH))
    words = _words(service, refs)
    first, *rest = told or [f"{NO_OBJECT} capabilities^{{}}"]
    yield pkt(f"{first}\0{words}\n".encode())
    yield from map(line, rest)
    yield Mark.FLUSH.value


def list_refs(source: IO[bytes], refs: Sequence[Ref]) -> Iterator[bytes]:
    """The answer to protocol 2's ``ls-refs``; raises BadGitRequest."""
    words: set[str] = set()
    prefixes: list[str] = []
    for text in read_lines(source):
        word, _, value = text.partition(" ")
        if word == "ref-prefix":
            prefixes.append(value)
            del prefixes[MAX_PREFIXES + 1 :]
        else:
            words.add(word)
    asked = tuple(prefixes) if len(prefixes) <= MAX_PREFIXES else ("",)
    asked = asked or ("",)
    for ref in _with_head(refs):
        if ref.name.startswith(asked):
            yield line(_ls_line(ref, words))
    if "unborn" in words and "HEAD".startswith(asked) and _main(refs) is None:
        target = f" symref-target:{MAIN}" if "symrefs" in words else ""
        yield line(f"unborn HEAD{target}")
    yield Mark.FLUSH.value


def _ls_line(ref: Ref, words: set[str]) -> str:
    text = f"{ref.oid} {ref.name}"
    if ref.name == "HEAD" and "symrefs" in words:
        text += f" symref-target:{MAIN}"
    if "peel" in words and ref.oid != ref.commit_oid:
        text += f" peeled:{ref.commit_oid}"
    return text


def _capabilities() -> Iterator[bytes]:
    yield line("version 2")
    yield line(_AGENT)
    yield line("ls-refs=unborn")
    yield line("fetch=shallow wait-for-done filter")
    yield line("server-option")
    yield line("object-format=sha1")
    yield Mark.FLUSH.value


def _words(service: Service, refs: Sequence[Ref]) -> str:
    if service is Service.PUSH:
        return f"{_PUSH_WORDS} object-format=sha1 {_AGENT}"
    symref = f" symref=HEAD:{MAIN}" if _main(refs) else ""
    return f"{_FETCH_WORDS}{symref} filter object-format=sha1 {_AGENT}"


def _told(refs: Sequence[Ref], *, with_head: bool, peeled: bool) -> Iterable[str]:
    for ref in _with_head(refs) if with_head else refs:
        yield f"{ref.oid} {ref.name}"
        if peeled and ref.oid != ref.commit_oid and ref.name.startswith(TAGS):
            yield f"{ref.commit_oid} {ref.name}^{{}}"


def _with_head(refs: Sequence[Ref]) -> Sequence[Ref]:
    main = _main(refs)
    return [main._replace(name="HEAD"), *refs] if main else refs


def _main(refs: Sequence[Ref]) -> Ref | None:
    return next((ref for ref in refs if ref.name == MAIN), None)
