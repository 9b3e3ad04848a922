"""The text of one choice that may be shown, of the tokens as they come.

Held back is what is no whole character yet, what may be the beginning of a stop string, and what
the use policy has not looked at. A token's log-probability is told with its text, never before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from paddock.engine.request import Finish, Output
from paddock.llama.tokenizer import StreamDecoder, Tokenizer
from paddock.serve.guard import Refusal, Watch
from paddock.serve.text.errors import AnswerCutOff, GenerationFailed
from paddock.serve.text.logprobs import prompt_with_text, with_text
from paddock.serve.text.pieces import FinishReason, Piece, TextLogprob, TextRequest
from paddock.serve.text.stopping import Released, StopStrings

# What stands before decides what a tokenizer does with a space; no more of it than this.
CONTEXT_TOKENS = 16

_REASONS = {Finish.STOP: FinishReason.STOP, Finish.LENGTH: FinishReason.LENGTH}


class Visible:
    """Turns one choice's outputs into pieces."""

    def __init__(
        self, tokenizer: Tokenizer, request: TextRequest, choice: int, watch: Watch | None
    ) -> None:
        wanted = request.wanted
        self._tokenizer = tokenizer
        self._prompt = request.prompt
        self._choice = choice
        self._watch = watch
        self._decoder = StreamDecoder(tokenizer, _whole_context(tokenizer, request.prompt))
        self._stops = StopStrings(wanted.stop, is_shown=wanted.is_stop_shown)
        self._looks_for_stops = bool(wanted.stop)
        self._named_stops = wanted.stop_ids
        self._decoded_chars = 0
        self._shown_chars = 0
        self._unshown = ""  # what the policy was fed and has not released
        self._is_edited = (
            False  # the policy has changed the text: tokens no longer say what is shown
        )
        self._untold: deque[tuple[int, TextLogprob]] = deque()  # with where the token ends

    async def read(self, output: Output) -> Piece:
        """What the output adds; raises GenerationFailed, AnswerCutOff, and the request's fault."""
        if output.fault is not None:
            raise output.fault
        if output.finish is Finish.ERROR:
            raise GenerationFailed(output.error or "the engine failed")
        if output.finish is Finish.CANCELLED:
            raise AnswerCutOff(f"the answer was cut off: {output.error or 'cancelled'}")
        piece = Piece(self._choice, token_ids=output.token_ids, cached_tokens=output.cached_tokens)
        if output.prompt_logprobs is not None:
            piece.prompt_logprobs = prompt_with_text(
                self._tokenizer, self._prompt, output.prompt_logprobs
            )
        released, stop = self._release(piece, output)
        if stop is not None:
            piece.finish, piece.stop = FinishReason.STOP, stop
        elif output.finish is not None:
            released += self._stops.finish()
            piece.finish = _REASONS[output.finish]
            piece.stop = output.stop_id if output.stop_id in self._named_stops else None
        await self._look(piece, released)
        if output.logprobs is not None:
            piece.logprobs = self._tell(piece)
        return piece

    def _release(self, piece: Piece, output: Output) -> Released:
        """What no stop string holds back; tokens that come after one are not the answer's."""
        if not self._looks_for_stops:
            return Released("".join(self._decoded(output)), None)
        shown = ""
        for at, text in enumerate(self._decoded(output)):
            released, stop = self._stops.feed(text)
            shown += released
            if stop is not None:
                piece.token_ids = output.token_ids[: at + 1]
                return Released(shown, stop)
        return Released(shown, None)

    def _decoded(self, output: Output) -> Iterator[str]:
        """The text of each token, and at the end what was no whole character."""
        if output.logprobs is None:
            yield from map(self._decoder.feed, output.token_ids)
        else:
            yield from map(self._decode_and_note, output.token_ids, output.logprobs)
        if output.finish is not None:
            yield self._decoder.finish()

    def _decode_and_note(self, token_id: int, told: object) -> str:
        text = self._decoder.feed(token_id)
        made = with_text(self._tokenizer, told, self._decoded_chars)  # type: ignore[arg-type]
        self._decoded_chars += len(text)
        self._untold.append((self._decoded_chars, made))
        return text

    async def _look(self, piece: Piece, released: str) -> None:
        """Show the text, or as much of it as the policy lets through."""
        if self._watch is None:
            piece.text = released
        else:
            self._unshown += released
            seen = await self._watch.feed(released) if released else ""
            if not isinstance(seen, Refusal) and piece.finish is not None:
                rest = await self._watch.end()
                seen = rest if isinstance(rest, Refusal) else seen + rest
            if isinstance(seen, Refusal):
                piece.text, piece.refusal = seen.text, seen.text
                piece.finish, piece.stop = FinishReason.CONTENT_FILTER, None
            else:
                piece.text = seen
                self._is_edited |= not self._unshown.startswith(seen)
                self._unshown = self._unshown[len(seen) :]
        self._shown_chars += len(piece.text)

    def _tell(self, piece: Piece) -> list[TextLogprob]:
        if piece.refusal is not None or self._is_edited:
            return []
        told = []
        while self._untold and self._is_shown(self._untold[0], is_over=piece.finish is not None):
            told.append(self._untold.popleft()[1])
        return told

    def _is_shown(self, noted: tuple[int, TextLogprob], *, is_over: bool) -> bool:
        end, made = noted
        return made.offset < self._shown_chars if is_over else end <= self._shown_chars


def _whole_context(tokenizer: Tokenizer, prompt: Sequence[int]) -> Sequence[int]:
    """The prompt's last tokens, from a whole character on."""
    context = list(prompt[-CONTEXT_TOKENS:])
    while context and _is_middle(tokenizer.spelled(context[0])[:1]):
        context.pop(0)
    return context


def _is_middle(first: bytes) -> bool:
    """Whether a token that begins with this byte begins inside a character (UTF-8's 10xxxxxx)."""
    return bool(first) and 0x80 <= first[0] < 0xC0
