"""A description of a data set as Croissant JSON-LD, with RAI 1.0.

Pure. Croissant 1.0, and 1.1 where something is said that only 1.1 has words for: what the data were
made from (PROV-O) and which uses are forbidden (ODRL). Files and their digests are the release's
own; their fields are read from their first lines; everything else is the author's description.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.croissant.record_sets import (
    ENCODING_FORMATS,
    MAX_HEAD_BYTES,
    Field,
    fields_of,
    suffix_of,
)
from paddock.release.documents.plain import visible_values
from paddock.release.evidence import Check
from paddock.release.files.manifest import ReleaseFile
from paddock.release.files.paths import matching

FOLDER = "documents/croissant"
_UP = "../../"  # from there to the release's own folder
_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty",
    "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
_TERMS_1_1 = ("arrayShape", "containedIn", "isArray")


def documents_of(content: DocumentContent) -> dict[str, bytes]:
    """A file for each data set that is described, by path."""
    names = file_names(content.datasets)
    return {
        f"{FOLDER}/{name}": render_croissant(described, content)
        for name, described in zip(names, content.datasets, strict=True)
    }


def file_names(datasets: Sequence[DatasetDescription]) -> list[str]:
    """A file name for each, out of its name; a number where two would be the same."""
    found: list[str] = []
    for described in datasets:
        kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in described.name.lower())
        name = "-".join(part for part in kept.split("-") if part)[:80] or "dataset"
        count = sum(other == f"{name}.json" or other.startswith(f"{name}~") for other in found)
        found.append(f"{name}~{count + 1}.json" if count else f"{name}.json")
    return found


def wanted_heads(datasets: Sequence[DatasetDescription], paths: Sequence[str]) -> list[str]:
    """The files whose first ``MAX_HEAD_BYTES`` must be among the content's texts."""
    shipped = {path for one in datasets for glob in one.files for path in matching(glob, [*paths])}
    return sorted(path for path in shipped if suffix_of(path) in {".jsonl", ".csv", ".tsv"})


def render_croissant(described: DatasetDescription, content: DocumentContent) -> bytes:
    """The description as JSON-LD."""
    files = _shipped(described, content)
    is_1_1 = bool(described.derived_from or described.prohibited)
    document = {
        "@context": _context(is_1_1),
        "@type": "sc:Dataset",
        **_core(described, content, bool(files), is_1_1),
        **_rai(described),
        "distribution": _distribution(described, files),
        "recordSet": _record_sets(files, content.texts or {}, is_1_1),
    }
    kept = {key: value for key, value in document.items() if value not in (None, "", [], ())}
    return (json.dumps(visible_values(kept), indent=2, ensure_ascii=False) + "\n").encode()


def judge_croissant(content: DocumentContent) -> list[Check]:
    """What Croissant requires of a data set and nobody stated."""
    checks = []
    for name, described in zip(file_names(content.datasets), content.datasets, strict=True):
        files = _shipped(described, content)
        core = _core(described, content, bool(described.files), False)
        missing = [key for key in _REQUIRED if core.get(key) in (None, "", [], ())]
        checks += [_missing(name, described, key) for key in missing]
        is_planned = not content.files  # nothing is known of the files before they are built
        if described.files and not files and not is_planned:
            sentence = f"no file of the release is one of {', '.join(described.files)}"
            checks.append(
                Check(f"documents.croissant.{name}.files", "documents", "unmet", sentence)
            )
        if not missing and (files or is_planned or not described.files):
            sentence = f"the data set {described.name} is described as Croissant requires"
            checks.append(Check(f"documents.croissant.{name}", "documents", "met", sentence))
    return checks


_REQUIRED = {
    "license": "licence", "url": "url", "creator": "creators", "datePublished": "published",
}  # fmt: skip


def _missing(name: str, described: DatasetDescription, key: str) -> Check:
    answer = _REQUIRED[key]
    sentence = f"Croissant requires {key} of the data set {described.name}"
    hint = f"answer {answer} in its description (docs.datasets)"
    return Check(f"documents.croissant.{name}.{answer}", "documents", "unmet", sentence, hint=hint)


def _shipped(described: DatasetDescription, content: DocumentContent) -> list[ReleaseFile]:
    by_path = {file.path: file for file in content.files}
    paths = {path for glob in described.files for path in matching(glob, [*by_path])}
    return [by_path[path] for path in sorted(paths)]


def _context(is_1_1: bool) -> dict[str, Any]:
    terms = sorted((*_TERMS, *_TERMS_1_1) if is_1_1 else _TERMS)
    context: dict[str, Any] = {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        **{term: f"cr:{term}" for term in terms},
    }
    if is_1_1:
        context["description"] = {"@container": "@language"}
        context["name"] = {"@container": "@language"}
        context["odrl"] = "http://www.w3.org/ns/odrl/2/"
        context["prov"] = "http://www.w3.org/ns/prov#"
    return context


