"""A response as it is made: its output items, and the event for every change of them.

Every event has the next number. Text and calls are items of their own; a refusal is a part of the
message. The same items are the whole answer, whether anybody reads the events or not.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson

from paddock.serve.api.chat_shapes import logprob_dict
from paddock.serve.api.usage import Usage
from paddock.serve.text.pieces import FinishReason, Piece, TextLogprob
from paddock.serve.text.tool_calls import CallDelta

_REASONS = {
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
}


class ResponseEvents:
    """Writes one response; ``response`` is its JSON object at any time."""

    def __init__(self, response: dict[str, Any], usage: Usage) -> None:
        self.response = response
        self._usage = usage
        self._number = 0
        self._open: dict[str, Any] | None = None  # the item that is being written
        self._pieces: list[str] = []  # of its text
        self._early: list[TextLogprob] = []  # of tokens that may still become a call

    def begin(self) -> bytes:
        """That there is a response."""
        return b"".join(
            self.event(name, response=self.response)
            for name in ("response.created", "response.in_progress")
        )

    def feed(self, piece: Piece) -> bytes:
        """What a part of the answer changes."""
        self._usage.count(piece)
        written = b""
        for call in piece.calls:  # which text may follow, but never precede
            written += self._write_call(call)
        if piece.refusal is not None:
            written += self._refuse(piece.refusal)
        else:
            # An item that is a call has no place for logarithms.
            told = [] if piece.calls else piece.logprobs or []
            written += self._write_if_text(piece.text, told)
        if piece.finish is not None:
            written += self._end(piece.finish)
        return written

    def event(self, name: str, /, **fields: Any) -> bytes:
        """One event, with its number."""
        value = {"type": name, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(value))

    def failed(self, error: dict[str, Any]) -> bytes:
        """That it went wrong, from an error in the shape of the other routes."""
        inner = error["error"]
        code = inner["code"] or "server_error"
        self.response["status"] = "failed"
        self.response["error"] = {"code": "server_error", "message": inner["message"]}
        return self.event(
            "error", code=code, message=inner["message"], param=inner["param"]
        ) + self.event("response.failed", response=self.response)

    @property
    def _item(self) -> dict[str, Any]:
        """The last item: whoever asks has opened it."""
        item: dict[str, Any] = self.response["output"][-1]
        return item

    @property
    def _index(self) -> int:
        return len(self.response["output"]) - 1

    def _add_item(self, item: dict[str, Any]) -> bytes:
        written = self._close_item("completed")
        self.response["output"].append(item)
        self._open = item
        return written + self.event(
            "response.output_item.added", output_index=self._index, item=item
        )

    def _message(self) -> bytes:
        """Open a message, unless one is open."""
        if self._open is not None and self._open["type"] == "message":
            return b""
        item = {
            "id": f"msg_{secrets.token_hex(16)}",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        return self._add_item(item)

    def _add_part(self, part: dict[str, Any]) -> bytes:
        self._item["content"].append(part)
        return self.event("response.content_part.added", **self._place(), part=part)

    def _place(self) -> dict[str, Any]:
        return {
            "item_id": self._item["id"],
            "output_index": self._index,
            "content_index": len(self._item["content"]) - 1,
        }

    def _write_if_text(self, text: str, logprobs: list[TextLogprob]) -> bytes:
        """What is text; logarithms that come before it wait until it is known to be text."""
        if self._open is None and not text:
            self._early += logprobs
        elif text or (logprobs and self._open is not None and self._open["type"] == "message"):
            return self._write_text(text, logprobs)
        return b""

    def _write_text(self, text: str, logprobs: list[TextLogprob]) -> bytes:
        written = self._message()
        if not self._item["content"]:
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            written += self._add_part(part)
            self._pieces = []
        self._pieces.append(text)
        told = [logprob_dict(each) for each in (*self._early, *logprobs)]
        self._early = []
        self._item["content"][-1]["logprobs"] += told
        return written + self.event(
            "response.output_text.delta", **self._place(), delta=text, logprobs=told
        )

    def _refuse(self, text: str) -> bytes:
        written = self._message() + self._close_part()
        written += self._add_part({"type": "refusal", "refusal": text})
        written += self.event("response.refusal.delta", **self._place(), delta=text)
        return written

    def _write_call(self, call: CallDelta) -> bytes:
        written = b""
        if call.id is not None:
            self._early = []
            item = {
                "id": f"fc_{secrets.token_hex(16)}",
                "type": "function_call",
                "status": "in_progress",
                "call_id": call.id,
                "name": call.name,
                "arguments": "",
            }
            written = self._add_item(item)
        if call.arguments:
            self._item["arguments"] += call.arguments
            written += self.event(
                "response.function_call_arguments.delta",
                item_id=self._item["id"],
                output_index=self._index,
                delta=call.arguments,
            )
        return written

    def _close_part(self) -> bytes:
        if not self._item["content"]:
            return b""
        part, place = self._item["content"][-1], self._place()
        if part["type"] == "refusal":
            done = self.event("response.refusal.done", **place, refusal=part["refusal"])
        else:
            part["text"] = "".join(self._pieces)
            done = self.event(
                "response.output_text.done", **place, text=part["text"], logprobs=part["logprobs"]
            )
        return done + self.event("response.content_part.done", **place, part=part)

    def _close_item(self, status: str) -> bytes:
        item = self._open
        if item is None:
            return b""
        if item["type"] == "message":
            written = self._close_part()
        else:
            written = self.event(
                "response.function_call_arguments.done",
                item_id=item["id"],
                output_index=self._index,
                name=item["name"],
                arguments=item["arguments"],
            )
        item["status"] = status
        written += self.event("response.output_item.done", output_index=self._index, item=item)
        self._open = None
        return written

    def _end(self, finish: FinishReason) -> bytes:
        reason = _REASONS.get(finish)
        status = "completed" if reason is None else "incomplete"
        written = b"" if self._index >= 0 else self._write_text("", [])
        written += self._close_item(status)
        self.response["status"] = status
        self.response["usage"] = self._usage.to_response_dict()
        if reason is not None:
            self.response["incomplete_details"] = {"reason": reason}
        return written + self.event(f"response.{status}", response=self.response)
