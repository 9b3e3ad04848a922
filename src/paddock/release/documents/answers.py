"""The files of answers that ``docs`` names: what only people can say, read strictly.

Pure: names and bytes in, facts and descriptions out. A file that is not as its section says is an
error with file and line; an answer that is missing is not an error here but a condition of the form
that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.eu.form import DP, MODEL_DOCUMENTATION
from paddock.release.documents.eu.form_answers import FormAnswers
from paddock.release.documents.eu.summary import TRAINING_SUMMARY
from paddock.release.documents.eu.summary_answers import SummaryAnswers
from paddock.release.documents.form import Form, Row, answered_facts
from paddock.release.documents.us.ab2013 import AB2013, Ab2013Answers
from paddock.release.documents.us.risks import RiskAnswers, risk_facts
from paddock.release.documents.us.sb53 import SB53, Sb53Answers
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact
from paddock.release.spec.reader import parse_section
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.section import Section
from paddock.release.spec.yaml_tree import parse_yaml

# The setting that names a file, and the section that it holds.
ANSWER_FILES: Mapping[str, type[Section]] = {
    "docs.eu.form": FormAnswers,
    "docs.eu.summary": SummaryAnswers,
    "docs.us_ca.ab2013": Ab2013Answers,
    "docs.us_ca.sb53": Sb53Answers,
    "docs.risks": RiskAnswers,
    "docs.datasets": DatasetDescription,
}
_KEYWORDS = frozenset({"auto", "not_applicable"})
T = TypeVar("T", bound=Section)


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that the files of answers say."""

    facts: tuple[Fact, ...] = ()
    restricted: tuple[Fact, ...] = ()  # asked by authorities alone (Annex XI): never published
    datasets: tuple[DatasetDescription, ...] = ()


def answer_files(spec: ReleaseSpec) -> tuple[str, ...]:
    """The files to be read, relative to release.yaml, each once."""
    docs = spec.docs
    eu = (docs.eu.form, docs.eu.summary) if docs.eu else ()
    us = (docs.us_ca.ab2013, docs.us_ca.sb53) if docs.us_ca else ()
    named = [*eu, *us, docs.risks, *docs.datasets]
    return tuple(dict.fromkeys(name for name in named if name and name not in _KEYWORDS))


def read_answers(spec: ReleaseSpec, texts: Mapping[str, bytes]) -> Answers:
    """What ``texts``, by their names in release.yaml, answer; raises BadReleaseFile."""
    docs, facts, restricted = spec.docs, list[Fact](), list[Fact]()
    if docs.eu and docs.eu.form:
        told = _facts(docs.eu.form, texts, FormAnswers, MODEL_DOCUMENTATION)
        public = {
            row.into or row.keys[0] for row in _rows(MODEL_DOCUMENTATION) if DP in row.audiences
        }
        facts += [fact for fact in told if fact.key in public]
        restricted += [fact for fact in told if fact.key not in public]
    if docs.eu and docs.eu.summary:
        facts += _facts(docs.eu.summary, texts, SummaryAnswers, TRAINING_SUMMARY)
    if docs.us_ca and docs.us_ca.ab2013 not in _KEYWORDS:
        facts += _facts(docs.us_ca.ab2013, texts, Ab2013Answers, AB2013)
    if docs.us_ca and docs.us_ca.sb53 not in _KEYWORDS:
        facts += _facts(docs.us_ca.sb53, texts, Sb53Answers, SB53)
    if docs.risks:
        facts += risk_facts(_section(docs.risks, texts, RiskAnswers), docs.risks)
    datasets = tuple(_section(name, texts, DatasetDescription) for name in docs.datasets)
    return Answers(tuple(facts), tuple(restricted), datasets)


def contradictions(declared: Iterable[Fact]) -> tuple[Check, ...]:
    """A condition for each fact that two files declare with different values."""
    first, checks = dict[str, Fact](), list[Check]()
    for fact in declared:
        known = first.setdefault(fact.key, fact)
        if known.is_known and fact.is_known and known.value != fact.value:
            # No values: some are for authorities alone, and conditions are published.
            sentence = f"{fact.name} is {known.origin}, and otherwise {fact.origin}"
            evidence = (Evidence(known.origin), Evidence(fact.origin))
            hint = "say it in one place"
            checks.append(
                Check(f"documents.fact:{fact.key}", "documents", "unmet", sentence, evidence, hint)
            )
    return tuple(checks)


def _facts(name: str, texts: Mapping[str, bytes], section: type[T], form: Form) -> list[Fact]:
    return answered_facts(_section(name, texts, section), _rows(form), name)


def _rows(form: Form) -> Iterable[Row]:
    return (row for part in form.parts for row in part.rows)


def _section(name: str, texts: Mapping[str, bytes], section: type[T]) -> T:
    if name not in texts:
        raise BadReleaseFile(f"{name} is named in docs and does not exist")
    return parse_section(parse_yaml(texts[name], name), section, name)
