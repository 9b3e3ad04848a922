"""What is asked for in text, and what comes back. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from paddock.engine.grammar.kinds import Grammar
from paddock.engine.request import Sampling
from paddock.serve.guard import Refusal
from paddock.serve.text.tool_calls import CallDelta


class FinishReason(StrEnum):
    """Why an answer ended, in OpenAI's words."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an answer is made, and what is told about it."""

    max_tokens: int | None = None  # None: what the context has room for
    sampling: Sampling = field(default_factory=Sampling)
    choices: int = 1  # each with the next seed
    stop: tuple[str, ...] = ()
    is_stop_shown: bool = False
    stop_ids: frozenset[int] = frozenset()  # besides the model's own
    ignores_end: bool = False  # the model's own end tokens are tokens like others
    min_tokens: int = 0
    logprobs: int | None = None  # alternatives told with each token; 0: the chosen one alone
    prompt_logprobs: int | None = None
    grammar: Grammar | None = None
    cache_salt: str = ""  # prefixes are shared only among requests of the same salt


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A prompt in tokens, and what is wanted; ``id`` is one that no other request has."""

    id: str
    prompt: tuple[int, ...]
    wanted: Wanted


class TokenText(NamedTuple):
    """A token as text: readable, and in its exact bytes."""

    token_id: int
    text: str
    spelled: bytes
    logprob: float | None  # None: nothing stands before it


class TextLogprob(NamedTuple):
    """The chosen token, the likeliest ones in its place, and where it begins in the answer."""

    token: TokenText
    top: tuple[TokenText, ...]
    offset: int  # in characters


@dataclass(slots=True)
class Piece:
    """What is new of one choice; ``finish`` is set on its last."""

    choice: int
    text: str = ""
    calls: list[CallDelta] = field(default_factory=list)  # of tools; their text is not in ``text``
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[TextLogprob] | None = None
    prompt_logprobs: list[TextLogprob] | None = None
    finish: FinishReason | None = None
    stop: str | int | None = None  # the string or token that ended it, if not the model's own end
    refusal: str | None = None  # the use policy's words, which ``text`` holds too
    cached_tokens: int = 0


def refused(choice: int, refusal: Refusal) -> Piece:
    """An answer that is a refusal and nothing else."""
    return Piece(choice, refusal.text, refusal=refusal.text, finish=FinishReason.CONTENT_FILTER)
