"""release.json, read into values: by a strict parser, under bounds, row by row.

Pure. JSON that has two readings is refused whole; a row of the wrong kind is left out, because one
row nobody understands should not hide what the others say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.hub.releases.fields import digest, flag, in_words, mapping, rows, text, texts, whole
from paddock.hub.releases.results import read_results
from paddock.hub.releases.values import (
    Ancestor,
    Check,
    Component,
    Evidence,
    Fact,
    NamedKey,
    Output,
    ReleasedFile,
    Source,
    Statement,
    Withheld,
)

MANIFEST = "release.json"
MAX_STATEMENT_BYTES = 4 << 20
MAX_ANCESTORS = 200
MAX_FILES = 5000
MAX_KEYS = 100
_EDGES = ("base_model", "distilled_from", "trained_on_outputs_of")
_SOURCES = frozenset(get_args(Source))
_LICENCE_KINDS = ("distribution", "code", "data", "document")


class BadStatement(BadInput):
    """A file of a release that nobody can read."""

    code = "bad_release_statement"


def parse_statement(raw: bytes) -> Statement:
    """What release.json says; raises BadStatement."""
    document = parse_document(raw, MANIFEST, MAX_STATEMENT_BYTES)
    name, version = text(document.get("name"), 200), text(document.get("version"), 200)
    if name is None or version is None:
        raise BadStatement(f"{MANIFEST} does not say which release it is of")
    access, signatures = mapping(document.get("access")), mapping(document.get("signatures"))
    tool = mapping(document.get("tool"))
    files = document.get("files")
    return Statement(
        name=name,
        version=version,
        sha256=sha256_hex(raw),
        size_bytes=len(raw),
        producer=_texts_of(document.get("producer")),
        metadata=_texts_of(document.get("metadata")),
        licences=_texts_of(document.get("licenses"), _LICENCE_KINDS),
        stage=text(access.get("stage"), 40),
        mechanism=text(access.get("mechanism"), 40),
        components=tuple(_components(document.get("components"))),
        withheld=tuple(_withheld(document.get("withheld"))),
        facts=tuple(_facts(document.get("facts"))),
        results=read_results(document.get("results")),
        checks=read_checks(document.get("checks")),
        outputs=tuple(_outputs(document.get("outputs"))),
        ancestors=tuple(_ancestors(document)),
        keys=tuple(_keys(signatures))[:MAX_KEYS],
        threshold=whole(mapping(signatures.get("dsse")).get("threshold")),
        identity=text(mapping(signatures.get("keyless")).get("identity"), 300),
        has_update_metadata="tuf" in signatures,
        files=tuple(_files(files)),
        file_count=len(files) if isinstance(files, list) else 0,
        root=digest(mapping(document.get("root")).get("digest")),
        content_root=digest(document.get("content_root")),
        tool=text(" ".join(texts([tool.get("name"), tool.get("version")])), 100),
    )


def parse_document(raw: bytes, where: str, limit_bytes: int) -> dict[str, Any]:
    """A JSON object with one reading; raises BadStatement."""
    if len(raw) > limit_bytes:
        raise BadStatement(f"{where} has {len(raw)} bytes, more than the {limit_bytes} shown here")
    try:
        return parse_object(raw, where, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadStatement(e.message) from e


def read_checks(value: object) -> tuple[Check, ...]:
    """The rows of conditions."""
    return tuple(_checks(value))


def _checks(value: object) -> Iterator[Check]:
    for row in rows(value):
        id_, sentence = text(row.get("id"), 300), text(row.get("sentence"))
        if id_ is None or sentence is None:
            continue
        yield Check(
            id_,
            text(row.get("group"), 40) or "other",
            text(row.get("status"), 40) or "undecided",
            sentence,
            tuple(_evidence(row.get("evidence"))),
            text(row.get("hint")),
        )


def _evidence(value: object) -> Iterator[Evidence]:
    for row in rows(value, 20):
        if (what := text(row.get("what"), 300)) is not None:
            sha256 = digest(row.get("sha256"))
            yield Evidence(what, text(row.get("quote")), text(row.get("path"), 500), sha256)


def _texts_of(value: object, only: tuple[str, ...] | None = None) -> dict[str, str]:
    """The plain members of an object, for people."""
    items = list(mapping(value).items())[:50]
    return {
        key[:100]: said
        for key, item in items
        if (only is None or key in only) and (said := in_words(item)) is not None
    }


def _components(value: object) -> Iterator[Component]:
    for row in rows(value, 100):
        name, access = text(row.get("name"), 100), text(row.get("access"), 40)
        if name is None or access is None:
            continue
        yield Component(
            name,
            access,
            text(row.get("license"), 200),
            texts(row.get("path")),
            text(row.get("reason"), 100),
            text(row.get("review_date"), 40),
            digest(mapping(row.get("commitment")).get("value")),
            bool(row.get("withhold")),
        )


def _withheld(value: object) -> Iterator[Withheld]:
    for row in rows(value):
        if (what := text(row.get("what"))) is not None:
            yield Withheld(
                text(row.get("component"), 100),
                what,
                text(row.get("replaced"), 300),
                text(row.get("reason"), 100),
                text(row.get("review_date"), 40),
                text(row.get("commitment"), 200),
            )


def _facts(value: object) -> Iterator[Fact]:
    for row in rows(value):
        key, words = text(row.get("key"), 200), in_words(row.get("value"))
        if key is None or words is None:
            continue
        unit = text(row.get("unit"), 40)
        source: Any = row.get("source")
        yield Fact(
            key,
            text(row.get("name"), 200) or key,
            f"{words} {unit}" if unit else words,
            source if source in _SOURCES else "unknown",
            text(row.get("by"), 200),
        )


def _outputs(value: object) -> Iterator[Output]:
    for row in rows(value, 200):
        if (id_ := text(row.get("id"), 100)) is None:
            continue
        yield Output(
            id=id_,
            format=text(row.get("format"), 40),
            folder=text(row.get("folder"), 200),
            dtype=text(row.get("dtype"), 40),
            quant=text(row.get("quant"), 40),
            made_from=text(row.get("from"), 100),
            files=texts(row.get("files"), 1000),
            weights_sha256=digest(row.get("weights_sha256")),
        )


def _ancestors(document: Mapping[str, Any]) -> Iterator[Ancestor]:
    """As far back as was known when it was built; of older releases the parents alone."""
    lineage = mapping(document.get("lineage"))
    revisions = {
        row.get("id"): text(row.get("revision"), 200)
        for key in _EDGES
        for row in rows(lineage.get(key), MAX_ANCESTORS)
        if isinstance(row.get("id"), str)
    }
    if isinstance(document.get("ancestors"), list):
        found = [(row, row.get("path")) for row in rows(document["ancestors"], MAX_ANCESTORS)]
    else:
        found = [
            (row, [row.get("relation") or "finetune" if key == "base_model" else key])
            for key in _EDGES
            for row in rows(lineage.get(key), MAX_ANCESTORS)
        ]
    for row, path in found:
        name, edges = text(row.get("id"), 200), texts(path, 20)
        if name is not None and edges:
            licence, is_modified = text(row.get("license"), 200), flag(row.get("modified"))
            yield Ancestor(name, edges, licence, is_modified, revisions.get(row.get("id")))


def _keys(signatures: Mapping[str, Any]) -> Iterator[NamedKey]:
    oms, dsse = mapping(signatures.get("oms")), mapping(signatures.get("dsse"))
    named = [("oms", oms.get("key")), *(("dsse", row) for row in rows(dsse.get("keys"), MAX_KEYS))]
    for role, value in named:
        row = mapping(value)
        if (fingerprint := digest(row.get("fingerprint"))) is not None:
            kind, public = text(row.get("kind"), 40), row.get("public")
            is_pem = isinstance(public, str) and len(public) <= 10_000
            yield NamedKey(fingerprint, kind, public if is_pem else None, role)


def _files(value: object) -> Iterator[ReleasedFile]:
    for row in rows(value, MAX_FILES):
        if (path := text(row.get("path"), 1000)) is not None:
            yield ReleasedFile(
                path,
                text(row.get("role"), 40),
                whole(row.get("size_bytes")),
                digest(row.get("sha256")),
            )
