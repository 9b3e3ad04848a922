"""Releases with everything that a release.json can say, small, signed, and put on a live hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import digest_stream
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    render_manifest,
)
from paddock.release.signatures.oms import sign_files
from paddock.release.signatures.vouchers import Vouchers
from tests.live import LiveServer

CARD = """---
license: apache-2.0
language: [en, tr]
library_name: transformers
pipeline_tag: text-generation
tags: [tiny]
datasets: [lab/stories]
---
# Tiny

A small model.
"""
COMPONENTS: list[dict[str, Any]] = [
    {"name": "Model architecture", "access": "open", "license": "Apache-2.0", "path": ["a.py"]},
    {"name": "Model card", "access": "open", "license": "CC-BY-4.0", "path": ["README.md"]},
    {"name": "Model parameters (Final)", "access": "open", "license": "Apache-2.0"},
    {"name": "Datasets", "access": "withheld", "reason": "privacy", "review_date": "2027-01-31",
     "commitment": {"alg": "sha256-salted", "value": "c" * 64}},
]  # fmt: skip
RESULT: dict[str, Any] = {
    "eval": "shop", "value": 0.7, "low": 0.66, "high": 0.74, "level": 0.95, "n": 500,
    "higher_is_better": True, "metric": "accuracy", "dataset": "lab/shop",
    "path": "audit/shop.json",
}  # fmt: skip
CHECKS: list[dict[str, Any]] = [
    {"id": "formats.scan", "group": "formats", "status": "met", "sentence": "9 files were scanned"},
    {"id": "quality.shop", "group": "quality", "status": "waived", "sentence": "shop is 0.7",
     "evidence": [{"what": "waiver by eve@acme.example", "quote": "we know"}]},
]  # fmt: skip
GATE: dict[str, Any] = {
    "format": "paddock/gate-decision/v1", "allowed": True, "name": "tiny", "version": "1.0.0",
    "stage": "open", "root": "d" * 64, "policy": "two-people", "checks": CHECKS,
    "approvals": [{"person": "ada@acme.example", "role": "safety", "at": "2026-11-20T09:00:00Z",
                   "sha256": "e" * 64}],
}  # fmt: skip


def fact(key: str, name: str, value: Any, source: str = "measured", **more: Any) -> dict[str, Any]:
    """A row of facts."""
    return {"key": key, "name": name, "value": value, "source": source, **more}


FACTS = [
    fact("licence.grant.commercial", "Grant: commercial", True, "inherited", by="apache-2.0"),
    fact("model.context_tokens", "Context", 512, unit="tokens"),
    fact("model.parameters", "Parameters", 2_213_952),
    fact("model.languages", "Languages", ["en", "tr"], "declared"),
]


def document(version: str = "1.0.0", **changes: Any) -> dict[str, Any]:
    """What a release.json says beside its files and keys."""
    said = {
        "name": "tiny",
        "version": version,
        "producer": {"name": "Acme"},
        "metadata": {"date": "2026-11-20", "description": "A small model."},
        "access": {"stage": "open", "mechanism": "none"},
        "licenses": {"distribution": "Apache-2.0", "data": "CDLA-Permissive-2.0"},
        "components": COMPONENTS,
        "withheld": [{"id": "x", "component": "Datasets", "what": "file rows.jsonl",
                      "reason": "privacy", "commitment": "c" * 64}],
        "facts": FACTS,
        "results": [RESULT],
        "checks": CHECKS,
        "outputs": [{"id": "full", "format": "safetensors", "folder": "", "files": ["w"],
                     "weights_sha256": "f" * 64}],
        "ancestors": [],
        "content_root": "d" * 64,
        "tool": {"name": "paddock", "version": "0.1.0"},
    }  # fmt: skip
    return {**said, **changes}


def release_files(
    said: dict[str, Any],
    key: ec.EllipticCurvePrivateKey,
    more: dict[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Every file of a signed release."""
    contents = {
        "README.md": CARD.encode(),
        "config.json": b'{"model_type":"llama","architectures":["LlamaForCausalLM"]}',
        "gate/decision.json": json.dumps(GATE).encode(),
        **(more or {}),
    }
    rows = [
        ReleaseFile(path, "other", None, *digest_stream([content]))
        for path, content in contents.items()
    ]
    vouchers = Vouchers(oms=key.public_key())
    manifest = render_manifest({**said, "signatures": vouchers.to_json()}, rows)
    signed = {row.path: row.sha256 for row in rows}
    signed[MANIFEST_NAME] = digest_stream([manifest]).sha256
    bundle = sign_files("tiny", signed, SIGNATURE_NAME, key)
    return {**contents, MANIFEST_NAME: manifest, SIGNATURE_NAME: bundle}


def publish(
    server: LiveServer,
    token: str,
    repo: str,
    files: dict[str, bytes],
    folder: Path,
    *,
    tag: str | None = None,
    private: bool = False,
) -> str:
    """Put the files into a repository's main, which is made when it is new; its commit."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    api = server.api(token)
    api.create_repo(repo, exist_ok=True, private=private)
    made = api.upload_folder(folder_path=folder, repo_id=repo)
    if tag is not None:
        api.create_tag(repo, tag=tag, revision=made.oid)
    server.run_jobs()
    return str(made.oid)
