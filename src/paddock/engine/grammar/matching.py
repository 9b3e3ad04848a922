"""A form compiled for a vocabulary, and which tokens it allows next.

Knows tokens, the text that each stands for, and llguidance, which does the work. Does not know how
a token is chosen. A mask allows exactly the tokens with which some complete text can still begin,
never a control token or an id beyond the tokenizer's, and the end tokens exactly where the text so
far is complete. JSON has no spaces around its outermost value.

A form is bounded before it is compiled (``source``), and llguidance bounds by counting, not by
time: its limits are in work that costs milliseconds. A form that turns out too costly later raises
BadGrammar too. Compiling may run in any thread; a Matcher is used by one at a time.

Matchers of one form share its automaton, which grows as they walk it. That saves memory and work,
but where one of them meets a limit all have met it. So a matcher that fails is tried once more with
a form of its own: what others did with theirs decides nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Lock
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import llguidance
import numpy as np
from numpy.typing import NDArray

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import Choice, Grammar, JsonSchema, Regex
from paddock.engine.grammar.source import chars_of, source_of
from paddock.errors import shown

Mask = NDArray[np.uint32]
T = TypeVar("T")

CACHED_GRAMMARS: Final = 64
CACHED_CHARS: Final = 512 * 1024  # of all of them as they were asked for: some 100 MB compiled
# The initial fuel is about 20 ms of work, a step's 4 ms, by llguidance's documentation.
_LIMITS: Final = llguidance.LLParserLimits(
    max_items_in_row=5_000,  # an object of a thousand optional properties has four thousand
    initial_lexer_fuel=1_000_000,
    step_lexer_fuel=200_000,
    max_lexer_states=50_000,
)


class Form:
    """A compiled grammar; of what starts from it, all share one automaton."""

    __slots__ = ("__weakref__", "_beginning", "grammar")

    def __init__(self, grammar: Grammar, tokenizer: llguidance.LLTokenizer) -> None:
        """Compile it; raises BadGrammar."""
        self.grammar = grammar
        self._beginning = llguidance.LLMatcher(
            tokenizer, source_of(grammar), log_level=0, limits=_LIMITS
        )
        if not self._beginning.is_error():
            self._beginning.compute_bitmask()  # some limits are met with the first
        if self._beginning.is_error():
            why = _reason(self._beginning)
            raise BadGrammar(f"the {_name(grammar)} is not followed: {why}")

    def start(self) -> llguidance.LLMatcher:
        """llguidance's matcher at the beginning; some kilobytes."""
        return self._beginning.deep_copy()


