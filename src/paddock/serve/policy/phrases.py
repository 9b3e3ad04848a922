"""Lists of words and phrases, found in a stream of folded text.

Words are compared whole (Aho and Corasick's automaton over words), whatever stands between them;
characters of scripts that put no spaces between words are words of their own. What may still
become a phrase is known to the letter, so that no more than that has to be held back. Time is
linear in the text, whatever the lists.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from paddock.serve.policy.folding import Folded, folded_text

MAX_WORD_CHARS: Final = 64
# Han, kana, Thai, Lao, Tibetan, Myanmar and Khmer put no spaces between words.
_ALONE: Final = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(f"[{_ALONE}]|[^\\W_{_ALONE}]+")
_LONE: Final = re.compile(f"[{_ALONE}]")


class Phrase(NamedTuple):
    """A phrase that is looked for: of which rule, and whether it is an exception to it."""

    rule: int
    text: str
    is_exception: bool


class Found(NamedTuple):
    """A phrase, and where in the text it stands."""

    rule: int
    start: int
    end: int


class Read(NamedTuple):
    """What a piece of text brought, in the order of its ends."""

    found: list[Found]
    excepted: list[Found]


class _Node:
    __slots__ = ("depth", "fallback", "next", "phrases")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.next: dict[str, _Node] = {}
        self.fallback: _Node | None = None
        self.phrases: list[tuple[int, int, bool]] = []  # rule, words, is an exception


class PhraseList:
    """Phrases of all rules, made ready to be found; shared by every text."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.root = _Node(0)
        self.longest_word = 0
        self.longest_phrase = 0
        self.with_exceptions = {each.rule for each in phrases if each.is_exception}
        for phrase in phrases:
            self._add(phrase, words_of(phrase.text))
        self._link()

    def _add(self, phrase: Phrase, words: list[str]) -> None:
        node = self.root
        for word in words:
            node = node.next.setdefault(word, _Node(node.depth + 1))
            self.longest_word = max(self.longest_word, len(word))
        node.phrases.append((phrase.rule, len(words), phrase.is_exception))
        self.longest_phrase = max(self.longest_phrase, len(words))

    def _link(self) -> None:
        queue = deque(self.root.next.values())
        for node in queue:
            node.fallback = self.root
        while queue:
            node = queue.popleft()
            for word, child in node.next.items():
                child.fallback = self._after(node.fallback, word)
                child.phrases += child.fallback.phrases
                queue.append(child)

    def _after(self, node: _Node | None, word: str) -> _Node:
        while node is not None:
            if word in node.next:
                return node.next[word]
            node = node.fallback
        return self.root

    def after(self, node: _Node, word: str) -> _Node:
        """Where a word leads."""
        return self._after(node, word)


class PhraseFinder:
    """Finds phrases in one text."""

    def __init__(self, phrases: PhraseList) -> None:
        self._phrases = phrases
        self._node = phrases.root
        self._word = ""  # one that may go on
        self._word_start = self._word_end = 0
        self._starts: deque[int] = deque(maxlen=max(phrases.longest_phrase, 1))
        self._read = Read([], [])

    def feed(self, folded: Folded, *, is_last: bool = False) -> Read:
        """Phrases that are whole now."""
        self._read = Read([], [])
        text = folded.text
        at = 0
        for word in _WORD.finditer(text):
            start, end = word.span()
            is_lone = end - start == 1 and _LONE.match(text, start) is not None
            if self._word and (start > 0 or is_lone):
                self._close()
            self._grow(word[0], folded.starts[start], folded.ends[end - 1])
            if end < len(text) or is_lone:
                self._close()
            at = end
        if self._word and (is_last or (text and at < len(text))):
            self._close()
        return self._read

    def held_from(self, end: int) -> int:
        """Where what may become a phrase begins; ``end`` where there is nothing of the kind."""
        if self._node.depth:
            return self._starts[-self._node.depth]
        may_go_on = self._word and len(self._word) <= self._phrases.longest_word
        return self._word_start if may_go_on else end

    def _grow(self, letters: str, start: int, end: int) -> None:
        if not self._word:
            self._word_start = start
        # Of a word longer than any in the lists only that matters.
        self._word = (self._word + letters)[: self._phrases.longest_word + 1]
        self._word_end = end

    def _close(self) -> None:
        word, self._word = self._word, ""
        self._starts.append(self._word_start)
        self._node = self._phrases.after(self._node, word)
        for rule, words, is_exception in self._node.phrases:
            found = Found(rule, self._starts[-words], self._word_end)
            (self._read.excepted if is_exception else self._read.found).append(found)


def words_of(text: str) -> list[str]:
    """The folded words of a phrase."""
    return [word[0] for word in _WORD.finditer(folded_text(text))]
