"""A model with two signed releases on a live hub, its owner and the release's key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from huggingface_hub import HfApi

from paddock.digest import digest_stream
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    render_manifest,
)
from paddock.release.signatures.oms import sign_files
from paddock.release.signatures.vouchers import Vouchers
from tests.cli.conftest import Paddock
from tests.live import LiveServer
from tests.release.signed import write_keys

CONFIG = b'{"model_type":"llama"}'


@dataclass
class Model:
    """A repository of releases, and the command line of its owner."""

    server: LiveServer
    repo: str
    token: str
    key: Path
    private: ec.EllipticCurvePrivateKey
    folder: Path
    run: Paddock

    @property
    def api(self) -> HfApi:
        return self.server.api(self.token)

    def release(
        self,
        version: str,
        weights: bytes,
        *,
        signer: Any = None,
        more: dict[str, bytes] | None = None,
        named: Any = None,
    ) -> str:
        """Publish a release to main and tag it; its commit. ``named``: the key that it names."""
        folder = self.folder / version
        folder.mkdir(parents=True)
        contents = {
            "README.md": b"---\nlicense: mit\n---\n# tiny\n",
            "config.json": CONFIG,
            "model.safetensors": weights,
            **(more or {}),
        }
        rows = []
        for path, content in contents.items():
            (folder / path).write_bytes(content)
            rows.append(ReleaseFile(path, "other", None, *digest_stream([content])))
        signer = signer or self.private
        vouchers = Vouchers(oms=(named or signer).public_key())
        document = {"name": "tiny", "version": version, "signatures": vouchers.to_json()}
        manifest = render_manifest(document, rows)
        (folder / MANIFEST_NAME).write_bytes(manifest)
        signed = {row.path: row.sha256 for row in rows if row.path != ".gitattributes"}
        signed[MANIFEST_NAME] = digest_stream([manifest]).sha256
        bundle = sign_files("tiny", signed, SIGNATURE_NAME, signer)
        (folder / SIGNATURE_NAME).write_bytes(bundle)
        made = self.api.upload_folder(folder_path=folder, repo_id=self.repo)
        self.api.create_tag(self.repo, tag=version, revision=made.oid)
        return str(made.oid)

    def announce(self, *arguments: object, key: Path | None = None) -> tuple[int, str, str]:
        """``paddock release …`` as the owner."""
        return self.run("release", *arguments, "--key", key or self.key)

    def stranger(self, path: str) -> httpx.Response:
        return httpx.get(self.server.url + path, follow_redirects=True)

    def owner(self, method: str, path: str, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.request(
            method, self.server.url + path, headers=headers, follow_redirects=True, timeout=60
        )

    def told(self, revision: str = "main") -> dict[str, Any]:
        """What the hub says of a revision, when its background work is done."""
        self.server.run_jobs()
        answer = self.stranger(f"/api/models/{self.repo}/lifecycle?revision={revision}")
        return dict(answer.json())


def publish(
    server: LiveServer, name: str, folder: Path, run: Paddock, monkeypatch: pytest.MonkeyPatch
) -> Model:
    """A new model of a user with this name."""
    token = server.user(name)
    private = ec.generate_private_key(ec.SECP256R1())
    folder.mkdir(parents=True)
    key, _ = write_keys(folder, private)
    model = Model(server, f"{name}/tiny", token, key, private, folder / "releases", run)
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(folder / "home"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    model.api.create_repo(model.repo)
    model.release("1.0.0", b"first" * 1000)
    model.release("1.1.0", b"second" * 1000)
    return model


def advisory(folder: Path, **changes: Any) -> Path:
    """An advisory as a file."""
    said = {
        "id": "ACME-2026-001", "severity": "high", "title": "It tells secrets",
        "text": "The model repeats <b>training</b> data.", "action": "Use 1.1.0.",
        "fixed": ["1.1.0"], "references": ["https://acme.example/advisories/1"], **changes,
    }  # fmt: skip
    path = folder / "advisory.json"
    path.write_text(json.dumps(said))
    return path
