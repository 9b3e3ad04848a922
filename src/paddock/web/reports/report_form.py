"""What somebody fills into the form of a report, before it is sent; and what it says as a report.

Pure. Everything is text as it came, so that a form that was refused is shown again as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from paddock.errors import BadInput, shown
from paddock.hub.reports.evidence import MAX_TURNS, SETTINGS
from paddock.hub.reports.filing import NewReport
from paddock.hub.reports.severity import Ease, Impact
from paddock.hub.reports.values import BARE, Category

NUMBERS: Final = tuple(name for name in SETTINGS if name != "stop")
MAIN_NUMBERS: Final = ("temperature", "top_p", "seed", "max_tokens")
_MAX_NUMBER_CHARS = 40
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_ESCAPED: Final = re.compile(r"\\([ntr\\])")


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The fields by their names; ``turns`` are roles and texts."""

    category: str = ""
    title: str = ""
    turns: Sequence[tuple[str, str]] = (("user", ""),)
    numbers: Mapping[str, str] = field(default_factory=dict)
    stop: str = ""  # one a line; \n stands for the end of a line
    revision: str = ""
    output: str = ""
    expected: str = ""
    details: str = ""
    impact: str = ""
    ease: str = ""
    is_credited: bool = False
    problem: str | None = None

    @property
    def tells_more(self) -> bool:
        """Whether it has settings that few people know."""
        others = (text for name, text in self.numbers.items() if name not in MAIN_NUMBERS)
        return bool(self.stop) or any(others)

    def to_new(self) -> NewReport:
        """The same as a report; raises BadInput."""
        settings: dict[str, Any] = {
            name: read_number(name, text) for name, text in self.numbers.items() if text.strip()
        }
        if self.stop.strip():
            settings["stop"] = [unescaped(line) for line in self.stop.splitlines() if line]
        is_rated = bool(self.impact) and bool(self.ease)
        return NewReport(
            category=_one_of(Category, "the kind of problem", self.category),
            title=self.title,
            turns=[turn for turn in _plain(self.turns) if turn[1].strip()],
            settings=settings,
            output=_lines(self.output),
            expected=_lines(self.expected),
            details=self.details,
            revision=self.revision,
            impact=_one_of(Impact, "the impact", self.impact) if is_rated else None,
            ease=_one_of(Ease, "the ease", self.ease) if is_rated else None,
            is_credited=self.is_credited,
        )


def turns_of(roles: Sequence[str], contents: Sequence[str]) -> list[tuple[str, str]]:
    """The messages of a form, whose fields come in pairs; raises BadInput."""
    if len(roles) != len(contents) or len(roles) > MAX_TURNS:
        raise BadInput(f"the form has {len(roles)} roles and {len(contents)} messages")
    return list(zip(roles, contents, strict=True))


def read_number(name: str, text: str) -> int | float:
    """A setting's number as people write it; raises BadInput."""
    text = text.strip().replace(",", ".")
    try:
        if len(text) > _MAX_NUMBER_CHARS:
            raise ValueError
        whole = text.removeprefix("-")
        return int(text) if whole.isascii() and whole.isdigit() else float(text)
    except ValueError as e:
        raise BadInput(f"{name} is {shown(text)}, not a number") from e


def unescaped(line: str) -> str:
    r"""A line in which \n, \t, \r and \\ stand for what they are elsewhere."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[1]], line)


def _one_of(values: Any, what: str, text: str) -> Any:
    if text not in set(values):
        raise BadInput(f"{what} is {shown(text)}", hint=f"choose one of {', '.join(values)}")
    return values(text)


def _plain(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(role or BARE, _lines(content)) for role, content in turns]


def _lines(text: str) -> str:
    """Browsers send every end of a line as two characters."""
    return text.replace("\r\n", "\n")
