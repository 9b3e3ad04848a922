"""A form compiled for a vocabulary, and which tokens it allows next.

Knows tokens, the text that each stands for, and llguidance, which does the work. Does not know how
a token is chosen. A mask allows exactly the tokens with which some complete text can still begin,
never a control token or an id beyond the tokenizer's, and the end tokens exactly where the text so
far is complete. JSON has no spaces around its outermost value.

A form is bounded before it is compiled, and llguidance bounds by counting, not by time: its limits
are in work that costs milliseconds. A form that turns out too costly later raises BadGrammar too.
Compiling may run in any thread; a Matcher is used by one at a time.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final

import llguidance
import numpy as np
from numpy.typing import NDArray

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import (
    MAX_CHOICE_CHARS,
    MAX_CHOICES,
    MAX_OPTION_CHARS,
    MAX_PATTERN_CHARS,
    MAX_SCHEMA_CHARS,
    Choice,
    Grammar,
    JsonSchema,
    Regex,
)
from paddock.engine.grammar.schema import checked_schema
from paddock.errors import shown

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions  # only in its stub

Mask = NDArray[np.uint32]

CACHED_GRAMMARS: Final = 64
CACHED_CHARS: Final = 512 * 1024  # of all of them as they were asked for: some 100 MB compiled
# The text between JSON's parts: a model that could write spaces for ever sometimes would.
_JSON_OPTIONS: Final[JsonCompileOptions] = {
    "whitespace_pattern": "[ \\n\\r\\t]{1,20}",
    "item_separator": ",",
    "key_separator": ":",
    "lenient": False,
    "coerce_one_of": False,
}
_ONE_LINE_OPTIONS: Final[JsonCompileOptions] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "lenient": False,
    "coerce_one_of": False,
}
# The initial fuel is about 20 ms of work, a step's 4 ms, by llguidance's documentation.
_LIMITS: Final = llguidance.LLParserLimits(
    max_items_in_row=5_000,  # an object of a thousand optional properties has four thousand
    initial_lexer_fuel=1_000_000,
    step_lexer_fuel=200_000,
    max_lexer_states=50_000,
)


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
        self._compiled: OrderedDict[Grammar, llguidance.LLMatcher] = OrderedDict()
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
        return llguidance.LLTokenizer(self._tokenizer_json, n_vocab=self.vocab_size, eos_token=eos)

    def start(self, grammar: Grammar) -> llguidance.LLMatcher:
        """llguidance's matcher of a grammar, at its beginning; raises BadGrammar."""
        with self._lock:
            found = self._compiled.get(grammar)
            if found is not None:
                self._compiled.move_to_end(grammar)
                return found.deep_copy()
            tokenizer = self._tokenizer
        source = _source(grammar)
        compiled = llguidance.LLMatcher(tokenizer, source, log_level=0, limits=_LIMITS)
        if not compiled.is_error():
            compiled.compute_bitmask()  # some limits are met with the first
        if compiled.is_error():
            raise BadGrammar(f"the {_name(grammar)} is not followed: {_reason(compiled)}")
        with self._lock:
            self._compiled[grammar] = compiled
            while len(self._compiled) > CACHED_GRAMMARS or (
                len(self._compiled) > 1 and sum(map(_chars, self._compiled)) > CACHED_CHARS
            ):
                self._compiled.popitem(last=False)
            return compiled.deep_copy()


