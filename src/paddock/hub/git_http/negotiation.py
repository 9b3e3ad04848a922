"""Which of a client's commits are here, and when enough of them are known to send a pack.

Pure but for the graph it asks. Protocol 2 says all of it in one section; protocols 0 and 1 answer
have by have, in one of three dialects (gitprotocol-pack, "Packfile Negotiation"). Requests stand
alone: a client repeats what was common before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from paddock.hub.git_http.fetch_request import FetchRequest
from paddock.hub.git_http.graph import CommitGraph, Node
from paddock.hub.git_http.pkt_lines import Mark, line


class Common(NamedTuple):
    """What both sides have."""

    haves: tuple[str, ...]  # of those named by the client, in its order; any type of object
    is_enough: bool  # every want leads to one of them


def find_common(
    graph: CommitGraph, request: FetchRequest, wants: Sequence[Node], held: Collection[str]
) -> Common:
    """``held`` are the ids named by the client that this repository has."""
    haves = tuple(dict.fromkeys(oid for oid in request.haves if oid in held))
    enough = bool(haves) and graph.all_lead_to(wants, set(haves))
    return Common(haves, enough)


def acknowledge(request: FetchRequest, common: Common) -> tuple[list[bytes], bool]:
    """Protocol 2's section of acknowledgments, and whether the pack follows."""
    if request.is_done:
        return [], True
    told = [line("acknowledgments")]
    told += [line(f"ACK {oid}") for oid in common.haves] or [line("NAK")]
    if common.is_enough and "wait-for-done" not in request.words:
        return [*told, line("ready"), Mark.DELIM.value], True
    return [*told, Mark.FLUSH.value], False


def acknowledge_each(request: FetchRequest, common: Common) -> tuple[list[bytes], bool]:
    """The same in protocols 0 and 1."""
    held = set(common.haves)
    detailed = "multi_ack_detailed" in request.words
    told = list(_each(request, held, common, detailed=detailed))
    last = next((oid for oid in reversed(request.haves) if oid in held), None)
    multi = detailed or "multi_ack" in request.words
    if request.is_done:
        if last is None:
            return [*told, line("NAK")], True
        return [*told, *([line(f"ACK {last}")] if multi else [])], True
    is_ready = detailed and last is not None and common.is_enough
    if is_ready:
        told.append(line(f"ACK {last} ready"))
    if last is None or multi:
        told.append(line("NAK"))
    if is_ready and "no-done" in request.words:
        return [*told, line(f"ACK {last}")], True
    return told, False


def _each(
    request: FetchRequest, held: set[str], common: Common, *, detailed: bool
) -> Iterator[bytes]:
    multi = detailed or "multi_ack" in request.words
    is_first = True
    for oid in request.haves:
        if oid in held:
            word = "common" if detailed else "continue"
            if multi:
                yield line(f"ACK {oid} {word}")
            elif is_first:
                yield line(f"ACK {oid}")
            is_first = False
        elif multi and common.is_enough:
            yield line(f"ACK {oid} {'ready' if detailed else 'continue'}")
