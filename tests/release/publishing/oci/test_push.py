"""A release goes to a registry as a ModelPack, and comes back as it was: to us and to oras."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import oras.client
import pytest

from paddock.errors import Unauthorized
from paddock.release.errors import RegistryRefused, RegistryUnreachable, SourceChanged, VersionTaken
from paddock.release.publishing.oci import blobs
from paddock.release.publishing.oci.modelpack import ARTIFACT_TYPE, SIGNATURE_TYPE
from paddock.release.publishing.oci.pull import pull_release
from paddock.release.publishing.oci.push import Pushed, push_release, require_registry
from paddock.release.publishing.oci.reference import parse_reference
from paddock.release.publishing.outgoing import Outgoing
from tests.fakes.registry import TOKEN, FakeRegistry, fake_registry
from tests.release.publishing.oci.registries import running_registry


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    monkeypatch.setattr("paddock.release.publishing.oci.registry.PAUSE_SECONDS", 0.01)
    with fake_registry() as registry:
        yield registry


def push(release: Outgoing, host: str, tmp_path: Path, name: str = "acme/starter") -> Pushed:
    return push_release(
        release,
        parse_reference(f"{host}/{name}"),
        plain_http=True,
        sessions=tmp_path / "uploads.json",
        progress=lambda sentence: None,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_pushed_comes_back_byte_for_byte_here_and_by_oras(
    built: Outgoing, registry: str, tmp_path: Path
) -> None:
    pushed = push(built, registry, tmp_path)
    assert pushed.changed
    assert pushed.reference == f"{registry}/acme/starter:{built.version}"
    (tmp_path / "ours").mkdir()
    pull_release(parse_reference(pushed.reference), tmp_path / "ours", plain_http=True)
    client = oras.client.OrasClient(insecure=True)
    client.pull(target=pushed.reference, outdir=str(tmp_path / "theirs"))
    assert contents(tmp_path / "ours") == contents(built.folder)
    assert contents(tmp_path / "theirs") == contents(built.folder)


def test_pushing_again_sends_nothing_and_another_content_is_refused(
    built: Outgoing, registry: str, tmp_path: Path
) -> None:
    push(built, registry, tmp_path, "acme/again")
    again = push(built, registry, tmp_path, "acme/again")
    assert (again.changed, again.sent) == (False, 0)
    other = replace(built, files=built.files[:-1])
    with pytest.raises(VersionTaken, match="other content"):
        push(other, registry, tmp_path, "acme/again")


def test_the_manifest_is_a_modelpack_and_the_signature_refers_to_it(
    built: Outgoing, registry: str, tmp_path: Path
) -> None:
    pushed = push(built, registry, tmp_path, "acme/pack")
    manifest = oras.client.OrasClient(insecure=True).get_manifest(pushed.reference)
    assert manifest["artifactType"] == ARTIFACT_TYPE
    kinds = {
        layer["annotations"]["org.cncf.model.filepath"]: layer["mediaType"].split(".model.")[1]
        for layer in manifest["layers"]
    }
    assert kinds["model.safetensors"] == "weight.v1.raw"
    assert kinds["config.json"] == "weight.config.v1.raw"
    assert kinds["README.md"] == "doc.v1.raw"
    config = httpx.get(
        f"http://{registry}/v2/acme/pack/blobs/{manifest['config']['digest']}"
    ).json()
    assert config["descriptor"]["name"] == built.name
    assert config["descriptor"]["licenses"] == ["Apache-2.0"]
    assert config["config"]["paramSize"] == "2.2M"
    assert config["modelfs"]["diffIds"] == [layer["digest"] for layer in manifest["layers"]]
    fallback = pushed.digest.replace(":", "-")
    index = httpx.get(
        f"http://{registry}/v2/acme/pack/manifests/{fallback}",
        headers={"Accept": "application/vnd.oci.image.index.v1+json"},
    ).json()
    assert [row["artifactType"] for row in index["manifests"]] == [SIGNATURE_TYPE]


def test_the_same_release_gives_the_same_digest_in_another_registry(
    built: Outgoing, registry: str, fake: FakeRegistry, tmp_path: Path
) -> None:
    one = push(built, registry, tmp_path, "acme/one")
    other = push(built, fake.host, tmp_path, "elsewhere/two")
    assert one.digest == other.digest


def test_a_password_is_asked_for_and_given(built: Outgoing, tmp_path: Path, nobody: Path) -> None:
    with running_registry(tmp_path / "registry", password=True) as host:
        with pytest.raises(Unauthorized, match="refused"):
            require_registry(f"{host}/acme/starter", plain_http=True)
        auth = base64.b64encode(b"ada:open sesame").decode()
        nobody.write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        require_registry(f"{host}/acme/starter", plain_http=True)
        assert push(built, host, tmp_path).changed


def test_a_token_is_fetched_with_the_password_and_used(
    built: Outgoing, fake: FakeRegistry, tmp_path: Path, nobody: Path
) -> None:
    fake.needs_token = True
    auth = base64.b64encode(b"ada:secret").decode()
    nobody.write_text(json.dumps({"auths": {fake.host: {"auth": auth}}}))
    assert push(built, fake.host, tmp_path).changed
    used = {(path.partition("?")[0] == "/token", header) for _, path, header in fake.asked}
    assert used == {(False, None), (True, f"Basic {auth}"), (False, f"Bearer {TOKEN}")}


def test_a_cut_upload_goes_on_where_it_was_and_nothing_is_published_before(
    built: Outgoing, fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "CHUNK_BYTES", 1 << 20)
    fake.cut_after = (1 << 20) - 1
    with pytest.raises(RegistryUnreachable):
        push(built, fake.host, tmp_path)
    assert fake.manifests == {}
    kept = sum(map(len, fake.uploads.values()))
    assert kept == (1 << 20) - 1
    fake.asked.clear()
    assert push(built, fake.host, tmp_path).changed
    weights = next(file for file in built.files if file.path == "model.safetensors")
    assert fake.blobs[f"sha256:{weights.sha256}"] == (built.folder / weights.path).read_bytes()
    assert any(method == "GET" and "uploads" in path for method, path, _ in fake.asked)


def test_a_session_that_the_registry_lost_is_begun_again(
    built: Outgoing, fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.cut_after = 1000
    with pytest.raises(RegistryUnreachable):
        push(built, fake.host, tmp_path)
    fake.lost_sessions = True
    assert push(built, fake.host, tmp_path).changed


def test_what_passes_is_tried_again(built: Outgoing, fake: FakeRegistry, tmp_path: Path) -> None:
    fake.failing = 3
    assert push(built, fake.host, tmp_path).changed


def test_a_file_that_changed_after_signing_is_not_published(
    built: Outgoing, fake: FakeRegistry, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path, content in contents(built.folder).items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(content)
    (copy / "config.json").write_bytes(bytes(len((copy / "config.json").read_bytes())))
    with pytest.raises(RegistryRefused, match="other bytes"):
        push(replace(built, folder=copy), fake.host, tmp_path)
    assert fake.manifests == {}
    (copy / "config.json").write_bytes((built.folder / "config.json").read_bytes())
    (copy / "model.safetensors").write_bytes(b"short")
    with pytest.raises(SourceChanged):
        push(replace(built, folder=copy), fake.host, tmp_path)


def test_nobody_there_is_said(built: Outgoing, tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreachable, match="did not answer") as caught:
        push(built, "127.0.0.1:1", tmp_path)
    assert "plain_http" in (caught.value.hint or "")
