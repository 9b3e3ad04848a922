"""Results that a repository names in the Hub's two forms: its card, and ``.eval_results``.

Pure but for the parser of YAML, which is bounded. Neither form has a field for an interval, so
these results are points, and of unknown certainty. (Formats: hub-docs, ``modelcard.md`` and
``eval_results.yaml``.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock.errors import PaddockError
from paddock.front_matter import parse_front_matter
from paddock.hub.releases.fields import mapping, number, rows, text
from paddock.hub.releases.results import MAX_RESULTS, Result

FOLDER = ".eval_results"
OF_RELEASE = ".eval_results/release.yaml"  # repeats what release.json says, and less of it
MAX_FILES = 50
MAX_FILE_BYTES = 256 << 10


def results_of_file(raw: bytes, path: str) -> tuple[Result, ...]:
    """The results of one file; nothing where it cannot be read."""
    if len(raw) > MAX_FILE_BYTES:
        return ()
    try:
        entries = parse_front_matter(raw.decode("utf-8"))
    except (PaddockError, UnicodeDecodeError):
        return ()
    return tuple(_of_entries(entries, path))[:MAX_RESULTS]


def results_of_card(card: Mapping[str, Any]) -> tuple[Result, ...]:
    """The results of a card's ``model-index``."""
    return tuple(_of_index(card.get("model-index")))[:MAX_RESULTS]


def _of_entries(entries: object, path: str) -> Iterator[Result]:
    for entry in rows(entries, MAX_RESULTS):
        dataset, value = mapping(entry.get("dataset")), number(entry.get("value"))
        id_, task = text(dataset.get("id"), 300), text(dataset.get("task_id"), 300)
        if id_ is None or value is None:
            continue
        yield Result(
            eval=id_ if task in (None, "default") else f"{id_} {task}",
            value=value,
            task=task,
            dataset=id_,
            dataset_revision=text(dataset.get("revision"), 200),
            date=text(entry.get("date"), 40),
            note=text(entry.get("notes"), 500),
            path=path,
            source="file",
        )


def _of_index(index: object) -> Iterator[Result]:
    for model in rows(index, 100):
        for result in rows(model.get("results"), MAX_RESULTS):
            dataset, task = mapping(result.get("dataset")), mapping(result.get("task"))
            named = text(dataset.get("name"), 300) or text(dataset.get("type"), 300)
            for metric in rows(result.get("metrics"), 100):
                value = number(metric.get("value"))
                kind = text(metric.get("type"), 300)
                if value is None or named is None:
                    continue
                name = text(metric.get("name"), 300) or kind
                yield Result(
                    eval=f"{named}: {name}" if name else named,
                    value=value,
                    metric=kind,
                    task=text(task.get("type"), 300),
                    dataset=named,
                    dataset_revision=text(dataset.get("revision"), 200),
                    source="card",
                )
