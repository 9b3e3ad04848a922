"""The model documentation form: Code of Practice for general-purpose AI, transparency chapter.

Three audiences: the AI Office (``aio``), national authorities (``nca``), and providers downstream
(``dp``). Exact figures go to the AI Office, ranges to the others. Rows whose audience was read from
the draft of March 2025 are marked; whoever files them checks them once more.
"""

from __future__ import annotations

from typing import Any

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.eu.bands import (
    order_of_magnitude,
    parameter_range,
    training_time_range,
    two_figures,
)
from paddock.release.documents.form import Form, Part, Row, judge_form, render_parts, title_of
from paddock.release.evidence import Check

AIO, NCA, DP = "aio", "nca", "dp"
AUTHORITIES = frozenset({AIO, NCA})
AUDIENCES = {
    AIO: "for the AI Office",
    NCA: "for national competent authorities",
    DP: "for providers downstream",
}


def _only(*audiences: str) -> frozenset[str]:
    return frozenset(audiences)


def _figures(value: Any) -> str:
    return two_figures(float(value))


def _order(value: Any) -> str:
    return order_of_magnitude(float(value))


_IN = " in release.yaml"
_FLOP = f"docs.eu.training_flop{_IN}"
_COUNTED = "the fact model.parameters, which is measured"

_GENERAL = (
    Row("Date of the last update", ("eu.form.updated", "release.date"), "updated",
        f"metadata.date{_IN}"),
    Row("Version of this document", ("eu.form.version",), "version"),
    Row("Legal name of the provider", ("producer.name",), where=f"metadata.producer.name{_IN}"),
    Row("Name of the model", ("eu.model_name",), where=f"metadata.name{_IN}"),
    Row("Family and public versions", ("eu.form.family",), "family", optional=True),
    Row("Evidence of authenticity", ("eu.authenticity",), audiences=AUTHORITIES,
        optional=True),
    Row("Date of release", ("release.date",), where=f"metadata.date{_IN}"),
    Row("Date on the Union's market", ("eu.market_date",),
        where=f"docs.eu.union_market_date{_IN}"),
    Row("Models it depends on", ("eu.dependencies", "eu.form.dependencies"), "dependencies",
        into="eu.form.dependencies"),
)  # fmt: skip

_PROPERTIES = (
    Row("Architecture", ("eu.form.architecture", "model.architecture"), "architecture", words=20),
    Row("Design specification and rationale", ("model.design",), "design", words=100,
        audiences=AUTHORITIES),
    Row("Input modalities", ("model.input_modalities",), "input_modalities"),
    Row("Largest input", ("eu.form.input_limits", "eu.input_limits"), "input_limits",
        audiences=_only(DP)),
    Row("Output modalities", ("model.output_modalities",), "output_modalities"),
    Row("Largest output", ("eu.form.output_limits",), "output_limits", audiences=_only(DP)),
    Row("Total parameters", ("model.parameters",), where=_COUNTED,
        audiences=_only(AIO), shown=_figures),
    Row("Range of total parameters", ("model.parameters",), where=_COUNTED,
        audiences=_only(NCA, DP), shown=lambda value: parameter_range(float(value))),
)  # fmt: skip

_DISTRIBUTION = (
    Row("Channels of distribution and their access", ("eu.channels",), "channels",
        into="eu.form.channels"),
    Row("Licence", ("eu.licence",), where=f"licenses.distribution{_IN}",
        audiences=AUTHORITIES),
    Row("Kind of licence", ("eu.form.licence_category", "release.licence"), "licence_category",
        audiences=_only(DP)),
    Row("Assets beside the model", ("eu.assets",), "assets",
        into="eu.form.assets", audiences=AUTHORITIES, optional=True),
)  # fmt: skip

_USE = (
    Row("Acceptable use policy", ("eu.acceptable_use", "eu.form.acceptable_use"), "acceptable_use",
        into="eu.form.acceptable_use"),
    Row("Intended and restricted uses", ("eu.form.intended_uses", "eu.uses"), "intended_uses",
        words=200),
    Row("Systems it may be built into", ("use.systems",), "systems", words=300),
    Row("Technical means of integration", ("use.integration",), "integration",
        audiences=_only(DP)),
    Row("Hardware needed", ("use.hardware",), "hardware", audiences=_only(DP)),
    Row("Software needed", ("use.software",), "software", audiences=_only(DP)),
    Row("Technical documentation", ("links.documentation",), "documentation", optional=True),
)  # fmt: skip

