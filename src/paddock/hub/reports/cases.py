"""A report as a case: a file in ``cases/`` that says what was asked, and what must not come again.

Pure. The conditions are the maintainers': literal texts, or patterns of RE2, which find what they
find in time linear in the text. A pattern that nobody here can check is refused; none is run here.
The reporter is named only if they want to be.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub.reports.evidence import check_kept
from paddock.hub.reports.states import State
from paddock.hub.reports.values import Report
from paddock.hub.types import Repository

FOLDER: Final = "cases"
MAX_CONDITIONS: Final = 20  # of each kind
MAX_TEXT_CHARS: Final = 2_000
MAX_PATTERN_CHARS: Final = 1_000
_MEMORY_BYTES: Final = 1 << 20  # of a pattern's automaton
EXPORTED: Final = frozenset({State.CONFIRMED, State.FIXED, State.CLOSED})


class BadPattern(BadInput):
    """A pattern of a case cannot be used, or nobody here can tell whether it can."""

    code = "bad_pattern"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What decides whether an answer passes: it has all of one kind and none of the other."""

    must_not_contain: tuple[str, ...] = ()
    must_contain: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()


def read_conditions(
    must_not_contain: Sequence[str],
    must_contain: Sequence[str],
    must_not_match: Sequence[str],
    must_match: Sequence[str],
) -> Conditions:
    """The same, checked, without empty ones; raises BadInput, BadPattern."""
    return Conditions(
        _texts("must_not_contain", must_not_contain),
        _texts("must_contain", must_contain),
        tuple(map(check_pattern, _texts("must_not_match", must_not_match))),
        tuple(map(check_pattern, _texts("must_match", must_match))),
    )


def check_pattern(source: str) -> str:
    """The pattern itself, if RE2 takes it; raises BadPattern."""
    if len(source) > MAX_PATTERN_CHARS:
        raise BadPattern(f"a pattern has {len(source)} characters; at most {MAX_PATTERN_CHARS}")
    if importlib.util.find_spec("re2") is None:
        raise BadPattern(
            "patterns cannot be checked here: the extra `serve` is not installed",
            hint="give literal texts",
        )
    re2: Any = importlib.import_module("re2")
    options = re2.Options()
    options.max_mem, options.log_errors = _MEMORY_BYTES, False
    try:
        re2.compile(source, options)
    except re2.error as e:
        told = e.args[0].decode(errors="replace") if isinstance(e.args[0], bytes) else str(e)
        raise BadPattern(f"the pattern {shown(source)} cannot be used: {told}") from e
    return source


def path_of(report: Report) -> str:
    """Where a report's case is in its repository."""
    return f"{FOLDER}/{report.public_id}.yaml"


def render_case(repo: Repository, report: Report, conditions: Conditions, link: str) -> bytes:
    """The file; raises BadInput for a report that nobody has confirmed, and without conditions."""
    if report.state not in EXPORTED:
        raise BadInput(
            f"a report that is {report.state.label} makes no case", hint="confirm it first"
        )
    asked = {name: list(getattr(conditions, name)) for name in conditions.__dataclass_fields__}
    conditions_said = {name: texts for name, texts in asked.items() if texts}
    if not conditions_said:
        raise BadInput("the case says nothing that must, or must not, be in an answer")
    evidence = report.evidence
    case: dict[str, Any] = {
        "apiVersion": "paddock/v1",
        "kind": "Case",
        "id": report.public_id,
        "title": report.title,
        "category": str(report.category),
        "severity": str(report.severity),
        "report": link,
        "repository": repo.full_name,
        "found_in": report.commit_oid,
        "reported_at": clock.to_text(report.created_at),
    }
    if evidence.is_bare:
        case["prompt"] = evidence.turns[0].content
    else:
        case["messages"] = [{"role": t.role, "content": t.content} for t in evidence.turns]
    case |= {"settings": dict(evidence.settings), **conditions_said}
    if evidence.expected:
        case["expected"] = evidence.expected
    if report.is_credited and report.reporter is not None:
        case["credit"] = report.reporter.name
    text = yaml.safe_dump(case, sort_keys=False, allow_unicode=True, width=100)
    return text.encode()


def _texts(name: str, given: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(check_kept(name, text, MAX_TEXT_CHARS) for text in given if text.strip())
    if len(kept) > MAX_CONDITIONS:
        raise BadInput(f"{name} has {len(kept)} entries", hint=f"use at most {MAX_CONDITIONS}")
    return kept
