"""The keys under which the documents look for facts: what each is called and what it may hold.

A table, nothing else. ``declarable`` keys may stand in the author's own file (``docs.facts``); the
others are measured, or said elsewhere in release.yaml. ``inherits`` means that what is true of a
parent is true of a model made from it, so a parent's signed release can answer for its child.
Other documents bring tables of their own (``KNOWN`` of their ``keys``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

# text, texts (a list), count (a whole number), number, flag (yes or no), day (2026-11-20), month
# (2026-11), rows (a list of mappings with the columns that are named).
Kind = Literal["text", "texts", "count", "number", "flag", "day", "month", "rows"]


class FactKey(NamedTuple):
    """What may be known."""

    key: str
    title: str
    kind: Kind = "text"
    columns: tuple[str, ...] = ()  # of rows; the first must be there
    declarable: bool = True
    inherits: bool = False
    unit: str = ""


def table(*groups: Iterable[FactKey]) -> Mapping[str, FactKey]:
    """Keys by their name; a key that is there twice is a programmer's mistake."""
    keys = [key for group in groups for key in group]
    found = {key.key: key for key in keys}
    if len(found) != len(keys):
        raise ValueError("a fact's key is in the table twice")
    return found


def _told(
    key: str, title: str, kind: Kind = "text", columns: tuple[str, ...] = (), unit: str = ""
) -> FactKey:
    """Measured, or said elsewhere in release.yaml."""
    return FactKey(key, title, kind, columns, declarable=False, unit=unit)


# From release.yaml itself.
RELEASE = (
    _told("release.name", "Name"),
    _told("release.version", "Version"),
    _told("release.date", "Date", "day"),
    _told("release.description", "Description"),
    _told("release.supersedes", "Supersedes"),
    _told("release.purl", "Package URL"),
    _told("release.stage", "Stage"),
    _told("release.mechanism", "How access is given"),
    _told("release.channels", "Where it is published", "texts"),
    _told("release.licence", "Licence"),
    _told("release.code_licence", "Licence of code"),
    _told("release.data_licence", "Licence of data"),
    _told("release.document_licence", "Licence of documents"),
    _told("release.support_until", "Supported until", "day"),
    _told("release.incident_hours", "Reports answered within", "count", unit="hours"),
    _told("release.revoked_for", "Would be revoked for", "texts"),
    _told("release.advisories", "Advisories"),
    _told("producer.name", "Producer"),
    _told("producer.contact", "Contact"),
    _told("producer.security", "Security contact"),
    _told("producer.eu_representative", "Authorised representative in the Union"),
    _told("model.type", "Type"),
    _told("model.treatment", "Treatment"),
    _told("model.languages", "Languages", "texts"),
    _told("model.pipeline_tag", "Task"),
    _told("model.library", "Library"),
    _told("lineage.base_model", "Base model", "texts"),
    _told("lineage.relation", "Made from it by"),
    _told("lineage.distilled_from", "Distilled from", "texts"),
    _told("lineage.trained_on_outputs_of", "Trained on outputs of", "texts"),
)

# From the checkpoint; a few may be declared too, and then must agree with what was measured.
MODEL = (
    _told("model.architecture", "Architecture"),
    _told("model.architecture_kind", "Kind of architecture"),
    FactKey("model.parameters", "Parameters", "count"),
    _told("model.active_parameters", "Parameters used for a token", "count"),
    _told("model.experts", "Experts of a layer", "count"),
    _told("model.experts_per_token", "Experts used for a token", "count"),
    _told("model.expert_size", "Feed-forward size of an expert", "count"),
    _told("model.dtypes", "Stored as", "rows", ("dtype", "tensors", "parameters")),
    _told("model.tensor_bytes", "Size of the weights", "count", unit="bytes"),
    _told("model.source_format", "Format of the source"),
    _told("model.published_as", "Same shape as"),
    FactKey("model.layers", "Layers", "count"),
    FactKey("model.hidden_size", "Hidden size", "count"),
    FactKey("model.ffn_size", "Feed-forward size", "count"),
    FactKey("model.heads", "Query heads", "count"),
    FactKey("model.kv_heads", "Key/value heads", "count"),
    FactKey("model.head_dim", "Width of a head", "count"),
    FactKey("model.vocabulary", "Vocabulary", "count"),
    FactKey("model.context_tokens", "Context", "count", unit="tokens"),
    FactKey("model.rope_theta", "Rotary base", "number"),
    FactKey("model.tied_embeddings", "Tied embeddings", "flag"),
    _told("model.tokenizer", "Tokenizer"),
    _told("model.tokenizer_entries", "Entries of the tokenizer", "count"),
    _told("model.chat_template", "Chat template", "flag"),
    _told("adapter.rank", "Rank of the adapter", "count"),
    _told("adapter.alpha", "Its alpha", "number"),
    _told("adapter.modules", "What it changes", "texts"),
    _told("adapter.base_model", "The model it says it is for"),
)

