"""Repositories carried to a hub without a network, in one signed file."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd

from paddock.hub.bundles.archive import STATEMENT_NAME
from paddock.hub.bundles.exporting import NothingToExport, export_repositories
from paddock.hub.bundles.importing import (
    HistoryDiverged,
    Imported,
    UntrustedBundle,
    Wanted,
    import_bundle,
)
from paddock.hub.bundles.manifest import BadBundle
from paddock.hub.names import RepositoryName, parse_address
from paddock.hub.people.accounts import AccountNotFound
from paddock.signing.errors import BadSignature
from paddock.signing.keys import SigningKey, TrustedKey, own_signing_key
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

LARGE = os.urandom(2_000_000)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return own_signing_key(tmp_path / "home")


@pytest.fixture
def trust(key: SigningKey) -> list[TrustedKey]:
    return [TrustedKey(key.private.public_key(), "test")]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[LiveServer]:
    """The hub without a network."""
    folder = tmp_path / "other"
    folder.mkdir()
    with live_server(folder / "data", sqlite_url(folder)) as running:
        running.user("lab")
        yield running


@pytest.fixture
def published(server: LiveServer) -> LiveServer:
    """A hub with a model and a data set of ``lab``."""
    api = server.api(server.user("lab"))
    api.create_repo("lab/model")
    files = {"README.md": b"---\nlicense: mit\n---\n", "a/b.txt": b"b", "model.bin": LARGE}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit("lab/model", operations, commit_message="files")
    api.create_tag("lab/model", tag="v1", tag_message="the first")
    api.create_branch("lab/model", branch="dev")
    api.create_repo("lab/set", repo_type="dataset", private=True)
    return server


AS_IT_IS = Wanted()
NAMES = [parse_address("lab/model"), parse_address("datasets/lab/set")]


def export(hub: LiveServer, path: Path, key: SigningKey, *names: RepositoryName) -> Path:
    export_repositories(hub.hub, names or NAMES, path, key, lambda _: None)
    return path


def take_in(
    hub: LiveServer, path: Path, trust: list[TrustedKey], wanted: Wanted = AS_IT_IS
) -> list[Imported]:
    return import_bundle(hub.hub, path, trust, wanted, lambda _: None)


def test_everything_arrives_as_it_was(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    done = take_in(other, export(published, tmp_path / "all.bundle", key), trust)
    assert [(item.name.full, item.is_new) for item in done] == [
        ("lab/model", True),
        ("lab/set", True),
    ]
    here, there = other.api(other.user("lab")), published.api(published.user("lab"))
    assert here.list_repo_refs("lab/model") == there.list_repo_refs("lab/model")
    assert here.dataset_info("lab/set").private
    folder = Path(here.snapshot_download("lab/model", revision="v1", local_dir=tmp_path / "files"))
    assert (folder / "model.bin").read_bytes() == LARGE
    assert (folder / "a" / "b.txt").read_bytes() == b"b"
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"{other.url}/lab/model", clone], check=True)
    subprocess.run(["git", "-C", clone, "fsck", "--strict"], check=True, capture_output=True)


def test_doing_it_twice_changes_nothing(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    bundle = export(published, tmp_path / "all.bundle", key)
    take_in(other, bundle, trust)
    assert [item.moved_refs for item in take_in(other, bundle, trust)] == [[], []]


def test_a_later_bundle_brings_it_up_to_date(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    take_in(other, export(published, tmp_path / "first.bundle", key), trust)
    api = published.api(published.user("lab"))
    api.upload_file(path_or_fileobj=b"new", path_in_repo="new.txt", repo_id="lab/model")
    (done, _) = take_in(other, export(published, tmp_path / "second.bundle", key), trust)
    assert (done.is_new, done.moved_refs) == (False, ["refs/heads/main"])
    assert other.api().file_exists("lab/model", "new.txt")


def test_history_that_went_another_way_is_not_lost(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    bundle = export(published, tmp_path / "all.bundle", key)
    take_in(other, bundle, trust)
    api = other.api(other.user("lab"))
    api.upload_file(path_or_fileobj=b"x", path_in_repo="ours.txt", repo_id="lab/model")
    with pytest.raises(HistoryDiverged, match="refs/heads/main of lab/model"):
        take_in(other, bundle, trust)
    assert api.file_exists("lab/model", "ours.txt")
    take_in(other, bundle, trust, Wanted(force=True))
    assert not api.file_exists("lab/model", "ours.txt")


def test_under_another_namespace(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    bundle = export(published, tmp_path / "one.bundle", key, NAMES[0])
    take_in(other, bundle, trust, Wanted(namespace="boss"))
    assert other.api().model_info("boss/model").sha == published.api().model_info("lab/model").sha
    with pytest.raises(AccountNotFound):
        take_in(other, bundle, trust, Wanted(namespace="nobody"))


def test_nothing_of_an_untrusted_bundle_is_used(
    published: LiveServer, other: LiveServer, key: SigningKey, tmp_path: Path
) -> None:
    bundle = export(published, tmp_path / "all.bundle", key)
    stranger = own_signing_key(tmp_path / "stranger")
    with pytest.raises(UntrustedBundle, match=key.fingerprint[:16]):
        take_in(other, bundle, [TrustedKey(stranger.private.public_key(), "stranger")])
    assert not other.api().repo_exists("lab/model")


def members(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        return [(item.name, tar.extractfile(item).read()) for item in tar]


def rebuild(path: Path, pieces: list[tuple[str, bytes]], kind: bytes = tarfile.REGTYPE) -> Path:
    changed = path.with_suffix(".changed")
    with tarfile.open(changed, "w") as tar:
        for name, content in pieces:
            header = tarfile.TarInfo(name)
            header.size, header.type = len(content), kind
            tar.addfile(header, io.BytesIO(content))
    return changed


def flip(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def test_a_changed_bundle_is_refused_wherever_it_was_changed(
    published: LiveServer,
    other: LiveServer,
    key: SigningKey,
    trust: list[TrustedKey],
    tmp_path: Path,
) -> None:
    bundle = export(published, tmp_path / "all.bundle", key)
    whole = members(bundle)
    assert whole[0][0] == STATEMENT_NAME
    changed = {
        "a large file": [whole[0], (whole[1][0], flip(whole[1][1], 500)), *whole[2:]],
        "a pack": [*whole[:-1], (whole[-1][0], flip(whole[-1][1], 30))],
        "a member left out": whole[:-1],
        "a member more": [*whole, ("../../etc/passwd", b"x")],
        "another order": [whole[0], *whole[:0:-1]],
        "another name": [whole[0], ("large/../x", whole[1][1]), *whole[2:]],
        "no statement": whole[1:],
        "the statement": [
            (whole[0][0], whole[0][1].replace(b'"payload":"e', b'"payload":"f')),
            *whole[1:],
        ],
        "nothing": [],
    }
    for what, pieces in changed.items():
        with pytest.raises((BadBundle, BadSignature, UntrustedBundle)):
            take_in(other, rebuild(bundle, pieces), trust)
            pytest.fail(what)
    with pytest.raises((BadBundle, BadSignature)):
        take_in(other, rebuild(bundle, whole, tarfile.SYMTYPE), trust)
    for end in (0, 100, 600, bundle.stat().st_size // 2):
        (tmp_path / "cut").write_bytes(bundle.read_bytes()[:end])
        with pytest.raises((BadBundle, BadSignature)):
            take_in(other, tmp_path / "cut", trust)


def test_what_is_not_here_cannot_be_exported(
    server: LiveServer, key: SigningKey, tmp_path: Path
) -> None:
    with pytest.raises(NothingToExport, match="no/thing"):
        export(server, tmp_path / "x.bundle", key, parse_address("no/thing"))
    assert list(tmp_path.glob("*.bundle*")) == []


def test_the_statement_says_what_it_holds(
    published: LiveServer, key: SigningKey, tmp_path: Path
) -> None:
    statement = json.loads(members(export(published, tmp_path / "all.bundle", key))[0][1])
    assert statement["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
