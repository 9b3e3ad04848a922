"""What a use policy must offer to whoever answers with a model.

A guard reads a prompt before the model does, and an answer before the client does: text is released
only after it was looked at. What it decides is logged by itself, without content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Refusal:
    """The policy says no; ``text`` is what the client reads in place of an answer, or its rest."""

    text: str
    category: str = ""


class Watch(Protocol):
    """Looks at one answer as it is written."""

    async def feed(self, text: str) -> str | Refusal:
        """Text that may be shown now, of all that was fed; or a refusal, after which it is over."""
        ...

    async def end(self) -> str | Refusal:
        """The rest, at the answer's end."""
        ...


class Guard(Protocol):
    """The use policy of one release; one guard answers for many requests at once."""

    @property
    def digest(self) -> str:
        """Of what the policy says; for whoever asks which one is in force."""
        ...

    async def check_prompt(self, prompt: str | Sequence[dict[str, Any]]) -> Refusal | None:
        """A refusal of this text, or of this conversation (OpenAI's messages); None to go on."""
        ...

    def watch(self, prompt: str | Sequence[dict[str, Any]]) -> Watch:
        """A watch over one answer to the prompt."""
        ...