class Matcher:
    """Where a text stands in a grammar."""

    def __init__(self, vocabulary: Vocabulary, matcher: llguidance.LLMatcher) -> None:
        self._vocabulary = vocabulary
        self._matcher = matcher
        self._tokens = 0  # accepted, end tokens not counted
        self._ends = 0

    def mask(self) -> Mask:
        """Which tokens are allowed next, 32 a word, low bit first.

        Raises BadGrammar where that costs too much: then the text cannot go on.
        """
        if self._ends or (self._matcher.is_stopped() and not self._matcher.is_error()):
            return self._vocabulary.eos_mask.copy()
        bits = self._matcher.compute_bitmask()
        self._check()
        return np.frombuffer(bits, np.uint32)[: len(self._vocabulary.eos_mask)].copy()

    def accept(self, token_id: int) -> bool:
        """Take the token as the next one; False, and nothing changed, where it is not allowed.

        Raises BadGrammar as ``mask`` does.
        """
        if token_id in self._vocabulary.eos_ids:
            self._ends += self.is_complete()
            return self._ends > 0
        if self._ends or not 0 <= token_id < self._vocabulary.vocab_size:
            return False
        taken: int = self._matcher.try_consume_tokens([token_id])
        self._check()
        self._tokens += taken
        return taken == 1

    def rollback(self, tokens: int) -> None:
        """Take back that many accepted tokens, the last first."""
        if not 0 <= tokens <= self._tokens + self._ends:
            raise ValueError(f"{tokens} tokens to take back of {self._tokens + self._ends}")
        ends = min(tokens, self._ends)
        self._ends -= ends
        if tokens > ends:
            self._matcher.rollback(tokens - ends)
            self._tokens -= tokens - ends

    def is_complete(self) -> bool:
        """Whether the text so far is a whole text of the grammar."""
        return self._matcher.is_accepting()

    def forced(self) -> list[int]:
        """The tokens of the text that must come next, whatever the model says; often none.

        The text is forced, its tokens are how the tokenizer would write it: a model might have
        drawn other tokens of the same text.
        """
        return [] if self._ends else list(self._matcher.compute_ff_tokens())

    def _check(self) -> None:
        if self._matcher.is_error():
            raise BadGrammar(f"the grammar became too costly to follow: {_reason(self._matcher)}")


def compile_grammar(grammar: Grammar, vocabulary: Vocabulary) -> Matcher:
    """A matcher at the grammar's beginning; raises BadGrammar for one that is not followed."""
    return Matcher(vocabulary, vocabulary.start(grammar))


def _source(grammar: Grammar) -> str:
    """The grammar in llguidance's form, within limits."""
    match grammar:
        case JsonSchema(schema, is_one_line):
            _bounded("schema", len(schema), MAX_SCHEMA_CHARS)
            checked = checked_schema(schema)
            options = _ONE_LINE_OPTIONS if is_one_line else _JSON_OPTIONS
            return llguidance.LLMatcher.grammar_from_json_schema(checked, overrides=options)
        case Regex(pattern):
            _bounded("expression", len(pattern), MAX_PATTERN_CHARS)
            return llguidance.LLMatcher.grammar_from_regex(_encodable("expression", pattern))
        case Choice(options):
            if not 0 < len(options) <= MAX_CHOICES:
                raise BadGrammar(f"{len(options)} choices; there must be from 1 to {MAX_CHOICES}")
            _bounded("choice", sum(map(len, options)), MAX_CHOICE_CHARS)
            _bounded("longest choice", max(map(len, options)), MAX_OPTION_CHARS)
            pattern = "|".join(re.escape(_encodable("choice", option)) for option in options)
            return llguidance.LLMatcher.grammar_from_regex(pattern)


def _chars(grammar: Grammar) -> int:
    match grammar:
        case JsonSchema(text) | Regex(text):
            return len(text)
        case Choice(options):
            return sum(map(len, options))


def _bounded(what: str, chars: int, limit: int) -> None:
    if chars > limit:
        raise BadGrammar(f"the {what} has {chars} characters, above {limit}")


def _encodable(what: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise BadGrammar(f"the {what} has half a character: {shown(text)}") from e
    return text


def _name(grammar: Grammar) -> str:
    names = {JsonSchema: "schema", Regex: "expression", Choice: "choice"}
    return names[type(grammar)]


def _reason(matcher: llguidance.LLMatcher) -> str:
    """What llguidance says of it, without its own state."""
    reason = matcher.get_error().split("\n<state>")[0] or matcher.stop_reason()
    return shown(" ".join(reason.split()))
