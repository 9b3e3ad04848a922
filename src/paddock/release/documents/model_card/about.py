"""What the model is, what it is for, what is wrong with it and how it was made: the card's prose.

Pure. A section without a fact is not written.
"""

from __future__ import annotations

import re

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.keys import KNOWN, MODEL
from paddock.release.documents.model_card.told import (
    fact_table,
    in_blocks,
    joined,
    origin_line,
    section,
    told,
)
from paddock.release.documents.plain import in_line

_ALWAYS = (
    "release.licence", "lineage.base_model", "producer.name", "producer.contact",
    "producer.security", "release.date",
)  # fmt: skip
_MODEL = tuple(key.key for key in MODEL)
_DETAILS = (
    "model.knowledge_cutoff", "model.type", "model.treatment", "model.languages",
    "model.input_modalities", "model.output_modalities", "lineage.relation",
    "lineage.distilled_from", "lineage.trained_on_outputs_of", "release.supersedes",
    "people.funded_by", "people.shared_by", "links.website", "links.repository", "links.paper",
    "links.demo", "links.documentation",
    "links.new_version", "producer.eu_representative", "release.support_until",
    "release.incident_hours", "release.revoked_for", "release.advisories",
)  # fmt: skip
_TRAINING = (
    "training.approach", "training.regime", "training.tokens", "training.flop",
    "training.flop_method", "training.started", "training.finished", "training.days",
    "training.speed",
)  # fmt: skip
_DATA = (
    "data.obtained", "data.modalities", "data.points", "data.scope", "data.curation",
    "data.unsuitable", "data.personal", "data.bias_detection", "data.available_from",
)  # fmt: skip
_ENERGY = (
    "training.hardware", "training.hardware_hours", "training.provider", "training.region",
    "energy.training_mwh", "energy.training_method", "energy.co2_kg", "energy.co2_source",
    "energy.training_type",
    "energy.inference_flop", "energy.inference_method",
)  # fmt: skip


def opening(content: DocumentContent) -> str:
    """The name, the words that licences want to be seen, and the description."""
    metadata = content.spec.metadata
    badges = []
    for shown in dict.fromkeys(content.judgement.displays):
        is_link = shown.url is not None and shown.url.startswith("https://")
        text = f"**{in_line(shown.text)}**"
        badges.append(f"[{text}](<{_address(shown.url or '')}>)" if is_link else text)
    description = content.facts["release.description"]
    return joined(
        [
            f"# {in_line(metadata.name)}",
            " · ".join(dict.fromkeys(badges)),
            f"Version {in_line(metadata.version)}.",
            in_blocks(description) if description.is_known else "",
            origin_line(description) if description.is_known else "",
        ]
    )


def details(content: DocumentContent) -> str:
    """The table of what is known about the model, and of what everybody asks for and is not."""
    keys = [
        key
        for key in (*_MODEL, *_ALWAYS, *_DETAILS)
        if key in _ALWAYS or content.facts[key].is_known
    ]
    table = fact_table(content, keys, unknown=True)
    return section("Model details", [table, told(content, "model.design", "### Design and why")])


def uses(content: DocumentContent) -> str:
    """What it is for, and what not."""
    return section(
        "Uses",
        [
            told(content, "use.direct", "### Direct use"),
            told(content, "use.downstream", "### Downstream use"),
            told(content, "use.cases", "### Use cases"),
            told(content, "use.users", "### Intended users"),
            told(content, "use.systems", "### Systems it may be built into"),
            told(content, "use.out_of_scope", "### Out-of-scope use"),
        ],
    )


def risks(content: DocumentContent) -> str:
    """Biases, limits and what to do about them."""
    return section(
        "Bias, risks and limitations",
        [
            told(content, "risks.biases", "### Biases and risks"),
            told(content, "risks.limitations", "### Limitations"),
            told(content, "risks.tradeoffs", "### Trade-offs"),
            told(content, "risks.ethical", "### Ethical considerations"),
            told(content, "risks.fairness", "### Fairness"),
            told(content, "risks.safety_level", "### Assessed risk"),
            told(content, "risks.recommendations", "### Recommendations"),
        ],
    )


def training(content: DocumentContent) -> str:
    """Data and procedure."""
    table = fact_table(content, _TRAINING)
    return section(
        "Training details",
        [
            told(content, "training.data", "### Training data"),
            told(content, "training.datasets", "### Data sets"),
            *(told(content, key, f"### {KNOWN[key].title}") for key in _DATA),
            told(content, "training.preprocessing", "### Preprocessing"),
            told(content, "training.process", "### Procedure"),
            told(content, "training.rationale", "### Why it was trained so"),
            f"### Figures\n\n{table}" if table else "",
            told(content, "training.hyperparameters", "### Hyperparameters"),
        ],
    )


def environment(content: DocumentContent) -> str:
    """Hardware, energy, emissions."""
    return section("Environmental impact", [fact_table(content, _ENERGY)])


def specifications(content: DocumentContent) -> str:
    """What it needs to run."""
    return section(
        "Technical specifications",
        [
            told(content, "use.hardware", "### Hardware"),
            told(content, "use.software", "### Software"),
            told(content, "use.integration", "### Integration"),
            told(content, "training.software", "### Software of training"),
        ],
    )


def ending(content: DocumentContent) -> str:
    """Citation, glossary, people, and the author's own words, below a line that says whose."""
    bibtex = content.facts["citation.bibtex"]
    parts = [
        section("Citation", [_bibtex(content) if bibtex.is_known else "",
                             told(content, "citation.apa", "**APA**")]),
        told(content, "glossary", "## Glossary"),
        told(content, "more", "## More information"),
        told(content, "people.authors", "## Authors of this card"),
        told(content, "producer.contact", "## Contact"),
    ]  # fmt: skip
    if content.authors_text:
        parts.append(f"## From the author\n\n*Declared, not measured.*\n\n{content.authors_text}")
    return joined(parts)


def _bibtex(content: DocumentContent) -> str:
    fact = content.facts["citation.bibtex"]
    text = str(fact.value).replace("\r", "").strip("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}bibtex\n{text}\n{fence}\n\n{origin_line(fact)}"


def _address(url: str) -> str:
    """An address that cannot end its link."""
    return url.replace("<", "%3C").replace(">", "%3E").replace("\n", "").replace(" ", "%20")
