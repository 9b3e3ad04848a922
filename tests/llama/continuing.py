"""A text and what the readable model says next, for tests that compare texts."""

from __future__ import annotations

from typing import NamedTuple

from paddock.llama.generate import Finish, Sampling, generate
from paddock.llama.loading import LoadedModel
from paddock.llama.tokenizer import StreamDecoder, encode_prompt


class Continued(NamedTuple):
    """What followed a prompt."""

    text: str  # the prompt is not in it
    token_ids: list[int]  # without a final stop token
    finish: Finish


def continued(loaded: LoadedModel, prompt: str, max_tokens: int) -> Continued:
    """The likeliest continuation of a prompt."""
    prompt_ids = encode_prompt(loaded.tokenizer, prompt, loaded.model.config.bos_id)
    stream = StreamDecoder(loaded.tokenizer, prompt_ids)
    text, token_ids = "", []
    for token in generate(loaded.model, prompt_ids, Sampling(max_tokens)):
        if token.finish is Finish.STOP:
            return Continued(text + stream.finish(), token_ids, Finish.STOP)
        token_ids.append(token.token_id)
        text += stream.feed(token.token_id)
    return Continued(text + stream.finish(), token_ids, Finish.LENGTH)
