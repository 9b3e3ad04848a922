"""Answers of chat, whole and in chunks, as OpenAI writes them.

A chunk is put together of bytes: what all chunks of a stream share is written once (``heads``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from paddock.serve.api.heads import ChunkHead
from paddock.serve.api.usage import Usage
from paddock.serve.text.pieces import Piece, TextLogprob, TokenText
from paddock.serve.text.tool_calls import CallDelta

_FIRST = b'{"role":"assistant","content":""}'


class ChatChunks:
    """Writes the chunks of one stream."""

    def __init__(self, head: ChunkHead) -> None:
        self._before = head.before_index
        self._begun: set[int] = set()

    def chunk(self, piece: Piece) -> bytes:
        """What is new, as some events; nothing where there is nothing to see."""
        written = b""
        if piece.choice not in self._begun:
            self._begun.add(piece.choice)
            written = self._event(piece.choice, _FIRST, b"null", b"null")
        fields = self._fields(piece)
        logprobs = b"null"
        if piece.logprobs:
            logprobs = orjson.dumps({"content": [logprob_dict(each) for each in piece.logprobs]})
        finish = b"null" if piece.finish is None else orjson.dumps(piece.finish)
        if fields == b"{}" and piece.finish is None and not piece.logprobs:
            return written
        if piece.calls and piece.finish is not None:
            # The official client misses the end of a call that comes with the end of the answer.
            written += self._event(piece.choice, fields, logprobs, b"null")
            fields, logprobs = b"{}", b"null"
        return written + self._event(piece.choice, fields, logprobs, finish)

    def _fields(self, piece: Piece) -> bytes:
        if not piece.calls and piece.refusal is None:
            return b'{"content":' + orjson.dumps(piece.text) + b"}" if piece.text else b"{}"
        fields: dict[str, Any] = {}
        if piece.text:
            fields["content"] = piece.text
        if piece.refusal is not None:
            fields["refusal"] = piece.refusal
        if piece.calls:
            fields["tool_calls"] = [_call_delta(call) for call in piece.calls]
        return orjson.dumps(fields)

    def _event(self, choice: int, fields: bytes, logprobs: bytes, finish: bytes) -> bytes:
        return b'%b%d,"delta":%b,"logprobs":%b,"finish_reason":%b}]}\n\n' % (
            self._before,
            choice,
            fields,
            logprobs,
            finish,
        )


@dataclass(slots=True)
class Message:
    """One answer, put together of its parts."""

    choice: int
    content: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[TextLogprob] | None = None
    prompt_logprobs: list[TextLogprob] | None = None
    refusal: str | None = None
    finish: str | None = None
    stop: str | int | None = None

    def add(self, piece: Piece) -> None:
        """The next part."""
        if piece.refusal is not None:  # whoever reads the whole gets the refusal alone
            self.content, self.calls, self.logprobs = [], [], None
        self.content.append(piece.text)
        for call in piece.calls:
            if call.id is not None:
                function = {"name": call.name, "arguments": ""}
                self.calls.append({"id": call.id, "type": "function", "function": function})
            self.calls[call.index]["function"]["arguments"] += call.arguments
        if piece.logprobs is not None:
            self.logprobs = [*(self.logprobs or ()), *piece.logprobs]
        self.prompt_logprobs = piece.prompt_logprobs or self.prompt_logprobs
        self.refusal = piece.refusal or self.refusal
        self.finish, self.stop = piece.finish, piece.stop

    def to_dict(self) -> dict[str, Any]:
        """As a choice."""
        text = "".join(self.content)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text if text or not self.calls else None,
            "refusal": self.refusal,
        }
        if self.calls:
            message["tool_calls"] = self.calls
        told = None
        if self.logprobs is not None:
            told = {"content": [logprob_dict(each) for each in self.logprobs], "refusal": None}
        return {
            "index": self.choice,
            "message": message,
            "logprobs": told,
            "finish_reason": self.finish,
            "stop_reason": self.stop,
        }


def whole(head: dict[str, Any], messages: list[Message], usage: Usage) -> dict[str, Any]:
    """A whole answer."""
    made = {
        **head,
        "choices": [message.to_dict() for message in messages],
        "usage": usage.to_dict(),
    }
    scored = messages[0].prompt_logprobs if messages else None
    if scored is not None:
        made["prompt_logprobs"] = prompt_scores(scored)
    return made


def logprob_dict(told: TextLogprob) -> dict[str, Any]:
    """One token's, with the likeliest in its place."""
    return {**_token(told.token), "top_logprobs": [_token(each) for each in told.top]}


def prompt_scores(scored: list[TextLogprob]) -> list[dict[str, Any] | None]:
    """A prompt's, as vLLM writes them: by token id, null for the first."""
    return [
        None
        if each.token.logprob is None
        else {
            str(one.token_id): {"logprob": one.logprob, "decoded_token": one.text}
            for one in (each.token, *each.top)
        }
        for each in scored
    ]


def _token(token: TokenText) -> dict[str, Any]:
    return {"token": token.text, "logprob": token.logprob, "bytes": list(token.spelled)}


def _call_delta(call: CallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": call.arguments}
    if call.id is None:
        return {"index": call.index, "function": function}
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": call.index, "id": call.id, "type": "function", "function": function}