# What only people can say, in the file that docs.facts names.
DECLARED = (
    FactKey("model.knowledge_cutoff", "Knowledge until", "month", inherits=True),
    FactKey("model.input_modalities", "Inputs", "texts"),
    FactKey("model.output_modalities", "Outputs", "texts"),
    FactKey("model.design", "Design and why"),
    FactKey("people.authors", "Authors of this card", "texts"),
    FactKey("people.funded_by", "Funded by"),
    FactKey("people.shared_by", "Shared by"),
    FactKey("links.website", "Website"),
    FactKey("links.repository", "Repository"),
    FactKey("links.paper", "Paper"),
    FactKey("links.demo", "Demonstration"),
    FactKey("links.documentation", "Documentation"),
    FactKey("links.new_version", "Newer model"),
    FactKey("use.direct", "Direct use"),
    FactKey("use.downstream", "Downstream use"),
    FactKey("use.out_of_scope", "Out-of-scope use", inherits=True),
    FactKey("use.users", "Intended users", "texts"),
    FactKey("use.cases", "Use cases", "texts"),
    FactKey("use.systems", "Systems it may be built into"),
    FactKey("use.integration", "Means of integration"),
    FactKey("use.hardware", "Hardware needed"),
    FactKey("use.software", "Software needed"),
    FactKey("risks.biases", "Biases and risks", inherits=True),
    FactKey("risks.limitations", "Limitations", "texts", inherits=True),
    FactKey("risks.recommendations", "Recommendations"),
    FactKey("risks.tradeoffs", "Trade-offs of performance", "texts"),
    FactKey("risks.ethical", "Ethical considerations", "rows", ("name", "mitigation")),
    FactKey("risks.fairness", "Fairness", "rows", ("group", "benefits", "harms", "mitigation")),
    FactKey("risks.safety_level", "Assessed risk"),  # serious, high, medium or low
    FactKey("training.approach", "Kind of learning"),
    FactKey("training.data", "Training data", inherits=True),
    FactKey("training.datasets", "Data sets", "texts", inherits=True),
    FactKey("training.preprocessing", "Preprocessing"),
    FactKey("training.regime", "Training regime"),
    FactKey("training.process", "Training process"),
    FactKey("training.rationale", "Why it was trained so"),
    FactKey("training.hyperparameters", "Hyperparameters", "rows", ("name", "value")),
    FactKey("training.tokens", "Tokens of training", "number"),
    FactKey("training.flop", "Operations of training", "number"),
    FactKey("training.flop_method", "How they were counted"),
    FactKey("training.started", "Training began", "day"),
    FactKey("training.finished", "Training ended", "day"),
    FactKey("training.days", "Training time", "number", unit="days"),
    FactKey("training.hardware", "Hardware of training"),
    FactKey("training.hardware_hours", "Hours of hardware", "number", unit="hours"),
    FactKey("training.provider", "Provider of hardware"),
    FactKey("training.region", "Where it was trained"),
    FactKey("training.software", "Software of training"),
    FactKey("training.speed", "Speeds, sizes, times"),
    FactKey("data.obtained", "How data were obtained and selected", inherits=True),
    FactKey("data.modalities", "Kinds of data", "texts", inherits=True),
    FactKey("data.points", "Data points", "number", inherits=True),
    FactKey("data.scope", "Scope and characteristics", inherits=True),
    FactKey("data.curation", "Curation", inherits=True),
    FactKey("data.unsuitable", "Unsuitable, harmful and personal data", inherits=True),
    FactKey("data.bias_detection", "How biases were looked for", inherits=True),
    FactKey("data.personal", "Personal data", "flag", inherits=True),
    FactKey("data.available_from", "Where data can be had", "texts", inherits=True),
    FactKey("evaluation.data", "Data of evaluation"),
    FactKey("evaluation.factors", "Factors"),
    FactKey("evaluation.metrics", "Metrics"),
    FactKey("evaluation.summary", "Summary"),
    FactKey("evaluation.examination", "What was looked at inside the model"),
    FactKey("energy.training_mwh", "Energy of training", "number", unit="MWh"),
    FactKey("energy.training_method", "How it was measured"),
    FactKey("energy.inference_flop", "Operations of a benchmarked answer", "number"),
    FactKey("energy.inference_method", "Task and hardware of that benchmark"),
    FactKey("energy.co2_kg", "Emissions of training", "number", unit="kg CO2eq"),
    FactKey("energy.co2_source", "Where that figure comes from"),
    FactKey("energy.training_type", "What the emissions are for"),
    FactKey("citation.bibtex", "BibTeX"),
    FactKey("citation.apa", "APA"),
    FactKey("glossary", "Glossary", "rows", ("term", "meaning")),
    FactKey("more", "More information"),
    # Elements of the Open Source AI Definition 1.0; only a person can confirm them.
    FactKey("osaid.data_information", "Data information is enough to build a like system", "flag"),
    FactKey("osaid.code", "All code is there under approved licences", "flag"),
    FactKey("osaid.parameters", "Parameters are there under approved terms", "flag"),
)  # fmt: skip

KNOWN = table(RELEASE, MODEL, DECLARED)
