"""Which state of a report follows which, and who may say so.

Pure, and documentation: ``docs/reports.md`` shows this very table, and a test compares. Maintainers
are those who may write to the repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from paddock.errors import Conflict, Forbidden


class State(StrEnum):
    """Where a report stands."""

    NEW = "new"
    TRIAGED = "triaged"
    CONFIRMED = "confirmed"
    NOT_REPRODUCED = "not_reproduced"
    DUPLICATE = "duplicate"
    DECLINED = "declined"
    FIXED = "fixed"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """As people read it."""
        return self.replace("_", " ")


class Who(StrEnum):
    """Who may take a step."""

    MAINTAINERS = "maintainers"
    EITHER = "maintainers or the reporter"


class WrongStep(Conflict):
    """A report cannot come into this state from the one that it is in."""

    code = "report_step"


class NotYourStep(Forbidden):
    """The reporter may not decide this."""

    code = "report_step_of_others"


MEANS: Final = {
    State.NEW: "nobody has looked yet; private",
    State.TRIAGED: "somebody has looked, and said how bad it is and who may see it",
    State.CONFIRMED: "the model does it",
    State.NOT_REPRODUCED: "the model did not do it when it was tried",
    State.DUPLICATE: "another report says the same; what becomes of that one is told here, too",
    State.DECLINED: "the maintainers will change nothing, and say why",
    State.FIXED: "a revision puts it right",
    State.CLOSED: "nothing more happens",
}

_M, _E = Who.MAINTAINERS, Who.EITHER
STEPS: Final[dict[State, dict[State, Who]]] = {
    State.NEW: {State.TRIAGED: _M, State.CLOSED: _E},
    State.TRIAGED: {
        State.CONFIRMED: _M,
        State.NOT_REPRODUCED: _M,
        State.DUPLICATE: _M,
        State.DECLINED: _M,
        State.CLOSED: _E,
    },
    State.CONFIRMED: {State.FIXED: _M, State.DUPLICATE: _M, State.DECLINED: _M},
    State.NOT_REPRODUCED: {State.TRIAGED: _E, State.CONFIRMED: _M, State.CLOSED: _E},
    State.DUPLICATE: {State.TRIAGED: _M, State.CLOSED: _E},
    State.DECLINED: {State.TRIAGED: _M, State.CLOSED: _E},
    State.FIXED: {State.CONFIRMED: _E, State.CLOSED: _E},
    State.CLOSED: {State.TRIAGED: _M},
}
WAITING: Final = frozenset({State.NEW, State.TRIAGED, State.CONFIRMED})  # whose clock runs


def check_step(now: State, wanted: State, *, is_maintainer: bool) -> None:
    """Raise WrongStep, or NotYourStep, unless the step may be taken."""
    who = STEPS[now].get(wanted)
    if who is None:
        following = ", ".join(state.label for state in STEPS[now])
        raise WrongStep(
            f"a report that is {now.label} cannot become {wanted.label}",
            hint=f"it can become: {following}",
        )
    if who is Who.MAINTAINERS and not is_maintainer:
        raise NotYourStep(f"only maintainers say that a report is {wanted.label}")


def steps_from(now: State, *, is_maintainer: bool) -> list[State]:
    """Into which states it may be brought."""
    return [to for to, who in STEPS[now].items() if is_maintainer or who is Who.EITHER]


def step_lines() -> Iterator[str]:
    """The steps as a table in Markdown."""
    yield "| state | means | becomes | by |"
    yield "|---|---|---|---|"
    for state, following in STEPS.items():
        told = f"`{state}` | {MEANS[state]}"
        for to, who in following.items():
            yield f"| {told} | `{to}` | {who} |"
            told = " | "
