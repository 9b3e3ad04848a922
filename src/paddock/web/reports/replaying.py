"""The served model is asked the same again: same messages, same settings, at one revision.

Knows how ``/v1`` is asked in this very process, for the caller and by its limits; does not know
what is kept. Nothing of serving is imported before somebody asks. A replay takes a bounded number
of tokens and a bounded time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from paddock.errors import Conflict, Unavailable
from paddock.hub.reports.replays import Answered, tokens_of
from paddock.hub.reports.values import Report
from paddock.hub.types import Caller, Repository

if TYPE_CHECKING:
    from paddock.serve.served import Served
    from paddock.serve.serving import Serving
    from paddock.serve.text.pieces import Piece

MAX_SECONDS: Final = 120.0


class NotServed(Conflict):
    """This hub serves no models, or not this one, so nothing can be replayed."""

    code = "not_served"


class Replaying(NamedTuple):
    """What is to be asked again, of which revision, by whom."""

    caller: Caller
    repo: Repository
    report: Report
    commit_oid: str


async def replay(serving: Serving | None, asked: Replaying) -> Answered:
    """What the model says now; raises NotServed, Unavailable, and what stands against serving."""
    account = asked.caller.account
    if serving is None or account is None:
        raise NotServed("this hub serves no models, so a report cannot be replayed here")
    from paddock.serve.callers import Caller as ServedCaller
    from paddock.serve.errors import ModelNotFound

    model = f"{asked.repo.full_name}@{asked.commit_oid}"
    who = ServedCaller(f"user:{account.name}", credential=asked.caller)
    try:
        async with asyncio.timeout(MAX_SECONDS), serving.use(model, who) as served:
            output, finish = await _whole(_pieces(served, asked.report))
    except ModelNotFound as e:
        raise NotServed(f"{model[:200]} is not served by this hub") from e
    except TimeoutError as e:
        raise Unavailable(f"the model took more than {MAX_SECONDS:g} s to answer") from e
    return Answered(asked.commit_oid, output, finish, tokens_of(asked.report))


async def _whole(pieces: AsyncIterator[Piece]) -> tuple[str, str]:
    texts: list[str] = []
    finish = ""
    async for piece in pieces:
        if piece.refusal is not None:  # the policy's words stand for the answer
            texts = []
        texts.append(piece.text)
        texts += [call.arguments for call in piece.calls]
        finish = str(piece.finish) if piece.finish is not None else finish
    return "".join(texts), finish


async def _pieces(served: Served, report: Report) -> AsyncIterator[Piece]:
    """As a request to ``/v1`` would be answered."""
    request_id = f"replay-{secrets.token_hex(12)}"
    fields = {"model": served.name, **report.evidence.settings, "max_tokens": tokens_of(report)}
    speak = _completion if report.evidence.is_bare else _chat
    async with aclosing(await speak(served, report, fields, request_id)) as pieces:
        async for piece in pieces:
            yield piece


async def _chat(served: Served, report: Report, fields: dict[str, Any], request_id: str) -> Any:
    from paddock.serve.api.chat_body import ChatBody, chat_request
    from paddock.serve.text.chat import answer, prepare

    messages = [{"role": t.role, "content": t.content} for t in report.evidence.turns]
    body = ChatBody(messages=messages, **fields)
    return answer(served, await prepare(served, chat_request(body, served, request_id)))


async def _completion(
    served: Served, report: Report, fields: dict[str, Any], request_id: str
) -> Any:
    from paddock.serve.api.completion_body import CompletionBody, completion_wanted
    from paddock.serve.text.completing import complete, read_prompt

    body = CompletionBody(prompt=report.evidence.turns[0].content, **fields)
    wanted = completion_wanted(body, served)
    prompt = await read_prompt(served, body.prompt, begins=True, room=1)
    return complete(served, request_id, [prompt], wanted)
