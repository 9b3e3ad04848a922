"""Facts about what is withheld, for the release's documents.

Pure. Counts are measured from headers; reasons and dates are what release.yaml says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from paddock.release.facts import Fact, declared, measured
from paddock.release.withholding.architecture import TensorShape
from paddock.release.withholding.withheld import ConfigChange, Withheld, WithheldTensor


def facts_of(withheld: Withheld, source: Mapping[str, TensorShape]) -> list[Fact]:
    """What the documents may say; nothing withheld gives no facts."""
    if not withheld:
        return []
    kept_back = sum(withheld_parameters(tensor) for tensor in withheld.tensors)
    all_of_them = sum(math.prod(tensor.shape) for tensor in source.values())
    facts = [
        declared(
            "Withheld",
            [f"{item.rule} ({item.reason}): {item.replaced_how}" for item in withheld.items],
            "withheld.items",
        ),
        declared(
            "Withheld until reviewed on",
            sorted({str(item.review_date) for item in withheld.items if item.review_date}),
            "withheld.review_dates",
        ),
        measured("Withheld tensors", len(withheld.tensors), "withheld.tensors"),
        measured("Withheld parameters", kept_back, "withheld.parameters"),
        measured("Withheld files", len(withheld.files), "withheld.files"),
        measured("Withheld data fields", len(withheld.fields), "withheld.fields"),
    ]
    if kept_back and all_of_them:
        share = round(kept_back / all_of_them, 6)
        facts.append(measured("Share of the parameters withheld", share, "withheld.share"))
    return [*facts, *_changes(withheld.config_changes)]


def withheld_parameters(tensor: WithheldTensor) -> int:
    """How many numbers of a tensor are withheld."""
    if tensor.rows is None:
        return math.prod(tensor.shape)
    return len(tensor.rows) * math.prod(tensor.shape[1:])


def _changes(changes: Iterable[ConfigChange]) -> list[Fact]:
    return [
        measured(
            f"{change.key} of the open version",
            change.after,
            f"withheld.config.{change.key}",
            f"{change.before} in the source",
        )
        for change in changes
    ]
