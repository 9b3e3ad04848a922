"""What somebody writes into the form of an advisory, before it is sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddock.errors import BadInput, shown
from paddock.hub.advisories.publishing import Draft
from paddock.hub.advisories.values import Advisory
from paddock.hub.reports.severity import Severity
from paddock.hub.reports.values import Report


@dataclass(frozen=True, slots=True)
class AdvisoryForm:
    """The fields by their names; ``reports`` are ids."""

    title: str = ""
    severity: str = ""
    details: str = ""
    advice: str = ""
    first: str = ""
    last: str = ""
    fixed: str = ""
    reports: Sequence[str] = ()
    problem: str | None = None

    def to_draft(self) -> Draft:
        """The same as a draft; raises BadInput."""
        if self.severity not in set(Severity):
            raise BadInput(f"the severity is {shown(self.severity)}", hint="choose one")
        return Draft(
            self.title,
            Severity(self.severity),
            self.details,
            self.advice,
            self.first,
            self.last,
            self.fixed,
        )


def begun_from(report: Report) -> AdvisoryForm:
    """A form that begins with what a report says; nothing of its prompt."""
    return AdvisoryForm(
        title=report.title,
        severity=report.severity,
        fixed=report.fixed_in or "",
        reports=[report.public_id],
    )


def as_it_stands(advisory: Advisory) -> AdvisoryForm:
    """A form that says what the advisory says."""
    affected = advisory.affected
    return AdvisoryForm(
        title=advisory.title,
        severity=advisory.severity,
        details=advisory.details,
        advice=advisory.advice,
        first=affected.first.revision if affected.first else "",
        last=affected.last.revision if affected.last else "",
        fixed=affected.fixed.revision if affected.fixed else "",
    )
