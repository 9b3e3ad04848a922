"""What a push asks for: refs with where they are and shall be, and how to answer.

Pure. Knows the words of a push (gitprotocol-pack, "Pushing Data To a Server"); the pack follows
behind it in the same body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO

from paddock.errors import TooLarge, shown
from paddock.hub.git_http.advertisement import NO_OBJECT
from paddock.hub.git_http.pkt_lines import BadGitRequest, decode_line, read_packet

MAX_COMMANDS = 5_000
MAX_PUSH_OPTIONS = 100
_COMMAND = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (.{1,1000})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A ref that shall move; None: it is not there before, or shall not be there any more."""

    ref: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class PushRequest:
    """Everything that stands before the pack."""

    commands: list[Command] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    options: list[str] = field(default_factory=list)

    @property
    def has_pack(self) -> bool:
        return any(command.new for command in self.commands)

    @property
    def is_atomic(self) -> bool:
        return "atomic" in self.words


def read_push(source: IO[bytes]) -> PushRequest:
    """The commands and options; the source is then at the pack. Raises BadGitRequest, TooLarge."""
    request = PushRequest()
    while isinstance(packet := read_packet(source), bytes):
        if not request.commands:
            packet, _, words = packet.partition(b"\0")
            request.words.update(decode_line(words).split())
        text = decode_line(packet)
        if text.startswith("shallow "):
            continue  # what a shallow client lacks must be here already, as for everybody
        if len(request.commands) >= MAX_COMMANDS:
            raise TooLarge(f"a push moves at most {MAX_COMMANDS} refs", hint="push fewer at once")
        request.commands.append(_command(text))
    if "push-options" in request.words and request.commands:
        while isinstance(packet := read_packet(source), bytes):
            request.options.append(decode_line(packet))
            del request.options[MAX_PUSH_OPTIONS:]
    names = [command.ref for command in request.commands]
    if len(set(names)) != len(names):
        raise BadGitRequest("the push moves one ref twice")
    return request


def _command(text: str) -> Command:
    match = _COMMAND.fullmatch(text)
    if match is None:
        raise BadGitRequest(f"{shown(text)} is not a command of a push")
    old, new = (None if oid == NO_OBJECT else oid for oid in match.groups()[:2])
    if old is None and new is None:
        raise BadGitRequest(f"nothing is to be done with {shown(match[3])}")
    return Command(match[3], old, new)
