"""What was said so far in one conversation, and how its answers are made. Values; knows no model.

The invariant: turns alternate, a person's first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from paddock.engine.request import Sampling
from paddock.errors import shown
from paddock.llama.tokenizer import whole_characters
from paddock.serve.terminal.errors import BadChatCommand

MAX_TOKENS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers are made; each answer draws with the next seed."""

    temperature: float = 0.7
    top_p: float = 1.0
    seed: int = 0
    tokens: int | None = None  # at most; None: what the context has room for

    def sampling(self, answers: int) -> Sampling:
        """For the answer after so many others; raises BadSampling."""
        return Sampling(self.temperature, top_p=self.top_p, seed=(self.seed + answers) % (1 << 63))

    def changed(self, name: str, written: str) -> Manner:
        """With one number changed, as a person writes it; raises BadChatCommand, BadSampling."""
        key = {"top-p": "top_p", "n": "tokens"}.get(name, name)
        kind = {"temperature": float, "top_p": float, "seed": int, "tokens": int}.get(key)
        if kind is None:
            raise BadChatCommand(
                f"there is nothing called {shown(name)} to set",
                hint="temperature, top_p, seed or tokens",
            )
        try:
            value = kind(written)
        except ValueError:
            raise BadChatCommand(f"{shown(written)} is no number for {name}") from None
        if key == "tokens" and not 1 <= value <= MAX_TOKENS:
            raise BadChatCommand(f"tokens is {written}; it must be from 1 to {MAX_TOKENS}")
        made = replace(self, **{key: value})
        made.sampling(0)
        return made


@dataclass(slots=True)
class Conversation:
    """The system text and the turns."""

    system: str | None = None
    turns: list[str] = field(default_factory=list)  # a person's, the model's, a person's, …

    @property
    def is_open(self) -> bool:
        """Whether a person's turn waits for its answer."""
        return len(self.turns) % 2 == 1

    def say(self, text: str) -> None:
        """A person's turn."""
        self.turns.append(whole_characters(text))

    def undo(self) -> bool:
        """Forget the last question with its answer; False where there is none."""
        if not self.turns:
            return False
        del self.turns[-1 if self.is_open else -2 :]
        return True

    def reopen(self) -> bool:
        """Forget the last answer alone; False where there is no question."""
        if self.turns and not self.is_open:
            self.turns.pop()
        return bool(self.turns)

    def forget_oldest(self) -> int:
        """Leave out the oldest quarter, at least a question and its answer; how many turns."""
        pairs = len(self.turns) // 2
        left_out = 2 * max(1, pairs // 4) if pairs else 0
        del self.turns[:left_out]
        return left_out

    def messages(self) -> tuple[dict[str, Any], ...]:
        """In OpenAI's form."""
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        turns = [
            {"role": "assistant" if number % 2 else "user", "content": text}
            for number, text in enumerate(self.turns)
        ]
        return (*system, *turns)
