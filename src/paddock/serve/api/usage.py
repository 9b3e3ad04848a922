"""How many tokens were read and written, as OpenAI writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from paddock.serve.text.pieces import Piece


@dataclass(slots=True)
class Usage:
    """Counted while answers are made; a prompt of several answers counts once."""

    prompt_tokens: int = 0
    answers: int = 1  # to each prompt
    completion_tokens: int = 0
    _cached: dict[int, int] = field(default_factory=dict)  # by the prompt's number

    def count(self, piece: Piece) -> None:
        """The next of an answer; every piece tells anew what its prompt found in the cache."""
        self.completion_tokens += len(piece.token_ids)
        prompt = piece.choice // self.answers
        self._cached[prompt] = max(self._cached.get(prompt, 0), piece.cached_tokens)

    @property
    def cached_tokens(self) -> int:
        """Of all prompts, what the answer that found most did not compute again."""
        return sum(self._cached.values())

    def to_dict(self) -> dict[str, Any]:
        """For chat and completions."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }

    def to_response_dict(self) -> dict[str, Any]:
        """For responses."""
        return {
            "input_tokens": self.prompt_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": self.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }
