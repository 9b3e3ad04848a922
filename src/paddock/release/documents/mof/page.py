"""documents/openness.md: how open the release is, component by component, and against OSAID 1.0."""

from __future__ import annotations

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.model_card.told import named
from paddock.release.documents.mof.assessment import Assessment, assess
from paddock.release.documents.mof.framework import LABELS
from paddock.release.documents.plain import in_line, table
from paddock.release.facts import Fact

OSAID = ("osaid.data_information", "osaid.code", "osaid.parameters")


def render_openness(content: DocumentContent) -> bytes:
    """The page, as Markdown."""
    found = assess(content.spec)
    parts = [
        f"# Openness of {in_line(content.name)} {in_line(content.version)}",
        three_numbers(found),
        "## Components\n\nDeclared by the producer; what counts is computed. Nothing behind a gate "
        "counts, also where everybody is let in.",
        component_table(found),
        "## Open Source AI Definition 1.0\n\nWhether an element is met is for a person to say.",
        _osaid(content),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def three_numbers(found: Assessment) -> str:
    """The class now, the class if gates were lifted, and what is missing."""
    missing = ", ".join(found.now.missing)
    rows = [
        ("Class now", _class(found.now.mof_class)),
        ("Class if gates were lifted", _class(found.without_gates.mof_class)),
        ("Missing for the next class", missing or "nothing: there is no higher class"),
    ]
    progress = ", ".join(
        f"{'I' * mof_class}: {found.now.progress[mof_class]:.0f} %" for mof_class in (3, 2, 1)
    )
    return table(("Model Openness Framework 1.0", "Computed"), [*rows, ("Progress", progress)])


def component_table(found: Assessment) -> str:
    """The seventeen components as they count."""
    rows = [
        (row.name, row.access.replace("_", " "), row.licence or "", "yes" if row.counts else "no",
         row.why)
        for row in found.rows
    ]  # fmt: skip
    return table(("Component", "Access", "Licence", "Counts", "Why"), rows)


def _class(mof_class: int) -> str:
    return LABELS[mof_class] if mof_class else "none"


def _osaid(content: DocumentContent) -> str:
    facts = [named(content, key) for key in OSAID]
    lines = table(
        ("Element", "Answer", "Human-confirmed by"),
        [(fact.name, fact.text, (fact.by or "nobody") if fact.is_known else "") for fact in facts],
    )
    return f"{lines}\n\n{_verdict(facts)}"


def _verdict(facts: list[Fact]) -> str:
    if all(fact.value is True and fact.by for fact in facts):
        return "Every element is confirmed by the person named."
    if any(fact.value is False for fact in facts):
        return "At least one element is not met: this is not Open Source AI as defined."
    return "Not every element is confirmed by a named person, so nothing is claimed."