class Vocabulary:
    """The text of each token id of a tokenizer, and grammars compiled for it.

    ``vocab_size`` is the model's, which may have more ids than the tokenizer.
    """

    def __init__(self, tokenizer_json: str, vocab_size: int, eos_ids: Iterable[int]) -> None:
        self.vocab_size = vocab_size
        self.eos_ids = tuple(sorted(set(eos_ids)))
        if not self.eos_ids or not 0 <= self.eos_ids[0] <= self.eos_ids[-1] < vocab_size:
            raise ValueError(f"end tokens {self.eos_ids} of {vocab_size} tokens")
        self._tokenizer_json = tokenizer_json
        self._cached: OrderedDict[Grammar, Form] = OrderedDict()
        self._known: WeakValueDictionary[Grammar, Form] = WeakValueDictionary()
        self._lock = Lock()

    @cached_property
    def eos_mask(self) -> Mask:
        """The mask that allows the end tokens alone."""
        mask = np.zeros(-(-self.vocab_size // 32), np.uint32)
        for token_id in self.eos_ids:
            mask[token_id // 32] |= np.uint32(1 << token_id % 32)
        return mask

    @cached_property
    def _tokenizer(self) -> llguidance.LLTokenizer:
        # About a second for 128,000 tokens, so it waits for the first grammar.
        eos: int | list[int] = list(self.eos_ids)
        try:
            return llguidance.LLTokenizer(
                self._tokenizer_json, n_vocab=self.vocab_size, eos_token=eos
            )
        except BaseException as e:
            # llguidance panics at a tokenizer that contradicts itself, which is no Exception.
            if not isinstance(e, Exception) and type(e).__name__ != "PanicException":
                raise
            raise BadGrammar(
                f"this model's tokenizer does not say how tokens are spelled: {str(e)[:200]}"
            ) from e

    @property
    def compiled(self) -> int:
        """How many grammars are in memory: those in use, and those kept for the next request."""
        return len(self._known)

    def form(self, grammar: Grammar) -> Form:
        """The grammar compiled, once for all who use it at the same time; raises BadGrammar."""
        with self._lock:
            found = self._known.get(grammar)
            if found is None:
                tokenizer = self._tokenizer
        form = found or Form(grammar, tokenizer)
        with self._lock:
            form = self._known.setdefault(grammar, form)
            self._cached[grammar] = form
            self._cached.move_to_end(grammar)
            while len(self._cached) > CACHED_GRAMMARS or (
                len(self._cached) > 1 and sum(map(chars_of, self._cached)) > CACHED_CHARS
            ):
                self._cached.popitem(last=False)
        return form

    def own_form(self, form: Form) -> Form:
        """The same form for one user alone; nobody new is given the one that failed."""
        with self._lock:
            if self._known.get(form.grammar) is form:
                del self._known[form.grammar]
            if self._cached.get(form.grammar) is form:
                del self._cached[form.grammar]
        return Form(form.grammar, self._tokenizer)


class Matcher:
    """Where a text stands in a grammar."""

    def __init__(self, vocabulary: Vocabulary, grammar: Grammar) -> None:
        self._vocabulary = vocabulary
        self._form = vocabulary.form(grammar)
        self._is_own = False  # nobody else uses the form
        self._matcher = self._form.start()
        self._tokens: list[int] = []  # accepted, end tokens not counted
        self._ends = 0

    def mask(self) -> Mask:
        """Which tokens are allowed next, 32 a word, low bit first.

        Raises BadGrammar where that costs too much: then the text cannot go on.
        """
        if self._ends or (self._matcher.is_stopped() and not self._matcher.is_error()):
            return self._vocabulary.eos_mask.copy()
        bits = self._sound(lambda matcher: matcher.compute_bitmask())
        return np.frombuffer(bits, np.uint32)[: len(self._vocabulary.eos_mask)].copy()

    def accept(self, token_id: int) -> bool:
        """Take the token as the next one; False, and nothing changed, where it is not allowed.

        Raises BadGrammar as ``mask`` does, and the token is not taken.
        """
        if token_id in self._vocabulary.eos_ids:
            self._ends += self.is_complete()
            return self._ends > 0
        if self._ends or not 0 <= token_id < self._vocabulary.vocab_size:
            return False
        if not self._sound(lambda matcher: _take(matcher, token_id)):
            return False
        self._tokens.append(token_id)
        return True

    def rollback(self, tokens: int) -> None:
        """Take back that many accepted tokens, the last first; also after BadGrammar."""
        if not 0 <= tokens <= len(self._tokens) + self._ends:
            raise ValueError(f"{tokens} tokens to take back of {len(self._tokens) + self._ends}")
        ends = min(tokens, self._ends)
        self._ends -= ends
        tokens -= ends
        del self._tokens[len(self._tokens) - tokens :]
        if self._matcher.is_error():
            self._start_again()
        elif tokens:
            self._matcher.rollback(tokens)

    def is_complete(self) -> bool:
        """Whether the text so far is a whole text of the grammar."""
        return self._sound(lambda matcher: matcher.is_accepting())

    def forced(self) -> list[int]:
        """The tokens of the text that must come next, whatever the model says; often none.

        The text is forced, its tokens are how the tokenizer would write it: a model might have
        drawn other tokens of the same text. Raises BadGrammar as ``mask`` does.
        """
        if self._ends:
            return []
        return list(self._sound(lambda matcher: matcher.compute_ff_tokens()))

    def _sound(self, asked: Callable[[llguidance.LLMatcher], T]) -> T:
        """What llguidance answers; where it fails, what a form of our own answers."""
        answer = asked(self._matcher)
        if self._matcher.is_error() and not self._is_own:
            self._start_again()
            answer = asked(self._matcher)
        if self._matcher.is_error():
            why = _reason(self._matcher)
            raise BadGrammar(f"the grammar became too costly to follow: {why}")
        return answer

    def _start_again(self) -> None:
        """Read the text once more, from the beginning of a form that nobody else uses."""
        self._form = self._vocabulary.own_form(self._form)
        self._is_own = True
        self._matcher = self._form.start()
        self._matcher.try_consume_tokens(self._tokens)


def compile_grammar(grammar: Grammar, vocabulary: Vocabulary) -> Matcher:
    """A matcher at the grammar's beginning; raises BadGrammar for one that is not followed."""
    return Matcher(vocabulary, grammar)


def _take(matcher: llguidance.LLMatcher, token_id: int) -> int:
    """Whether the token was taken; a limit that stood against it is told by the next mask only."""
    taken = matcher.try_consume_tokens([token_id])
    if not taken:
        matcher.compute_bitmask()
    return taken


def _name(grammar: Grammar) -> str:
    names = {JsonSchema: "schema", Regex: "expression", Choice: "choice"}
    return names[type(grammar)]


def _reason(matcher: llguidance.LLMatcher) -> str:
    """What llguidance says of it, without its own state."""
    reason = matcher.get_error().split("\n<state>")[0] or matcher.stop_reason()
    return shown(" ".join(reason.split()))
