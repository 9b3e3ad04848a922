"""Releases to write about, out of release.yaml, files of answers and a few files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import blake3
import yaml

from paddock.release.documents.answers import read_answers
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.measured import as_measured
from paddock.release.documents.said import said_facts
from paddock.release.facts import Fact, Facts
from paddock.release.files.formats import role_of
from paddock.release.files.manifest import ReleaseFile
from paddock.release.spec.reader import parse_release

MEASURED = {
    "model.architecture": "Llama (decoder-only transformer)",
    "model.parameters": 8_030_261_248,
    "model.context_tokens": 131_072,
    "model.layers": 32,
}
SPEC: dict[str, Any] = {
    "apiVersion": "paddock/v1",
    "kind": "ModelRelease",
    "metadata": {
        "name": "Llama-Example-8B",
        "version": "1.2.0",
        "date": "2026-11-20",
        "type": "language",
        "language": ["en"],
        "producer": {"name": "Acme AI Ltd", "contact": "release@acme.example"},
    },
    "licenses": {"distribution": "Apache-2.0", "data": "CDLA-Permissive-2.0"},
    "publish": [{"to": "huggingface", "repo": "acme/Llama-Example-8B"}],
}


def file_of(path: str, content: bytes, component: str | None = None) -> ReleaseFile:
    sha256, fast = hashlib.sha256(content).hexdigest(), blake3.blake3(content).hexdigest()
    return ReleaseFile(path, role_of(path), component, len(content), sha256, fast)


def described(
    sections: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    facts: Sequence[Fact] = (),
    **more: Any,
) -> DocumentContent:
    """A release whose release.yaml has ``sections``, whose files of answers are ``answers``."""
    tree = {
        **SPEC,
        **{key: _merged(SPEC.get(key), value) for key, value in (sections or {}).items()},
    }
    spec = parse_release(described_yaml(tree))
    texts = {
        name: value if isinstance(value, bytes) else described_yaml(value)
        for name, value in (answers or {}).items()
    }
    read = read_answers(spec, texts)
    shipped = (
        files if files is not None else {"model.safetensors": b"weights", "config.json": b"{}"}
    )
    content = DocumentContent(
        spec=spec,
        facts=Facts([*(as_measured(key, value) for key, value in MEASURED.items()),
                     *said_facts(spec), *read.facts, *facts]),
        files=tuple(file_of(path, raw) for path, raw in sorted(shipped.items())),
        repo="acme/Llama-Example-8B",
        restricted=read.restricted,
        datasets=read.datasets,
        texts=dict(shipped),
    )  # fmt: skip
    return replace(content, **more) if more else content


class _WrittenOut(yaml.SafeDumper):
    """Without anchors and aliases, which no file of a release may have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def described_yaml(tree: Any) -> bytes:
    """YAML as a release may have it."""
    return yaml.dump(tree, Dumper=_WrittenOut, allow_unicode=True).encode()


