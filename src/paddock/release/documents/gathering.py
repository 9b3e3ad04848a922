"""From files beside release.yaml to the content that every document is made of.

The thin file of this room that reads: the author's facts and answers, results, the card's own text,
releases of parents. Everything is bounded and stays inside the release file's folder; what it says
is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paddock.digest import sha256_hex
from paddock.front_matter import BadFrontMatter, parse_front_matter, split_document
from paddock.release.documents.answers import answer_files, contradictions, read_answers
from paddock.release.documents.collecting import collect, inherited_facts
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.declared import read_declared
from paddock.release.documents.said import said_facts
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check
from paddock.release.facts import Fact
from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    Manifest,
    ReleaseFile,
    parse_manifest,
)
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.licences.judgement import Judgement
from paddock.release.results.reading import MAX_RESULTS_BYTES, parse_results
from paddock.release.results.result import Result
from paddock.release.spec.publish import HubDestination, HuggingFaceDestination
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Withheld

MAX_TEXT_BYTES = 1 << 20
_CARD = "docs.model_card"


@dataclass(frozen=True, slots=True)
class DocumentInputs:
    """What the files beside release.yaml say."""

    declared: tuple[Fact, ...] = ()
    answered: tuple[Fact, ...] = ()
    restricted: tuple[Fact, ...] = ()  # answers for authorities alone
    datasets: tuple[DatasetDescription, ...] = ()
    results: tuple[Result, ...] = ()
    parents: Mapping[str, Manifest] = field(default_factory=dict)
    parent_digests: Mapping[str, str] = field(default_factory=dict)  # of release.json, by id
    texts: Mapping[str, bytes] = field(default_factory=dict)  # by their names in release.yaml
    card_text: str | None = None  # of docs.model_card

    def believing(self, signed: Mapping[str, str]) -> DocumentInputs:
        """Without releases of parents but those whose bytes, by the parent's id, were verified.

        ``signed`` has the SHA-256 of each release.json: its root binds files and no facts.
        """
        parents = {
            id_: manifest
            for id_, manifest in self.parents.items()
            if self.parent_digests.get(id_) == signed.get(id_, "")
        }
        return replace(self, parents=parents)


@dataclass(frozen=True, slots=True)
class Known:
    """What the plan and the build know by the time documents are written."""

    measured: tuple[Fact, ...] = ()
    files: tuple[ReleaseFile, ...] = ()  # all but documents and signatures, sorted by path
    readme: str = ""  # of the source; "" when it is an unfilled template
    front_matter: str | None = None  # of that README
    is_chat: bool = False
    judgement: Judgement = field(default_factory=Judgement)
    withheld: Withheld = field(default_factory=Withheld)
    previous: Manifest | None = None
    checks: tuple[Check, ...] = ()
    provenances: tuple[Mapping[str, Any], ...] = ()
    results: tuple[Result, ...] = ()  # of the build's own measurements
    texts: Mapping[str, bytes] = field(default_factory=dict)  # of files in the release, their heads


def read_inputs(base: Path, spec: ReleaseSpec) -> DocumentInputs:
    """Read what ``docs``, ``audit.results`` and ``lineage`` name, relative to ``base``.

    Raises BadReleaseFile, with file and line where there is one.
    """
    docs = spec.docs
    card = None if docs.model_card == "auto" else docs.model_card
    policy = docs.eu.copyright_policy if docs.eu else None
    wanted = [*answer_files(spec), *(name for name in (docs.facts, card, policy) if name)]
    texts = {name: _read(base, name) for name in dict.fromkeys(wanted)}
    answers = read_answers(spec, texts)
    parents = _parents(base, spec)
    return DocumentInputs(
        declared=read_declared(texts[docs.facts], docs.facts) if docs.facts else (),
        answered=answers.facts,
        restricted=answers.restricted,
        datasets=answers.datasets,
        results=_results(base, spec.audit.results),
        parents={id_: parse_manifest(raw) for id_, raw in parents.items()},
        parent_digests={id_: sha256_hex(raw) for id_, raw in parents.items()},
        texts=texts,
        card_text=_card_text(texts[card], card) if card else None,
    )


def gather(spec: ReleaseSpec, inputs: DocumentInputs, known: Known) -> DocumentContent:
    """Everything in one value; pure."""
    said = (*said_facts(spec), *inputs.declared, *inputs.answered)
    others = (*known.judgement.facts, *known.withheld.facts)
    found = collect(known.measured, (*said, *others), inherited_facts(inputs.parents))
    text = inputs.card_text if inputs.card_text is not None else known.readme
    return DocumentContent(
        spec=spec,
        facts=found.facts,
        files=known.files,
        repo=_repo(spec),
        authors_text=text.strip() or None,
        authors_claims=_own_words(spec, inputs, text),
        authors_front_matter=_front_matter(known.front_matter),
        is_chat=known.is_chat,
        judgement=known.judgement,
        withheld=known.withheld,
        results=(*inputs.results, *known.results),
        previous=known.previous,
        checks=known.checks,
        restricted=inputs.restricted,
        fact_checks=(*found.checks, *contradictions((*said, *inputs.restricted))),
        provenances=known.provenances,
        datasets=inputs.datasets,
        texts={**inputs.texts, **known.texts},
    )


def _repo(spec: ReleaseSpec) -> str | None:
    return next(
        (d.repo for d in spec.publish if isinstance(d, HubDestination | HuggingFaceDestination)),
        None,
    )


def _own_words(spec: ReleaseSpec, inputs: DocumentInputs, text: str) -> dict[str, str]:
    """Every text that people wrote and the card shows, by where it stands."""
    words = {
        spec.docs.model_card if inputs.card_text is not None else "README.md": text,
        "metadata.description": spec.metadata.description or "",
        "docs.changes": spec.docs.changes or "",
        **dict(spec.access.texts),
    }
    words |= {f"components[{c.name}]": c.description or "" for c in spec.components}
    for fact in (*inputs.declared, *inputs.answered, *inputs.restricted):
        words[fact.key] = _text_of(fact.value)
    return {where: said for where, said in words.items() if said.strip()}


def _text_of(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text_of(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(_text_of(item) for item in value.values())
    return value if isinstance(value, str) else ""


def _front_matter(raw: str | None) -> Any:
    """Plain values; what cannot be read claims nothing, since nothing of it is carried."""
    try:
        return parse_front_matter(raw) if raw else None
    except BadFrontMatter:
        return None


def _card_text(raw: bytes, name: str) -> str:
    try:
        return split_document(raw.decode("utf-8")).body.strip()
    except UnicodeDecodeError as e:
        raise BadReleaseFile(f"{name} is not UTF-8", hint=f"{_CARD} names a Markdown file") from e


def _results(base: Path, patterns: Iterable[str]) -> tuple[Result, ...]:
    """The results in the files; a pattern that matches none is an error."""
    wanted, found = list(patterns), list[Result]()
    if not wanted:
        return ()
    with opened_folder(base) as root_fd:
        paths = sorted(list_folder(root_fd).files)
    for pattern in wanted:
        if not matching(pattern, paths):
            raise BadReleaseFile(
                f"audit.results: {pattern!r} matches no file beside the release file"
            )
    for path in sorted({path for pattern in wanted for path in matching(pattern, paths)}):
        found += parse_results(_read(base, path, MAX_RESULTS_BYTES), path)
    return tuple(found)


def _parents(base: Path, spec: ReleaseSpec) -> dict[str, bytes]:
    """release.json of every parent whose copy lies beside the release file and has one."""
    found = {}
    for parent in spec.lineage.base_model:
        if parent.path is not None and (base / parent.path / MANIFEST_NAME).is_file():
            found[parent.id] = _read(base, f"{parent.path}/{MANIFEST_NAME}", MAX_MANIFEST_BYTES)
    return found


def _read(base: Path, name: str, limit_bytes: int = MAX_TEXT_BYTES) -> bytes:
    try:
        with opened_folder(base) as root_fd:
            raw = read_beneath(root_fd, name, limit_bytes)
    except OSError as e:
        raise BadReleaseFile(f"{name} cannot be read: {e.strerror or e}") from e
    if len(raw) > limit_bytes:
        raise BadReleaseFile(f"{name} is larger than {limit_bytes} bytes")
    return raw
