"""The Hub's ``.eval_results/*.yaml``, read: values of benchmarks, without intervals.

The format is the Hub's (hub-docs, ``eval_results.yaml``). It says neither samples nor intervals nor
which bytes were measured, so such a result can be shown and meets no bound.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from paddock.release.errors import BadReleaseFile
from paddock.release.results.result import BadResults, Result, checked_date
from paddock.release.spec.reader import parse_section
from paddock.release.spec.section import Number, Section, Text
from paddock.release.spec.yaml_tree import parse_yaml


class Benchmark(Section):
    """A task of a benchmark."""

    id: Text
    task_id: Text
    revision: Text | None = None


class Origin(Section):
    """Where the result can be read."""

    url: Text
    name: Text | None = None
    user: Text | None = None
    org: Text | None = None


class Entry(Section):
    """One result, as the Hub has it."""

    dataset: Benchmark
    value: Number
    verify_token: Annotated[Text | None, Field(alias="verifyToken")] = None
    date: Text | None = None
    source: Origin | None = None
    notes: Text | None = None


def parse_eval_results(content: bytes, where: str) -> tuple[Result, ...]:
    """The results in ``content``; raises BadResults."""
    try:
        tree = parse_yaml(content, where)
        if not isinstance(tree.value, list):
            raise BadResults(f"{where}:{tree.line}: must be a list of results")
        entries = [parse_section(node, Entry, where) for node in tree.value]
    except BadReleaseFile as e:
        raise BadResults(e.message, hint=e.hint) from e
    return tuple(_result(entry, where) for entry in entries)


def _result(entry: Entry, where: str) -> Result:
    benchmark = entry.dataset
    return Result(
        eval=benchmark.task_id if benchmark.task_id != "default" else benchmark.id,
        value=entry.value,
        task=benchmark.task_id,
        dataset=benchmark.id,
        dataset_revision=benchmark.revision,
        date=checked_date(entry.date, where),
    )
