"""Answers of completions, whole and in chunks, as OpenAI writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from paddock.serve.api.chat_shapes import prompt_scores
from paddock.serve.api.heads import ChunkHead
from paddock.serve.text.pieces import Piece, TextLogprob


class CompletionChunks:
    """Writes the chunks of one stream."""

    def __init__(self, head: ChunkHead) -> None:
        self._before = head.before_index

    def chunk(self, part: Part) -> bytes:
        """What is new, as one event; nothing where there is nothing to see."""
        if not part.text and part.finish is None and not part.logprobs:
            return b""
        told = b"null"
        if part.logprobs is not None:
            told = orjson.dumps(_logprobs(part.logprobs, part.echo_chars))
        return b'%b%d,"text":%b,"logprobs":%b,"finish_reason":%b}]}\n\n' % (
            self._before,
            part.choice,
            orjson.dumps(part.text),
            told,
            b"null" if part.finish is None else orjson.dumps(part.finish),
        )


@dataclass(slots=True)
class Part:
    """One answer, or what is new of it; the echoed prompt belongs to it."""

    choice: int
    text: str = ""
    logprobs: list[tuple[TextLogprob, bool]] | None = None  # and whether it is of the prompt
    prompt_logprobs: list[TextLogprob] | None = None
    finish: str | None = None
    stop: str | int | None = None
    echo_chars: int = 0
    tells_logprobs: bool = False
    logprob_sum: float = 0.0
    tokens: list[int] = field(default_factory=list)

    def add(self, piece: Piece, echo: str | None) -> None:
        """The next piece; ``echo`` is the prompt, with the first one and where it is wanted."""
        if echo is not None:
            self.text += echo
            self.echo_chars = len(echo)
            if piece.prompt_logprobs is not None and self.tells_logprobs:
                self.logprobs = [(each, True) for each in piece.prompt_logprobs]
        if piece.refusal is not None:  # whoever reads the whole gets the refusal alone
            self.text, self.logprobs = self.text[: self.echo_chars], None
        self.text += piece.text
        if piece.logprobs is not None and self.tells_logprobs:
            new = [(each, False) for each in piece.logprobs]
            self.logprobs = [*(self.logprobs or ()), *new]
        if piece.logprobs is not None:
            self.logprob_sum += sum(each.token.logprob or 0.0 for each in piece.logprobs)
        self.prompt_logprobs = piece.prompt_logprobs or self.prompt_logprobs
        self.tokens += piece.token_ids
        self.finish, self.stop = piece.finish, piece.stop

    @property
    def mean_logprob(self) -> float:
        """What answers are ranked by."""
        return self.logprob_sum / max(1, len(self.tokens))

    def to_dict(self, index: int, *, tells_prompt: bool) -> dict[str, Any]:
        """As a choice."""
        made: dict[str, Any] = {
            "index": index,
            "text": self.text,
            "logprobs": None
            if self.logprobs is None
            else _logprobs(self.logprobs, self.echo_chars),
            "finish_reason": self.finish,
            "stop_reason": self.stop,
        }
        if tells_prompt and self.prompt_logprobs is not None:
            made["prompt_logprobs"] = prompt_scores(self.prompt_logprobs)
        return made


def _logprobs(told: list[tuple[TextLogprob, bool]], echo_chars: int) -> dict[str, Any]:
    return {
        "text_offset": [each.offset + (0 if is_prompt else echo_chars) for each, is_prompt in told],
        "token_logprobs": [each.token.logprob for each, _is_prompt in told],
        "tokens": [each.token.text for each, _is_prompt in told],
        "top_logprobs": [
            None if each.token.logprob is None else _top(each) for each, _is_prompt in told
        ],
    }


def _top(told: TextLogprob) -> dict[str, float | None]:
    """The likeliest by their text, and the chosen one whatever its rank."""
    return {one.text: one.logprob for one in (*told.top, told.token)}
