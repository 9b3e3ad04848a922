"""The update metadata that we write is what the stock TUF client takes, and what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tuf.api import exceptions
from tuf.ngclient import FetcherInterface, Updater

from paddock.release.errors import VersionTaken
from paddock.release.signatures.tuf.chain import Chain
from paddock.release.signatures.tuf.keys import create_role_keys, role_signers
from paddock.release.signatures.tuf.repository import (
    Repository,
    add_release,
    create,
    current,
    refresh,
    revoke,
)
from paddock.release.signatures.tuf.revocations import Revocation
from paddock.release.signatures.tuf.rotation import rotate
from paddock.signing.errors import BadKey, BadSignature

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
REVOKED = Revocation("release", "ab" * 32, "unsafe", "2026-11-20", "tiny", "1.0.0", "do not use")


class Folder(FetcherInterface):
    """Reads from a folder what the client asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self.folder / url.removeprefix("here:/")
        if not path.is_file():
            raise exceptions.DownloadHTTPError("missing", 404)
        return iter([path.read_bytes()])


class Client:
    """The stock client, with a memory of its own."""

    def __init__(self, memory: Path, root: bytes) -> None:
        self.memory, self.root = memory, root
        (memory / "targets").mkdir(parents=True)

    def sees(self, folder: Path, target: str) -> bytes | None:
        updater = Updater(
            str(self.memory), "here:/", str(self.memory / "targets"), "here:/targets/",
            Folder(folder), bootstrap=self.root,
        )  # fmt: skip
        updater.refresh()
        found = updater.get_targetinfo(target)
        if found is None or target != "revoked.json":
            return None if found is None else b"named"
        return Path(updater.download_target(found)).read_bytes()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "tuf", tmp_path / "keys")
    create_role_keys(made.keys, 3, None)
    create(made, 2, NOW)
    return made


def client_of(repository: Repository, tmp_path: Path) -> Client:
    return Client(tmp_path / "memory", (repository.folder / "1.root.json").read_bytes())


def carry(chain: Chain, folder: Path) -> Path:
    """What a release would carry of it."""
    for name, content in chain.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_the_stock_client_follows_releases_and_revocations_offline(
    repository: Repository, tmp_path: Path
) -> None:
    client = client_of(repository, tmp_path)
    first = carry(add_release(repository, "tiny", "1.0.0", b"{}", NOW), tmp_path / "first")
    assert client.sees(first, "tiny/1.0.0/release.json") == b"named"
    assert client.sees(first, "tiny/1.1.0/release.json") is None
    chain = revoke(repository, REVOKED, NOW)
    assert chain.revoked == (REVOKED,)
    second = carry(chain, tmp_path / "second")
    assert b"do not use" in (client.sees(second, "revoked.json") or b"")
    with pytest.raises(exceptions.BadVersionNumberError):
        client.sees(first, "tiny/1.0.0/release.json")


def test_what_has_expired_is_refused_and_a_refresh_needs_no_root_key(
    repository: Repository, tmp_path: Path
) -> None:
    client = client_of(repository, tmp_path)
    old = carry(refresh(repository, NOW - 8 * DAY), tmp_path / "old")
    with pytest.raises(exceptions.ExpiredMetadataError):
        client.sees(old, "revoked.json")
    for path in repository.keys.glob("root-*"):
        path.unlink()
    before = current(repository)
    after = refresh(repository, NOW)
    assert after.timestamp.signed.version == before.timestamp.signed.version + 1
    assert after.snapshot.signed.version == before.snapshot.signed.version
    assert client.sees(carry(after, tmp_path / "new"), "revoked.json") is not None


