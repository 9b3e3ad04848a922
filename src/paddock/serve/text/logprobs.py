"""Log-probabilities with their tokens' text and bytes.

A token may be a part of a character: then its text says the bytes, as OpenAI writes them.
"""

from __future__ import annotations

from collections.abc import Sequence

from paddock.engine.request import TokenLogprob
from paddock.llama.tokenizer import Tokenizer
from paddock.serve.text.pieces import TextLogprob, TokenText


def _token_text(tokenizer: Tokenizer, token_id: int, logprob: float | None) -> TokenText:
    """One token for people and for programs."""
    spelled = tokenizer.spelled(token_id)
    try:
        text = spelled.decode("utf-8")
    except UnicodeDecodeError:
        text = "bytes:" + "".join(f"\\x{byte:02x}" for byte in spelled)
    return TokenText(token_id, text, spelled, logprob)


def with_text(tokenizer: Tokenizer, told: TokenLogprob, offset: int) -> TextLogprob:
    """The same with text; ``offset`` is where the token begins."""
    return TextLogprob(
        _token_text(tokenizer, told.token_id, told.logprob),
        tuple(_token_text(tokenizer, token_id, logprob) for token_id, logprob in told.top),
        offset,
    )


def prompt_with_text(
    tokenizer: Tokenizer, prompt: Sequence[int], told: Sequence[TokenLogprob | None]
) -> list[TextLogprob]:
    """A prompt's log-probabilities, None for its first; offsets are in the prompt's own text."""
    found: list[TextLogprob] = []
    offset = 0
    for token_id, each in zip(prompt, told, strict=False):
        if each is None:
            found.append(TextLogprob(_token_text(tokenizer, token_id, None), (), offset))
        else:
            found.append(with_text(tokenizer, each, offset))
        if token_id not in tokenizer.control_ids:
            offset += len(tokenizer.spelled(token_id).decode("utf-8", "ignore"))
    return found
