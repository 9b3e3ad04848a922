"""Texts to tokens, within the model's context, beside the event loop where that takes time.

A text that no tokenizer could bring into the context is refused before it is tokenised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from paddock.errors import shown
from paddock.llama.chat import ChatFormat, Turn, encode
from paddock.llama.errors import EmptyPrompt, TokenOutOfVocabulary
from paddock.llama.tokenizer import encode_prompt
from paddock.serve.served import Served
from paddock.serve.text.errors import NoChatTemplate, PromptTooLong

_QUICK_CHARS: Final = 4096  # tokenised at once; a longer text by a thread
_MESSAGE_CHARS: Final = 64  # what a message costs before it says anything
_THREADS: Final = ThreadPoolExecutor(2, "paddock-tokenise")

T = TypeVar("T")


async def text_prompt(
    served: Served, text: str, *, begins: bool = True, room: int = 1
) -> tuple[int, ...]:
    """A raw prompt's tokens, with room for so many more; raises PromptTooLong, EmptyPrompt."""
    _check_length(served, len(text))
    bos_id = served.config.bos_id if begins else None
    ids = await beside(len(text), lambda: encode_prompt(served.tokenizer, text, bos_id))
    return _fitting(served, ids, room)


def required_chat(served: Served) -> ChatFormat:
    """The model's chat template; raises NoChatTemplate."""
    if served.chat is None:
        raise NoChatTemplate(
            f"the model {served.name} has no chat template",
            hint="it continues texts: POST /v1/completions",
        )
    return served.chat


async def chat_prompt(served: Served, chat: ChatFormat, turn: Turn) -> tuple[int, ...]:
    """A conversation's tokens; raises PromptTooLong, BadTemplate."""
    # A template may strip a text at both ends, and nothing else.
    chars = sum(len(each["content"].strip()) for each in turn.messages if each.get("content"))
    _check_length(served, chars)
    length = sum(_MESSAGE_CHARS + len(each.get("content") or "") for each in turn.messages)
    ids = await beside(length, lambda: encode(chat, served.tokenizer, turn))
    return _fitting(served, ids, 1)


def token_prompt(served: Served, ids: Sequence[int], *, room: int = 1) -> tuple[int, ...]:
    """A client's own tokens; raises TokenOutOfVocabulary, PromptTooLong, EmptyPrompt."""
    for token_id in ids:
        if not 0 <= token_id < served.config.vocab_size:
            raise TokenOutOfVocabulary(
                f"the prompt holds the token {shown(token_id)}; "
                f"the model {served.name} knows {served.config.vocab_size}"
            )
    return _fitting(served, ids, room)


def _check_length(served: Served, chars: int) -> None:
    """Refuse so many characters, where the longest tokens could not hold them."""
    if chars > served.context and chars > served.context * served.tokenizer.longest_piece:
        raise PromptTooLong(
            f"a prompt of {chars} characters cannot fit the model's context "
            f"of {served.context} tokens",
            hint="shorten the prompt",
        )


def _fitting(served: Served, ids: Sequence[int], room: int) -> tuple[int, ...]:
    """The prompt, where it leaves room for what is wanted."""
    if not ids:
        raise EmptyPrompt("the prompt is empty", hint="give at least one word")
    if len(ids) + room > served.context:
        raise PromptTooLong(
            f"the prompt has {len(ids)} tokens; the model's context of {served.context} "
            + ("leaves no room for an answer" if room else "does not hold them"),
            hint="shorten the prompt",
        )
    return tuple(ids)


async def beside(chars: int, work: Callable[[], T]) -> T:
    """Do the work, in a thread where the text is long; few at once, others wait their turn."""
    if chars <= _QUICK_CHARS:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