def test_snapshot_and_targets_are_renewed_when_their_time_comes(repository: Repository) -> None:
    first = current(repository)
    second = refresh(repository, NOW + 16 * DAY)
    assert second.snapshot.signed.version == first.snapshot.signed.version + 1
    assert second.targets.signed.version == first.targets.signed.version
    third = refresh(repository, NOW + 46 * DAY)
    assert third.targets.signed.version == second.targets.signed.version + 1
    (repository.keys / "targets.pem").unlink()
    with pytest.raises(BadKey, match="past half"):
        refresh(repository, NOW + 120 * DAY)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_role_gets_a_new_key_and_the_old_one_counts_no_more(
    repository: Repository, tmp_path: Path, role: str
) -> None:
    client = client_of(repository, tmp_path)
    assert client.sees(carry(current(repository), tmp_path / "1"), "revoked.json") is not None
    stolen = Repository(tmp_path / "stolen", tmp_path / "stolen-keys")
    shutil.copytree(repository.folder, stolen.folder)
    shutil.copytree(repository.keys, stolen.keys)
    (repository.keys / f"{role}.pem").unlink()
    (repository.keys / f"{role}.pub.pem").unlink()
    create_role_keys(repository.keys, 3, None)
    chain = rotate(repository, role, role_signers(repository.keys, role), NOW)
    assert len(chain.roots) == 2
    assert client.sees(carry(chain, tmp_path / "2"), "revoked.json") is not None
    for version in "789":  # newer in every role: only the keys can tell
        forged = add_release(stolen, "tiny", version, b"{}", NOW)
    theirs = carry(forged, tmp_path / "3")
    shutil.copy(repository.folder / "2.root.json", theirs)
    with pytest.raises(exceptions.UnsignedMetadataError):
        client.sees(theirs, "revoked.json")


def test_root_keys_are_replaced_by_enough_of_the_old_and_of_the_new(
    repository: Repository, tmp_path: Path
) -> None:
    client = client_of(repository, tmp_path)
    new = Repository(repository.folder, tmp_path / "new-keys")
    create_role_keys(new.keys, 3, None)
    old_root, new_root = (role_signers(place.keys, "root") for place in (repository, new))
    with pytest.raises(BadKey, match="1 more root keys"):
        rotate(repository, "root", new_root, NOW, old_root[:1])
    with pytest.raises(BadKey, match="2 keys"):
        rotate(repository, "root", new_root[:1], NOW, old_root)
    chain = rotate(repository, "root", new_root, NOW, old_root)
    assert client.sees(carry(chain, tmp_path / "2"), "revoked.json") is not None
    with pytest.raises(BadKey, match="more root keys"):
        rotate(repository, "root", (), NOW)
    assert len(rotate(repository, "root", (), NOW, new_root).roots) == 3


def test_a_rotation_that_was_cut_off_is_as_if_it_had_not_begun(
    repository: Repository, tmp_path: Path
) -> None:
    before = current(repository)
    (repository.keys / "timestamp.pem").rename(tmp_path / "old.pem")
    (repository.keys / "timestamp.pub.pem").unlink()
    create_role_keys(repository.keys, 3, None)
    timestamp = (repository.folder / "timestamp.json").read_bytes()
    new = role_signers(repository.keys, "timestamp")
    rotate(repository, "timestamp", new, NOW)
    (repository.folder / "timestamp.json").write_bytes(timestamp)
    assert current(repository).files == before.files
    assert len(rotate(repository, "timestamp", new, NOW).roots) == 2


def test_the_same_release_again_changes_nothing_and_another_is_refused(
    repository: Repository,
) -> None:
    first = add_release(repository, "tiny", "1.0.0", b"{}", NOW)
    assert add_release(repository, "tiny", "1.0.0", b"{}", NOW).files == first.files
    later = add_release(repository, "tiny", "1.0.0", b"{}", NOW + 5 * DAY)
    assert later.timestamp.signed.version == first.timestamp.signed.version + 1
    with pytest.raises(VersionTaken):
        add_release(repository, "tiny", "1.0.0", b"[]", NOW)
    revoke(repository, REVOKED, NOW)
    with pytest.raises(VersionTaken, match="already"):
        revoke(repository, REVOKED, NOW)


def test_a_key_that_no_root_names_may_not_sign(repository: Repository, tmp_path: Path) -> None:
    shutil.rmtree(repository.keys)
    create_role_keys(repository.keys, 3, None)
    with pytest.raises(BadKey, match="no key"):
        refresh(repository, NOW)


def test_a_damaged_repository_is_refused(repository: Repository) -> None:
    path = repository.folder / "1.targets.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BadSignature):
        current(repository)