def _core(
    described: DatasetDescription, content: DocumentContent, ours: bool, is_1_1: bool
) -> dict[str, Any]:
    """Schema.org's part; what the release ships is the producer's unless it says otherwise."""
    spec = content.spec
    producer = spec.metadata.producer
    creators = described.creators or ((producer.name,) if ours and producer else ())
    terms = spec.licenses.data or spec.licenses.distribution
    licence = described.licence or (terms if ours else None)
    published = described.published or (spec.metadata.date if ours else None)
    conforms = [f"http://mlcommons.org/croissant/{'1.1' if is_1_1 else '1.0'}"]
    if _rai(described):
        conforms.append("http://mlcommons.org/croissant/RAI/1.0")
    core: dict[str, Any] = {
        "name": described.name,
        "description": described.description,
        "conformsTo": conforms[0] if len(conforms) == 1 else conforms,
        "license": None if licence == "unknown" else licence,
        "url": described.url,
        "creator": [{"@type": "sc:Organization", "name": name} for name in creators],
        "datePublished": str(published) if published else None,
        "dateCreated": str(described.created) if described.created else None,
        "dateModified": str(described.modified) if described.modified else None,
        "version": described.version or (content.version if ours else None),
        "publisher": {"@type": "sc:Organization", "name": described.publisher}
        if described.publisher else None,
        "keywords": list(described.keywords),
        "inLanguage": list(described.languages),
        "sameAs": list(described.same_as),
        "sdLicense": spec.licenses.document,
        "citeAs": described.citation,
        "isLiveDataset": True if described.live else None,
    }  # fmt: skip
    if is_1_1:
        core["prov:wasDerivedFrom"] = [{"@id": source} for source in described.derived_from]
        core["usageInfo"] = _policy(described.prohibited)
    return core


def _policy(prohibited: Sequence[str]) -> dict[str, Any] | None:
    if not prohibited:
        return None
    use = {"@id": "odrl:use"}
    rules = [
        {"@type": "odrl:Prohibition", "odrl:action": use, "dct:description": words}
        for words in prohibited
    ]
    return {"@type": "odrl:Set", "odrl:prohibition": rules}


def _rai(described: DatasetDescription) -> dict[str, Any]:
    said = described.rai.model_dump(mode="json", exclude_none=True)
    return {f"rai:{name}": value for name, value in said.items() if value not in ("", [])}


def _distribution(
    described: DatasetDescription, files: Sequence[ReleaseFile]
) -> list[dict[str, Any]]:
    if files:
        return [
            _file_object(file.path, _UP + quote(file.path), file.sha256, file.size_bytes)
            for file in files
        ]
    where = described.download or described.url
    if where is None or described.sha256 is None:
        return []  # without a digest a Croissant reader must not fetch it
    return [_file_object(described.name, where, described.sha256, described.size_bytes)]


def _file_object(name: str, url: str, sha256: str, size_bytes: int | None) -> dict[str, Any]:
    suffix = suffix_of(name if suffix_of(name) in ENCODING_FORMATS else url)
    return {
        "@type": "cr:FileObject",
        "@id": quote(name),
        "name": name,
        "contentUrl": url,
        **({"contentSize": f"{size_bytes} B"} if size_bytes is not None else {}),
        "encodingFormat": ENCODING_FORMATS.get(suffix, "application/octet-stream"),
        "sha256": sha256,
    }


def _record_sets(
    files: Sequence[ReleaseFile], texts: Mapping[str, bytes], is_1_1: bool
) -> list[dict[str, Any]]:
    found = []
    for file in files:
        head = texts.get(file.path, b"")
        whole = len(head) == file.size_bytes and len(head) <= MAX_HEAD_BYTES
        if fields := fields_of(file.path, head, is_whole=whole):
            found.append(_record_set(file.path, fields, is_1_1))
    return found


def _record_set(path: str, fields: Sequence[Field], is_1_1: bool) -> dict[str, Any]:
    name = f"rows-of-{quote(path, safe='')}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The rows of {path}.",
        "field": [_field(name, path, number, field, is_1_1) for number, field in enumerate(fields)],
    }


def _field(record_set: str, path: str, number: int, field: Field, is_1_1: bool) -> dict[str, Any]:
    # A name may hold anything, so the identifier has the number of the column where it is odd.
    plain = field.name.isascii() and field.name.replace("_", "").isalnum()
    name = f"{record_set}/{field.name if plain else f'column-{number}'}"
    repeated = {"isArray": True, "arrayShape": "-1"} if is_1_1 else {"repeated": True}
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": f"The column {field.name}.",
        "dataType": field.data_type,
        **(repeated if field.is_list else {}),
        "source": {"fileObject": {"@id": quote(path)}, "extract": {"column": field.name}},
    }
