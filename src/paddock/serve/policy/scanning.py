"""All rules of a policy over one text, as it comes.

Phrases and patterns each know from where on they may still find something; text before that is
certain. Where the text holds a backslash it is read twice, as it stands and as JSON means it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Final, NamedTuple

from paddock.serve.policy.document import Action, Rule, Stage
from paddock.serve.policy.excepting import Exceptions, Ground
from paddock.serve.policy.folding import Folder
from paddock.serve.policy.patterns import Pattern, PatternFinder, compile_pattern
from paddock.serve.policy.phrases import Found, Phrase, PhraseFinder, PhraseList

_PIECE_CHARS: Final = 1 << 14


class Rules(NamedTuple):
    """The rules of one stage, made ready; numbers in findings count ``rules``."""

    rules: tuple[Rule, ...]
    phrases: PhraseList
    patterns: tuple[Pattern, ...]


def compiled(rules: Sequence[Rule], stage: Stage) -> Rules:
    """The rules that hold at this stage; raises BadPolicy for a pattern that cannot be used."""
    held = tuple(rule for rule in rules if stage in rule.stages)
    phrases = [
        Phrase(number, text, is_exception)
        for number, rule in enumerate(held)
        for texts, is_exception in ((rule.phrases, False), (rule.exceptions, True))
        for text in texts
    ]
    patterns = [
        compile_pattern(number, source)
        for number, rule in enumerate(held)
        for source in rule.patterns
    ]
    return Rules(held, PhraseList(phrases), tuple(patterns))


class _View:
    """The text in one reading."""

    def __init__(self, rules: Rules, *, reads_escapes: bool) -> None:
        self._folder = Folder(reads_escapes=reads_escapes)
        self._phrases = PhraseFinder(rules.phrases)
        self._patterns = PatternFinder(rules.patterns)
        self._exceptions = Exceptions(rules.phrases.with_exceptions)

    def feed(self, piece: str, *, is_last: bool) -> list[Found]:
        folded = self._folder.feed(piece, is_last=is_last)
        read = self._phrases.feed(folded, is_last=is_last)
        found = [*read.found, *self._patterns.feed(folded, is_last=is_last)]
        end = self._folder.certain
        open_from = self._phrases.held_from(end)
        ground = Ground(open_from, min(open_from, self._patterns.held_from(end)))
        return self._exceptions.sift(found, read.excepted, ground, is_last=is_last)

    @property
    def certain(self) -> int:
        end = self._folder.certain
        return min(
            self._phrases.held_from(end),
            self._patterns.held_from(end),
            self._exceptions.held_from(end),
        )


class Scanner:
    """Looks for everything that the rules forbid in one text."""

    def __init__(self, rules: Rules) -> None:
        self._views = [
            _View(rules, reads_escapes=False),
            _View(rules, reads_escapes=True),
        ]
        self._told = _Told()

    def feed(self, piece: str, *, is_last: bool = False) -> list[Found]:
        """What is certain to be forbidden, in the order of its beginning."""
        found = {each for view in self._views for each in view.feed(piece, is_last=is_last)}
        return self._told.new(found, self.certain)

    @property
    def certain(self) -> int:
        """Up to where nothing more can be found."""
        return min(view.certain for view in self._views)


class _Told:
    """What was told, for as long as it may be found again."""

    def __init__(self) -> None:
        self._told: set[Found] = set()

    def new(self, found: Set[Found], certain: int) -> list[Found]:
        """Of these, what was not told yet; whatever is found later begins at ``certain`` or later.

        In the order of its beginning.
        """
        new = found - self._told
        self._told = {each for each in self._told | new if each.start >= certain}
        return sorted(new, key=lambda each: (each.start, each.end))


class AnswerScanner:
    """Looks at an answer as it stands, and as the end of the text that it goes on from.

    Either may be forbidden alone: a word that begins in a prompt is another one without it. Places
    are counted from where ``before`` begins.
    """

    def __init__(self, rules: Rules, before: str) -> None:
        self.begin = len(before)
        self._alone = Scanner(rules)
        self._behind = Scanner(rules) if before else None
        if self._behind is not None:
            self._behind.feed(before)
        self._told = _Told()

    def feed(self, piece: str, *, is_last: bool = False) -> list[Found]:
        """What is certain to be forbidden, and does not stand in ``before`` alone."""
        found = set(map(self._moved, self._alone.feed(piece, is_last=is_last)))
        if self._behind is not None:
            found.update(self._behind.feed(piece, is_last=is_last))
        return self._told.new({each for each in found if each.end > self.begin}, self.certain)

    @property
    def certain(self) -> int:
        """Up to where nothing more can be found."""
        alone = self._alone.certain + self.begin
        return alone if self._behind is None else min(alone, self._behind.certain)

    def _moved(self, found: Found) -> Found:
        return found._replace(start=found.start + self.begin, end=found.end + self.begin)


def scan(rules: Rules, text: str) -> Iterator[Found]:
    """Everything that the rules forbid in a whole text; a long one is not held twice."""
    scanner = Scanner(rules)
    for at in range(0, len(text), _PIECE_CHARS):
        yield from scanner.feed(text[at : at + _PIECE_CHARS])
    yield from scanner.feed("", is_last=True)


def first_of_each_rule(rules: Rules, text: str) -> list[Found]:
    """What rules find first in a whole text, up to where one of them blocks it."""
    firsts: dict[int, Found] = {}
    for found in scan(rules, text):
        firsts.setdefault(found.rule, found)
        if rules.rules[found.rule].action is Action.BLOCK:
            break
    return list(firsts.values())
