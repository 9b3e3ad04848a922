"""The next answer of a conversation, within the context; the oldest turns make room for it.

The prefix cache makes a later turn cost only what is new in it. Several turns are left out at once,
so that what stays is a prefix again for the turns after.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from paddock.serve.served import Served
from paddock.serve.terminal.conversation import Conversation, Manner
from paddock.serve.text.chat import ChatRequest, Prepared, answer, prepare, prompt_of
from paddock.serve.text.errors import PromptTooLong
from paddock.serve.text.pieces import FinishReason, Wanted

_ROOM_SHARE = 4  # of the context, one part is kept free for an answer
_MOST_ROOM = 256


@dataclass(slots=True)
class LastAnswer:
    """What is known of the last answer."""

    finish: FinishReason | None = None
    is_refused: bool = False
    prompt_tokens: int = 0
    cached_tokens: int = 0
    new_tokens: int = 0
    left_out: int = 0  # turns that had to go before it


class Chat:
    """A conversation with a model."""

    def __init__(self, served: Served, conversation: Conversation, manner: Manner) -> None:
        self.served, self.conversation, self.manner = served, conversation, manner
        self.last = LastAnswer()
        self._answers = 0

    async def answer(self) -> AsyncGenerator[str, None]:
        """The answer to the open question, as it comes; kept as far as it came.

        Raises PromptTooLong for a question that alone is too long, and what the engine raises; the
        question is then forgotten.
        """
        self.last = LastAnswer()
        said: list[str] = []
        try:
            prepared = await self._within_context()
            self.last.prompt_tokens = len(prepared.prompt)
            self._answers += 1
            async with aclosing(answer(self.served, prepared)) as pieces:
                async for piece in pieces:
                    self.last.new_tokens += len(piece.token_ids)
                    self.last.cached_tokens = max(self.last.cached_tokens, piece.cached_tokens)
                    self.last.is_refused |= piece.refusal is not None
                    self.last.finish = piece.finish
                    said.append(piece.text)
                    yield piece.text
        finally:
            if self.last.is_refused or not said:  # a refused question would be refused in each turn
                self.conversation.undo()
            else:
                self.conversation.turns.append("".join(said))

    async def tokens(self) -> int:
        """Tokens of the conversation as it stands; raises PromptTooLong beyond the context."""
        if not self.conversation.messages():
            return 0
        return len(await prompt_of(self.served, self._request(generates=False)))

    async def _within_context(self) -> Prepared:
        room = min(self.manner.tokens or _MOST_ROOM, self.served.context // _ROOM_SHARE)
        while True:
            try:
                prepared = await prepare(self.served, self._request())
            except PromptTooLong:
                if len(self.conversation.turns) == 1:
                    raise
            else:
                fits = len(prepared.prompt) + room <= self.served.context
                if fits or len(self.conversation.turns) == 1:
                    return prepared
            self.last.left_out += self.conversation.forget_oldest()

    def _request(self, *, generates: bool = True) -> ChatRequest:
        wanted = Wanted(max_tokens=self.manner.tokens, sampling=self.manner.sampling(self._answers))
        return ChatRequest(
            f"chat-{self._answers}",
            self.conversation.messages(),
            wanted,
            adds_generation_prompt=generates,
        )
