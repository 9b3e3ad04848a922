"""Raw completion: a text goes in, the text that continues it comes out, piece by piece.

Knows how prompt, tokens and printed text belong together. Knows no chat template: the model sees
the prompt as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from paddock.engine.request import Sampling
from paddock.llama.tokenizer import whole_characters
from paddock.serve.served import Served
from paddock.serve.terminal.errors import TooManyTokens
from paddock.serve.text.completing import complete, read_prompt
from paddock.serve.text.pieces import FinishReason, Wanted

DEFAULT_NEW_TOKENS: Final = 256


@dataclass(frozen=True, slots=True)
class Continued:
    """What a prompt became."""

    prompt: str
    continuation: str
    token_ids: list[int] | None  # new ones, without a final stop token; None: not all may be told
    new_tokens: int
    prompt_tokens: int
    finish: FinishReason
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "prompt": self.prompt,
            "text": self.prompt + self.continuation,
            "continuation": self.continuation,
            "prompt_tokens": self.prompt_tokens,
            "tokens": self.new_tokens,
            "token_ids": self.token_ids,
            "finish_reason": str(self.finish),
            "seconds": round(self.seconds, 3),
        }


async def continue_text(
    served: Served,
    prompt: str,
    sampling: Sampling,
    max_tokens: int | None,
    on_text: Callable[[str], None],
) -> Continued:
    """Continue ``prompt``; ``on_text`` gets the prompt first, then every new piece at once.

    A number of tokens is a promise: TooManyTokens where the context cannot hold it. None is a
    modest default that ends early at the context's end.
    """
    prompt = whole_characters(prompt)
    read = await read_prompt(served, prompt)
    room = served.context - len(read.token_ids)
    if max_tokens is not None and max_tokens > room:
        raise TooManyTokens(
            f"{len(read.token_ids)} tokens of prompt and {max_tokens} new ones "
            f"exceed the model's context of {served.context}",
            hint=f"ask for at most {room} new tokens",
        )
    wanted = Wanted(max_tokens=max_tokens or DEFAULT_NEW_TOKENS, sampling=sampling)
    pieces: list[str] = []
    token_ids: list[int] = []
    started, finish = time.perf_counter(), FinishReason.LENGTH
    async with aclosing(complete(served, "continued", [read], wanted)) as answer:
        async for piece in answer:
            if not pieces:  # nothing is printed before it is certain that there is an answer
                on_text(prompt)
            pieces.append(piece.text)
            token_ids += piece.token_ids
            finish = piece.finish or finish
            on_text(piece.text)
    seconds, text = time.perf_counter() - started, "".join(pieces)
    # A use policy that changed the text would be told all of it by its tokens.
    is_whole = served.guard is None or text == served.tokenizer.decode(token_ids)
    told, new_tokens = token_ids if is_whole else None, len(token_ids)
    return Continued(prompt, text, told, new_tokens, len(read.token_ids), finish, seconds)