_TRAINING = (
    Row("Design of the training process", ("training.process",), "process", words=400,
        audiences=AUTHORITIES),
    Row("Rationale of decisions", ("training.rationale",), "rationale", words=200,
        audiences=AUTHORITIES),
    Row("Relevance of the parameters", ("eu.form.parameters_relevance",), "parameters_relevance",
        audiences=AUTHORITIES, optional=True),
)  # fmt: skip

_DATA = (
    Row("Kinds of data", ("data.modalities",), "data_modalities"),
    Row("Provenance", ("eu.form.provenance",), "provenance"),
    Row("How data were obtained and selected", ("data.obtained",), "obtained", words=300,
        audiences=AUTHORITIES),
    Row("Number of data points", ("data.points", "training.tokens"), "data_points",
        audiences=_only(AIO), shown=_figures),
    Row("Order of magnitude of data points", ("data.points", "training.tokens"), "data_points",
        audiences=_only(NCA), shown=_order),
    Row("Scope and characteristics", ("data.scope",), "scope", words=200, audiences=AUTHORITIES),
    Row("Curation", ("data.curation",), "curation", words=300),
    Row("Detection of unsuitable, harmful and personal data", ("data.unsuitable",), "unsuitable",
        words=300, audiences=AUTHORITIES),
    Row("Detection of biases", ("data.bias_detection",), "bias", words=200, audiences=AUTHORITIES),
)  # fmt: skip

_COMPUTE = (
    Row("Training time", ("training.days",), "training_days", audiences=_only(NCA),
        shown=lambda value: training_time_range(float(value))),
    Row("Training time in wall-clock days", ("training.days",), "training_days",
        audiences=_only(AIO), shown=_figures),
    Row("Training time in days of hardware", ("eu.hardware_days",), "hardware_days",
        into="eu.form.hardware_days", audiences=_only(AIO), shown=_figures),
    Row("Order of magnitude of training operations", ("training.flop",),
        where=_FLOP,
        audiences=_only(NCA), shown=_order),
    Row("Training operations (FLOP)", ("training.flop",),
        where=_FLOP,
        audiences=_only(AIO), shown=_figures),
    Row("How operations were counted", ("training.flop_method",), "flop_method", words=100,
        audiences=AUTHORITIES),
)  # fmt: skip

_ENERGY = (
    Row("Energy of training (MWh)", ("energy.training_mwh", "eu.form.energy_missing"), "energy_mwh",
        audiences=AUTHORITIES,
        shown=lambda value: value if isinstance(value, str) else _figures(value)),
    Row("Information that is missing for it", ("eu.form.energy_missing",), "energy_missing",
        audiences=AUTHORITIES, optional=True),
    Row("How energy was measured", ("energy.training_method",), "energy_method",
        audiences=AUTHORITIES),
    Row("Operations of a benchmarked answer (FLOP)", ("energy.inference_flop",), "inference_flop",
        audiences=AUTHORITIES, shown=_figures),
    Row("Task and hardware of that benchmark", ("energy.inference_method",), "inference_method",
        audiences=AUTHORITIES),
)  # fmt: skip

_SYSTEMIC = tuple(
    Row(title, (f"eu.form.{answer}",), answer, audiences=AUTHORITIES, when="eu.systemic_risk")
    for title, answer in (
        ("Evaluation", "evaluation"),
        ("Adversarial testing", "adversarial_testing"),
        ("Adaptations", "adaptations"),
        ("System architecture", "system_architecture"),
    )
)

MODEL_DOCUMENTATION = Form(
    "eu.form",
    "the model documentation form",
    (
        Part("General information", _GENERAL),
        Part("Properties of the model", _PROPERTIES),
        Part("Distribution and licences", _DISTRIBUTION),
        Part("Use", _USE),
        Part("Training process", _TRAINING),
        Part("Data for training, testing and validation", _DATA),
        Part("Computing resources", _COMPUTE),
        Part("Energy", _ENERGY),
        Part("Systemic risk", _SYSTEMIC),
    ),
)


def judge_model_documentation(content: DocumentContent) -> list[Check]:
    """What the form still needs."""
    eu = content.spec.docs.eu
    return judge_form(MODEL_DOCUMENTATION, content.facts, eu.form if eu else None, "docs.eu.form")


def render_model_documentation(content: DocumentContent, audience: str) -> bytes:
    """The form as one audience gets it; KeyError for another audience."""
    opening = (
        f"# Model documentation of {title_of(content)}\n\n"
        f"The form of the Code of Practice for general-purpose AI, {AUDIENCES[audience]}. Each "
        "answer says whether it was measured, declared or inherited, and by whom or from what."
    )
    parts = render_parts(MODEL_DOCUMENTATION.parts, content.facts, audience)
    return f"{opening}\n\n{parts}\n".encode()
