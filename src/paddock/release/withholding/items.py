"""The items of a release: every component or rule of release.yaml that keeps something back.

Pure. An item's id is the component's name and the number of its rule, so it stays the same while
nobody reorders the rules: salts, commitments and proofs hang on it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from paddock.release.spec.components import Component, WithholdRule
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Item


class Entry(NamedTuple):
    """An item, and what release.yaml says of it."""

    item: Item
    component: Component
    rule: WithholdRule | None  # None: the component as a whole


def has_rules(spec: ReleaseSpec) -> bool:
    """Whether anything is kept back."""
    return any(part.access == "withheld" or part.withhold for part in spec.components)


def entries_of(spec: ReleaseSpec) -> list[Entry]:
    """Every item, in the order of release.yaml."""
    entries = []
    for part in spec.components:
        slug = re.sub(r"[^a-z0-9]+", "-", part.name.lower()).strip("-")
        if part.access == "withheld" and part.reason is not None:
            what = ", ".join(part.paths) or "the whole component"
            item = Item(slug, part.name, what, part.reason, "drop", part.review_date, "left out")
            entries.append(Entry(item, part, None))
        for number, rule in enumerate(part.withhold, 1):
            item = Item(
                f"{slug}.{number}",
                part.name,
                rule_text(rule),
                rule.reason,
                rule.replace,
                rule.review_date,
                "left out",
            )
            entries.append(Entry(item, part, rule))
    return entries


def is_about_tensors(rule: WithholdRule) -> bool:
    """Whether a rule means weights."""
    return rule.match is not None or rule.layers is not None or rule.experts is not None


def rule_text(rule: WithholdRule) -> str:
    """A rule for people: what it names."""
    if rule.match is not None:
        return f"tensors {rule.match}"
    if rule.experts is not None:
        where = f" of layers {spans(rule.layers)}" if rule.layers is not None else ""
        return f"experts {spans(rule.experts)}{where}"
    if rule.layers is not None:
        return f"layers {spans(rule.layers)}"
    if rule.adapter is not None:
        return f"adapter {rule.adapter}"
    if rule.field is not None:
        return f"field {rule.field.name} of {rule.field.file}"
    return f"files {rule.file}"


def spans(numbers: tuple[int, ...]) -> str:
    """Sorted numbers, runs of them as 8-11."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
