"""Raw prompts to their continuations: several prompts, several answers to each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from paddock.serve.served import Served
from paddock.serve.text.generation import generate, together
from paddock.serve.text.pieces import Piece, TextRequest, Wanted, refused
from paddock.serve.text.prompts import beside, text_prompt, token_prompt


@dataclass(frozen=True, slots=True)
class RawPrompt:
    """A prompt as text and as tokens."""

    text: str
    token_ids: tuple[int, ...]


async def read_prompt(
    served: Served, prompt: str | Sequence[int], *, begins: bool = True, room: int = 1
) -> RawPrompt:
    """A text, begun with the model's own token unless told otherwise, or tokens as they are.

    ``room`` is how many tokens must still fit the context: none where there is no answer.
    Raises PromptTooLong, EmptyPrompt, TokenOutOfVocabulary.
    """
    if isinstance(prompt, str):
        return RawPrompt(prompt, await text_prompt(served, prompt, begins=begins, room=room))
    ids = token_prompt(served, prompt, room=room)
    return RawPrompt(await beside(len(ids), lambda: served.tokenizer.decode(ids)), ids)


async def complete(
    served: Served, request_id: str, prompts: Sequence[RawPrompt], wanted: Wanted
) -> AsyncGenerator[Piece, None]:
    """Pieces of all answers as they come; those to a prompt are numbered behind each other."""
    each = [
        _answers(served, f"{request_id}.{number}", prompt, wanted, number * wanted.choices)
        for number, prompt in enumerate(prompts)
    ]
    async with aclosing(each[0] if len(each) == 1 else together(each, is_shared=False)) as pieces:
        async for piece in pieces:
            yield piece


async def _answers(
    served: Served, request_id: str, prompt: RawPrompt, wanted: Wanted, first: int
) -> AsyncGenerator[Piece, None]:
    guard, choices = served.guard, range(wanted.choices)
    refusal = await guard.check_prompt(prompt.text) if guard else None
    if refusal is not None:
        for choice in choices:
            yield refused(first + choice, refusal)
        return
    watches = [guard.watch(prompt.text) for _ in choices] if guard else ()
    request = TextRequest(request_id, prompt.token_ids, wanted)
    async with aclosing(generate(served, request, watches)) as pieces:
        async for piece in pieces:
            piece.choice += first
            yield piece