def _merged(known: Any, value: Any) -> Any:
    return {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value


FORM: dict[str, Any] = {
    "dependencies": "none",
    "design": "A small dense decoder, so that one accelerator is enough.",
    "output_limits": "text: 8192 tokens",
    "licence_category": "free and open source",
    "acceptable_use": "none",
    "intended_uses": "Assistants in shops. Not for medical advice.",
    "systems": "Web shops and help desks.",
    "integration": "OpenAI-compatible HTTP.",
    "hardware": "One accelerator with 24 GB.",
    "software": "paddock 1, transformers 5.",
    "process": "Pre-training on text, then instruction tuning.",
    "rationale": "The budget of one machine room.",
    "data_modalities": ["text"],
    "provenance": ["public datasets", "web crawling"],
    "obtained": "Downloaded from their publishers; chosen by language.",
    "data_points": 2.1e12,
    "scope": "English web text, 2019 to 2025.",
    "curation": "Deduplicated; filtered by quality.",
    "unsuitable": "Classifiers and lists; personal data masked.",
    "bias": "Counts of names and places by group.",
    "training_days": 41.5,
    "hardware_days": 10_624,
    "flop_method": "6 x parameters x tokens.",
    "energy_mwh": 178.4,
    "energy_method": "Meters of the room.",
    "inference_flop": 1.6e13,
    "inference_method": "1000 tokens on one accelerator.",
}
SUMMARY: dict[str, Any] = {
    "version": "3",
    "updated": "2026-10-01",
    "earlier": [
        {"version": "2", "link": "https://acme.example/summary-2", "updated": "2026-04-02"}
    ],
    "modalities": [{"modality": "text", "size": 2.1e12, "content": "web pages, books"}],
    "latest_collection": "2026-03",
    "continuous": False,
    "languages": "English, 4 % German",
    "public": {
        "used": True,
        "modalities": ["text"],
        "large": [{"name": "Pages", "link": "https://pages.example", "period": "2019 to 2025"}],
    },
    "licensed": {"used": False},
    "private": {"used": False},
    "crawled": {
        "used": True,
        "crawlers": ["acmebot"],
        "purposes": "training",
        "behaviour": "robots.txt is followed; no captcha or paywall is passed",
        "began": "2025-01",
        "ended": "2026-03",
        "content": "news, forums",
        "modalities": ["text"],
        "domains": ["a.example", "b.example"],
    },
    "users": {"interactions": False, "services": False},
    "synthetic": {"used": False},
    "other_sources": {"used": False},
    "opt_out": {"code_of_practice": True, "measures": "robots.txt and ai.txt are read first"},
    "illegal_content": "hash lists of known material",
}
EU: dict[str, Any] = {
    "gpai": True,
    "training_flop": 1.3e23,
    "systemic_risk": False,
    "union_market_date": "2026-12-01",
    "form": "docs/form.yaml",
    "summary": "docs/summary.yaml",
    "copyright_policy": "docs/copyright.md",
}
DATASET: dict[str, Any] = {
    "name": "Shop talk",
    "description": "Questions of customers, and answers.",
    "uses": ["training"],
    "url": "https://acme.example/shop-talk",
    "licence": "CDLA-Permissive-2.0",
    "creators": ["Acme AI Ltd"],
    "published": "2026-06-01",
    "created": "2026-05-01",
    "collected_from": "2025-01-01",
    "collected_to": "2026-03-31",
    "size_points": 3,
    "intended_use": "Tuning assistants of shops.",
    "preprocessing": ["deduplicated"],
    "files": ["data/*.jsonl"],
    "rai": {"dataBiases": ["English only"], "dataCollection": "From volunteers."},
    "ab2013": {
        "rights": "owned",
        "acquired": "no",
        "personal": "no",
        "consumers": "no",
        "first_used": "June 2026",
        "synthetic": "no",
    },
}
ROWS = (
    b'{"question": "Open on Sunday?", "stars": 4, "tags": ["hours"], "score": 0.5, "paid": true}\n'
    b'{"question": "Returns?", "stars": 5, "tags": [], "score": 1, "paid": false}\n'
)


def european(
    form: Mapping[str, Any] = FORM,
    summary: Mapping[str, Any] = SUMMARY,
    sections: Mapping[str, Any] | None = None,
    **more: Any,
) -> DocumentContent:
    """A general-purpose model with both files of answers, and no bill of materials."""
    return described(
        {"docs": {"eu": EU, "bom": []}, **(sections or {})},
        {"docs/form.yaml": dict(form), "docs/summary.yaml": dict(summary)},
        **more,
    )


def with_data(dataset: Mapping[str, Any] = DATASET, **more: Any) -> DocumentContent:
    """A release that ships the data set that it describes."""
    files = {"model.safetensors": b"weights", "data/train.jsonl": ROWS}
    bills = ["cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"]
    docs = {"datasets": ["docs/data.yaml"], "bom": bills}
    return described(
        {"docs": docs, **more.pop("sections", {})}, {"docs/data.yaml": dict(dataset)}, files, **more
    )
