"""A registry is not believed: what it sends is checked before it is written, and afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock.release.errors import RegistryRefused
from paddock.release.publishing.oci.blobs import Blob
from paddock.release.publishing.oci.modelpack import (
    MANIFEST_TYPE,
    PackedFile,
    render_config,
    render_manifest,
)
from paddock.release.publishing.oci.pull import pull_release
from paddock.release.publishing.oci.reference import parse_reference
from tests.fakes.registry import TOKEN, FakeRegistry, fake_registry

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


def pack(fake: FakeRegistry, paths: list[str], **changes: Any) -> None:
    """A manifest under the tag ``1``; ``changes`` are made to its first layer."""
    files = [PackedFile(path, "weights", Blob.of(WEIGHTS)) for path in paths]
    config = Blob.of(render_config({"descriptor": {}, "config": {}}, files))
    manifest = json.loads(render_manifest(config, files, {}))
    manifest["layers"][0] |= changes
    fake.manifests["1"] = json.dumps(manifest).encode()
    fake.blobs |= {Blob.of(WEIGHTS).digest: WEIGHTS}


def pull(fake: FakeRegistry, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    return pull_release(parse_reference(f"{fake.host}/a/b:1"), folder, plain_http=True)


def test_files_are_written_where_the_manifest_says(fake: FakeRegistry, tmp_path: Path) -> None:
    pack(fake, ["model.safetensors", "documents/card.md"])
    pull(fake, tmp_path / "in")
    assert (tmp_path / "in" / "documents" / "card.md").read_bytes() == WEIGHTS


def test_a_pull_goes_on_where_it_stopped(fake: FakeRegistry, tmp_path: Path) -> None:
    pack(fake, ["model.safetensors"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.safetensors").write_bytes(WEIGHTS[:1000])
    pull(fake, tmp_path / "in")
    assert (tmp_path / "in" / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    "path",
    ["../escape", "/etc/passwd", "a/../../b", "a\\b", "", "x\x00y", "C:/x", "a//b", "sp\u202eoof"],
)
def test_a_name_that_leads_elsewhere_is_refused(
    path: str, fake: FakeRegistry, tmp_path: Path
) -> None:
    pack(fake, [path])
    with pytest.raises(RegistryRefused):
        pull(fake, tmp_path / "in")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    ("paths", "changes", "sentence"),
    [
        (["a", "A"], {}, "two files of one name"),
        (["a", "a/b"], {}, "a file where a folder must be"),
        (["a"], {"size": -1}, "has the size"),
        (["a"], {"size": 1 << 60}, "has the size"),
        (["a"], {"size": True}, "has the size"),
        (["a"], {"size": 3}, "something else"),
        (["a"], {"digest": "sha256:xyz"}, "has the digest"),
        (["a"], {"digest": "md5:abc"}, "has the digest"),
        (["a"], {"mediaType": "application/vnd.cncf.model.weight.v1.tar"}, "only raw layers"),
        (["a"], {"annotations": {}}, "has no name"),
        (["a"], {"annotations": "x"}, "has no name"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(
    paths: list[str], changes: dict[str, Any], sentence: str, fake: FakeRegistry, tmp_path: Path
) -> None:
    pack(fake, paths, **changes)
    with pytest.raises(RegistryRefused, match=sentence):
        pull(fake, tmp_path / "in")


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b'{"layers": []}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 100_000, b'{"layers": 1}'],
)
def test_what_is_no_manifest_is_refused(raw: bytes, fake: FakeRegistry, tmp_path: Path) -> None:
    fake.manifests["1"] = raw
    with pytest.raises(RegistryRefused):
        pull(fake, tmp_path / "in")


def test_other_bytes_than_the_digest_says_are_not_kept(fake: FakeRegistry, tmp_path: Path) -> None:
    pack(fake, ["model.safetensors"])
    fake.changes_bytes = True
    with pytest.raises(RegistryRefused, match="something else"):
        pull(fake, tmp_path / "in")
    assert not (tmp_path / "in" / "model.safetensors").exists()


def test_an_endless_answer_is_not_read_to_its_end(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.endless_manifest = True
    with pytest.raises(RegistryRefused, match="is over"):
        pull(fake, tmp_path / "in")


def test_the_token_does_not_go_to_where_a_file_really_is(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    pack(fake, ["model.safetensors"])
    fake.needs_token = True
    with fake_registry() as stranger:
        stranger.blobs = dict(fake.blobs)
        fake.sent_on_to = f"http://{stranger.host}/v2/a/b/blobs/{Blob.of(WEIGHTS).digest}"
        pull(fake, tmp_path / "in")
    assert any(header == f"Bearer {TOKEN}" for _, _, header in fake.asked)
    assert {header for _, _, header in stranger.asked} == {None}


def test_another_manifest_than_the_digest_asked_for_is_refused(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    pack(fake, ["a"])
    wrong = f"sha256:{'0' * 64}"
    fake.manifests[wrong] = fake.manifests["1"]
    with pytest.raises(RegistryRefused, match="another manifest"):
        pull_release(parse_reference(f"{fake.host}/a/b@{wrong}"), tmp_path, plain_http=True)


def test_the_manifest_is_what_oci_calls_it(fake: FakeRegistry, tmp_path: Path) -> None:
    pack(fake, ["a"])
    assert json.loads(fake.manifests["1"])["mediaType"] == MANIFEST_TYPE
