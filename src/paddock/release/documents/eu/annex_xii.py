"""Annex XII of the AI Act: what providers who build the model into a system are told.

The same facts as the model documentation form, in the annex's order.
"""

from __future__ import annotations

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.eu.bands import parameter_range
from paddock.release.documents.form import Form, Part, Row, judge_form, render_parts, title_of
from paddock.release.evidence import Check

_GENERAL = (
    Row("Tasks it is for", ("eu.form.intended_uses", "eu.uses"), "intended_uses", words=200),
    Row("Systems it may be built into", ("use.systems",), "systems", words=300),
    Row("Acceptable use policy", ("eu.acceptable_use", "eu.form.acceptable_use"), "acceptable_use"),
    Row("Date of release", ("release.date",), where="metadata.date in release.yaml"),
    Row("Means of distribution", ("eu.channels",), "channels"),
    Row("Hardware it works with", ("use.hardware",), "hardware"),
    Row("Versions of software", ("use.software",), "software"),
    Row("Architecture", ("eu.form.architecture", "model.architecture"), "architecture", words=20),
    Row(
        "Range of parameters",
        ("model.parameters",),
        where="the fact model.parameters, which is measured",
        shown=lambda value: parameter_range(float(value)),
    ),
    Row("Inputs", ("model.input_modalities",), "input_modalities"),
    Row("Outputs", ("model.output_modalities",), "output_modalities"),
    Row("Kind of licence", ("eu.form.licence_category", "release.licence"), "licence_category"),
)
_ELEMENTS = (
    Row("Technical means of integration", ("use.integration",), "integration"),
    Row("Largest input", ("eu.form.input_limits", "eu.input_limits"), "input_limits"),
    Row("Largest output", ("eu.form.output_limits",), "output_limits"),
    Row("Kinds of training data", ("data.modalities",), "data_modalities"),
    Row("Provenance of training data", ("eu.form.provenance",), "provenance"),
    Row("Curation of training data", ("data.curation",), "curation", words=300),
)

ANNEX_XII = Form(
    "eu.annex_xii",
    "Annex XII",
    (
        Part("1. General description of the model", _GENERAL),
        Part("2. Elements of the model and of its development", _ELEMENTS),
    ),
)


def judge_annex_xii(content: DocumentContent) -> list[Check]:
    """What the annex still needs."""
    eu = content.spec.docs.eu
    return judge_form(ANNEX_XII, content.facts, eu.form if eu else None, "docs.eu.form")


def render_annex_xii(content: DocumentContent) -> bytes:
    """The annex's information, as Markdown."""
    opening = (
        f"# Information for providers who build on {title_of(content)}\n\nWhat "
        "Annex XII of Regulation (EU) 2024/1689 lists. Each answer says how it is known."
    )
    return f"{opening}\n\n{render_parts(ANNEX_XII.parts, content.facts)}\n".encode()
