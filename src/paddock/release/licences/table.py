"""The table of terms: one row a licence, read from ``table/*.toml``, found by any of its names.

The files are ours and checked as they are read: an unknown key or a name that two rows claim is a
mistake of ours and raises ValueError. No licence's text is in them, only digests, mandated notices
and short quotations with their sections.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, get_args

from paddock.release.licences.naming import licence_by_name
from paddock.release.licences.terms import (
    EDGES,
    GRANTS,
    DutyKind,
    DutyTerm,
    Granted,
    KnownText,
    Terms,
    Words,
)

_ROW = {
    "id", "name", "ids", "hub_id", "source", "models", "text_required", "ends_on_suit",
    "outputs_except", "compatible", "no_further", "texts", "policies", "grants", "scope", "duties",
}  # fmt: skip
_DUTY = {
    "kind", "at", "says", "text", "url", "triggers", "limit", "scope", "asks", "names", "ships",
}  # fmt: skip
_KINDS = frozenset(get_args(DutyKind))


class Table(NamedTuple):
    """Rows by id, and the ids by every other name."""

    rows: Mapping[str, Terms]
    named: Mapping[str, str]

    def find(self, name: str) -> Terms | None:
        """The row of a licence by SPDX id, the Hub's id or another name; None: not known."""
        row = self.named.get(name.strip().lower())
        return None if row is None else self.rows[row]

    def of_model(self, model_id: str) -> Terms | None:
        """The licence that a model's maker is known to put on models of this name."""
        found = licence_by_name(model_id, self.rows.values())
        return None if found is None else self.rows[found]

    def with_rows(self, rows: Iterable[Terms]) -> Table:
        """This table and further rows; a name that is taken keeps its meaning."""
        added = list(rows)
        return Table(
            {**{row.id: row for row in added}, **self.rows},
            {**{name: row.id for row in added for name in row.ids}, **self.named},
        )


@cache
def known_licences() -> Table:
    """Every row that comes with paddock."""
    rows: dict[str, Terms] = {}
    named: dict[str, str] = {}
    folder = files("paddock.release.licences") / "table"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".toml"):
            continue
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["licence"]:
            terms = _terms(row)
            rows[terms.id] = terms
            for name in terms.ids:
                if named.setdefault(name, terms.id) != terms.id:
                    raise ValueError(f"{name} means {named[name]} and {terms.id}")
    return Table(rows, named)


def _terms(row: dict[str, Any]) -> Terms:
    _only(row, _ROW, row["id"])
    _only(row.get("grants", {}), set(GRANTS), row["id"])
    _only(row.get("scope", {}), set(EDGES), row["id"])
    further = row.get("no_further")
    return Terms(
        id=row["id"],
        name=row["name"],
        ids=frozenset({row["id"], *row["ids"]}),
        hub_id=row.get("hub_id"),
        source=row.get("source", ""),
        models=row.get("models"),
        text_required=row.get("text_required", False),
        grants={
            name: Granted(value, Words(at, says) if says else None)
            for name, (value, at, says) in row.get("grants", {}).items()
        },
        duties=tuple(_duty(duty, row["id"]) for duty in row.get("duties", ())),
        scope=row.get("scope", {}),
        outputs_except=frozenset(row.get("outputs_except", ())),
        no_further=Words(*further) if further else None,
        compatible=frozenset(row.get("compatible", ())),
        ends_on_suit=row.get("ends_on_suit"),
        texts=tuple(KnownText(**text) for text in row.get("texts", ())),
        policies=tuple(KnownText(**text) for text in row.get("policies", ())),
    )


def _duty(duty: dict[str, Any], row: str) -> DutyTerm:
    _only(duty, _DUTY, row)
    if duty["kind"] not in _KINDS:
        raise ValueError(f"{row}: {duty['kind']} is no duty")
    rest = {key: value for key, value in duty.items() if key not in {"kind", "at", "says"}}
    if "triggers" in rest:
        rest["triggers"] = frozenset(rest["triggers"])
    if "names" in rest:
        rest["names"] = tuple(rest["names"])
    return DutyTerm(duty["kind"], Words(duty["at"], duty["says"]), **rest)


def _only(found: Iterable[str], allowed: set[str], row: str) -> None:
    if unknown := set(found) - allowed:
        raise ValueError(f"{row}: unknown keys {sorted(unknown)}")
