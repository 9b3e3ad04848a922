"""The box beside a card: what is known of the model, and how.

Pure: values in, rows out. What a release says goes before what the card says; what this hub counted
itself is marked so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from paddock.hub.catalogue.card import texts
from paddock.hub.releases.values import Statement
from paddock.hub.types import Kind, Repository

MAX_SHOWN = 40
_LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
# Of configurations, by the name of what they say.
_CONFIG = {
    "model.context_tokens": ("max_position_embeddings", "n_positions", "seq_length"),
    "model.vocabulary": ("vocab_size",),
}


class Link(NamedTuple):
    """Words, and where they lead, if anywhere."""

    label: str
    href: str | None = None


class Row(NamedTuple):
    """One thing that is known."""

    name: str
    values: tuple[Link, ...]
    source: str | None = None  # measured, declared, inherited, counted


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that rows are made of."""

    repo: Repository
    statement: Statement | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    paths: Sequence[str] = ()
    here: Mapping[str, str] = field(default_factory=dict)  # models and datasets of this hub
    page: Callable[[str], str] = quote  # of a file

    @property
    def card(self) -> Mapping[str, Any]:
        return self.repo.card or {}

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.repo.facts or {}


def rows_of(known: Known) -> list[Row]:
    """The rows that say something."""
    if known.repo.kind is Kind.MODEL:
        found = [
            _parameters(known), _dtypes(known),
            _measured(known, "model.context_tokens", "Context"),
            _measured(known, "model.vocabulary", "Vocabulary"), _architecture(known),
        ]  # fmt: skip
    else:
        found = [_listed(known, key, name) for key, name in _OF_DATASETS.items()]
    found += [_licence(known), _languages(known), *_named(known)]
    return [row for row in found if row is not None and row.values]


_OF_DATASETS = {
    "task_categories": "Tasks",
    "size_categories": "Rows",
    "source_datasets": "Sources",
}


def tags_of(repo: Repository) -> tuple[Link, ...]:
    """The card's own tags, each leading to what else has it."""
    tags = texts((repo.card or {}).get("tags"))[:MAX_SHOWN]
    return tuple(Link(tag, _list(repo.kind, tag)) for tag in dict.fromkeys(tags))


def names_of(repo: Repository) -> tuple[list[str], list[str]]:
    """The models and the datasets that a card names, for whoever looks them up."""
    card = repo.card or {}
    return texts(card.get("base_model"))[:MAX_SHOWN], texts(card.get("datasets"))[:MAX_SHOWN]


def _fact(known: Known, key: str, name: str) -> Row | None:
    fact = known.statement.fact(key) if known.statement is not None else None
    return Row(name, (Link(fact.words),), fact.source) if fact is not None else None


def _parameters(known: Known) -> Row | None:
    counted = known.facts.get("safetensors")
    if isinstance(counted, dict) and type(counted.get("total")) is int:
        return Row("Parameters", (Link(f"{counted['total']:,}"),), "counted")
    return _fact(known, "model.parameters", "Parameters")


def _dtypes(known: Known) -> Row | None:
    counted = known.facts.get("safetensors")
    if isinstance(counted, dict) and isinstance(counted.get("parameters"), dict):
        return Row("Stored as", (Link(", ".join(sorted(counted["parameters"]))),), "counted")
    return _fact(known, "model.dtypes", "Stored as")


def _measured(known: Known, key: str, name: str) -> Row | None:
    if (row := _fact(known, key, name)) is not None:
        return row
    for setting in _CONFIG[key]:
        value = known.config.get(setting)
        if type(value) is int and 0 < value < 1 << 53:
            unit = " tokens" if key == "model.context_tokens" else ""
            return Row(name, (Link(f"{value:,}{unit}"),), "declared")
    return None


def _architecture(known: Known) -> Row | None:
    if (row := _fact(known, "model.architecture", "Architecture")) is not None:
        return row
    summary = known.facts.get("config") or {}
    names = texts(summary.get("architectures")) or texts(summary.get("model_type"))
    return Row("Architecture", tuple(Link(name) for name in names[:3]), "declared")


def _licence(known: Known) -> Row | None:
    said = texts(known.card.get("license"))
    if known.statement is not None and "distribution" in known.statement.licences:
        said = [known.statement.licences["distribution"]]
    if not said and (name := texts(known.card.get("license_name"))):
        said = name
    file = next((path for path in _LICENCE_FILES if path in known.paths), None)
    values = [Link(name) for name in said[:5]]
    if file is not None:
        values.append(Link("its text", known.page(file)))
    if said and known.repo.kind is Kind.MODEL:
        values.append(Link("duties", f"{known.repo.web_path}/release#licence"))
    return Row("Licence", tuple(values), "declared") if values else None


def _languages(known: Known) -> Row:
    codes = texts(known.card.get("language"))[:MAX_SHOWN]
    tag = "language:{}" if known.repo.kind is Kind.DATASET else "{}"
    links = (Link(code, _list(known.repo.kind, tag.format(code))) for code in codes)
    return Row("Languages", tuple(links), "declared")


def _listed(known: Known, key: str, name: str) -> Row:
    values = texts(known.card.get(key))[:MAX_SHOWN]
    links = (Link(value, _list(known.repo.kind, f"{key}:{value}")) for value in values)
    return Row(name, tuple(links), "declared")


def _named(known: Known) -> list[Row]:
    """Models and datasets that the card names: links to those that are here."""
    bases, data = names_of(known.repo)
    relation = str((known.facts.get("base_models") or {}).get("relation"))
    title = {"adapter": "Adapter of", "merge": "Merged from", "quantized": "Quantised from"}
    of_models = tuple(Link(name, known.here.get(f"model {name.lower()}")) for name in bases)
    of_data = tuple(Link(name, known.here.get(f"dataset {name.lower()}")) for name in data)
    return [
        Row(title.get(relation, "Fine-tuned from"), of_models, "declared"),
        Row("Datasets", of_data, "declared"),
    ]


def _list(kind: Kind, tag: str) -> str:
    return f"/{kind}s?{urlencode({'filter': tag})}"
