"""POST /v1/embeddings."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from paddock.serve.api.completion_body import Prompt, read_prompts
from paddock.serve.api.event_stream import json_response, while_there
from paddock.serve.api.generation_fields import Count, Name, Note
from paddock.serve.api.reading import read_body
from paddock.serve.callers import Caller
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.served import Served
from paddock.serve.serving import Serving
from paddock.serve.text.completing import read_prompt
from paddock.serve.text.embedding import Embedded, embed, shortened

router = APIRouter()
MAX_INPUTS: Final = 2048
_AT_ONCE: Final = 32  # of one request; others may want the engine, too


class EmbeddingBody(BaseModel):
    """The body of ``POST /v1/embeddings``."""

    model_config = ConfigDict(strict=True, extra="ignore")

    model: Name
    input: Any = None  # read by ``read_prompts``
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[Count, Field(ge=1)] | None = None
    user: Note | None = None
    add_special_tokens: bool | None = None


@router.post("/v1/embeddings")
async def create(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """Vectors of length one, one for each text."""
    body = await read_body(request, EmbeddingBody)
    return await while_there(request, _answer(serving, caller, body))


async def _answer(serving: Serving, caller: Caller, body: EmbeddingBody) -> Response:
    inputs = read_prompts(body.input, "input", MAX_INPUTS)
    async with serving.use(body.model, caller) as served:
        found = await _embedded(served, body, inputs)
    tokens = sum(each.prompt_tokens for each in found)
    listed = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _written(shortened(each.vector, body.dimensions), body.encoding_format),
        }
        for index, each in enumerate(found)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_response({"object": "list", "data": listed, "model": served.name, "usage": usage})


async def _embedded(served: Served, body: EmbeddingBody, inputs: list[Prompt]) -> list[Embedded]:
    """All of them, some at once; the first failure ends the others."""
    begins = body.add_special_tokens is not False
    request_id = f"embd-{secrets.token_hex(14)}"
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Embedded:
        async with turns:
            prompt = await read_prompt(served, inputs[number], begins=begins, room=0)
            return await embed(served, f"{request_id}.{number}", prompt)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(len(inputs))]
    except ExceptionGroup as e:
        raise e.exceptions[0] from None
    return [task.result() for task in tasks]


def _written(vector: NDArray[np.float32], encoding: str | None) -> str | list[float]:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    numbers: list[float] = vector.tolist()
    return numbers
