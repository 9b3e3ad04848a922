"""Raw completion: a text goes in, the text that continues it comes out, piece by piece.

Knows how prompt, tokens and printed text belong together. Does not know chat templates: what the
model was trained to see around a question is the business of ``chat``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from paddock.llama.generate import Finish, Sampling, generate
from paddock.llama.loading import LoadedModel
from paddock.llama.model import Llama
from paddock.llama.tokenizer import StreamDecoder, encode_prompt, whole_characters

# One token of a small model is less work than waking a second thread, and waiting for it while
# other programs run costs ten times the work.
ONE_THREAD_PARAMETERS = 50_000_000


@dataclass(frozen=True, slots=True)
class Completion:
    """What a prompt became. ``text`` is the prompt and its continuation."""

    prompt: str
    continuation: str
    token_ids: list[int]  # new ones, without a final stop token
    prompt_tokens: int
    finish: Finish
    seconds: float

    @property
    def text(self) -> str:
        """The whole text."""
        return self.prompt + self.continuation

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "prompt": self.prompt,
            "text": self.text,
            "continuation": self.continuation,
            "prompt_tokens": self.prompt_tokens,
            "tokens": len(self.token_ids),
            "token_ids": self.token_ids,
            "finish_reason": str(self.finish),
            "seconds": round(self.seconds, 3),
        }


def complete(
    loaded: LoadedModel, prompt: str, sampling: Sampling, on_text: Callable[[str], None]
) -> Completion:
    """Continue ``prompt``; ``on_text`` gets the prompt first, then every new piece at once."""
    prompt = whole_characters(prompt)
    prompt_ids = encode_prompt(loaded.tokenizer, prompt, loaded.model.config.bos_id)
    stream = StreamDecoder(loaded.tokenizer, prompt_ids)
    pieces: list[str] = []
    token_ids: list[int] = []
    started, finish = time.perf_counter(), Finish.LENGTH

    def tell(piece: str) -> None:
        pieces.append(piece)
        on_text(piece)

    with _fitting_threads(loaded.model):
        for number, token in enumerate(generate(loaded.model, prompt_ids, sampling)):
            if number == 0:  # nothing is printed before it is certain that the prompt fits
                on_text(prompt)
            if token.finish is Finish.STOP:
                finish = Finish.STOP
                break
            token_ids.append(token.token_id)
            tell(stream.feed(token.token_id))
    tell(stream.finish())
    seconds = time.perf_counter() - started
    return Completion(prompt, "".join(pieces), token_ids, len(prompt_ids), finish, seconds)


@contextmanager
def _fitting_threads(model: Llama) -> Iterator[None]:
    threads = torch.get_num_threads()
    if model.config.parameter_count() < ONE_THREAD_PARAMETERS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
