"""California's SB 53: the transparency report that a frontier developer publishes with a model.

Business and Professions Code 22757.12. A frontier model is one that more than 10^26 operations
trained; a large developer, with more than 500 million dollars of revenue, says more.
"""

from __future__ import annotations

from pydantic import Field

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.form import Form, Part, Row, judge_form, render_parts, title_of
from paddock.release.evidence import Check, Evidence
from paddock.release.spec.section import Section, Text

SETTING = "docs.us_ca.sb53"
KEY = "us.sb53"
FRONTIER_FLOP = 1e26


class Sb53Answers(Section):
    """What the report asks and nothing else says."""

    website: Text | None = Field(None, description="The developer's site.")
    contact: Text | None = Field(None, description="How to reach the developer.")
    intended_uses: Text | None = Field(None, description="Uses it is meant for.")
    restrictions: Text | None = Field(None, description="Restrictions and conditions of use.")
    large_developer: bool = Field(False, description="Above 500 million dollars of revenue.")
    risk_assessments: Text | None = Field(
        None, description="Large: summary of assessments of catastrophic risks, and results."
    )
    third_parties: Text | None = Field(None, description="Large: who else evaluated it, how far.")
    framework_steps: Text | None = Field(
        None, description="Large: other steps under the frontier AI framework."
    )


def _row(title: str, name: str, *keys: str, when: str = "") -> Row:
    return Row(title, (f"{KEY}.{name}", *keys), name, when=when)


_LARGE = f"{KEY}.large_developer"
SB53 = Form(
    KEY,
    "California's transparency report",
    (
        Part(
            "The developer and the model",
            (
                _row("Website", "website", "links.website"),
                Row("Large developer", (f"{KEY}.large_developer",), "large_developer",
                    optional=True),
                _row("How to reach the developer", "contact", "producer.contact"),
                Row("Date of release", ("release.date",), where="metadata.date in release.yaml"),
                Row("Languages", ("model.languages",), where="metadata.language in release.yaml"),
                Row("Outputs", ("model.output_modalities",),
                    where="model.output_modalities in docs.facts"),
                _row("Intended uses", "intended_uses", "eu.form.intended_uses", "eu.uses"),
                _row("Restrictions and conditions", "restrictions", "eu.acceptable_use"),
            ),
        ),
        Part(
            "Catastrophic risks",
            (
                _row("Assessments and results", "risk_assessments", when=_LARGE),
                _row("Evaluators from outside", "third_parties", when=_LARGE),
                _row("Other steps under the framework", "framework_steps", when=_LARGE),
            ),
        ),
    ),
)  # fmt: skip


def judge_sb53(content: DocumentContent) -> list[Check]:
    """What the report still needs, and a frontier model for which none is made."""
    asked = content.spec.docs.us_ca
    flop = content.facts.value("training.flop")
    if asked is not None and asked.sb53 != "not_applicable":
        file = None if asked.sb53 == "auto" else asked.sb53
        return judge_form(SB53, content.facts, file, SETTING)
    if asked is not None and isinstance(flop, int | float) and flop > FRONTIER_FLOP:
        sentence = (
            "training took more than 10^26 operations, the measure of a frontier model, and "
            f"{SETTING} says not_applicable"
        )
        evidence = (Evidence("training operations", "more than 10^26"),)
        hint = f"name a file of answers in {SETTING}"
        return [Check(f"documents.{KEY}", "documents", "unmet", sentence, evidence, hint)]
    return []


def render_sb53(content: DocumentContent) -> bytes:
    """The report, as Markdown."""
    opening = (
        f"# Transparency report of {title_of(content)}\n\nWhat "
        "California's SB 53 lists for a frontier model. Each answer says how it is known."
    )
    return f"{opening}\n\n{render_parts(SB53.parts, content.facts)}\n".encode()
