"""A hub is backed up while it serves, and made anew out of the backup: everything as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock.hub.audit_log import verifying
from paddock.hub.audit_log.reading import every_entry
from paddock.hub.backups import restoring, taking
from paddock.hub.backups.errors import BadBackup, NotEmpty, OtherVersion
from paddock.hub.backups.fingerprints import fingerprints, table_names
from paddock.hub.backups.holding import hold
from paddock.hub.backups.manifest import find_backup, read_manifest
from paddock.hub.backups.restoring import Target, restore_backup
from paddock.hub.backups.taking import AlreadyTaking, Source, take_backup
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.tables import large_files
from paddock.storage.blobs import Blob, BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import empty_postgresql_url, postgresql_url, sqlite_url
from tests.hub.http_calls import call
from tests.live import LiveServer, live_server

BIG = b"weights " * 200_000  # over what is kept in the database


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        (tmp_path / "data").mkdir()
        yield sqlite_url(tmp_path / "data")
    else:
        with postgresql_url() as url:
            yield url


@pytest.fixture
def server(place: str, tmp_path: Path) -> Iterator[LiveServer]:
    with live_server(tmp_path / "data", place) as made:
        api = made.api(made.user("ada"))
        api.create_repo("ada/model")
        upload(made, "weights.bin", BIG)
        upload(made, "notes.md", b"# hello")
        yield made


def upload(server: LiveServer, path: str, content: bytes) -> None:
    api = server.api(server.user("ada"))
    api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="ada/model")


def source_of(server: LiveServer) -> Source:
    is_file = server.hub.database.is_sqlite
    file = server.data / "paddock.db" if is_file else None
    return Source(server.hub.database, server.hub.blobs, file, has_bucket=False)


def target_in(folder: Path, url: str | None = None) -> Target:
    def blobs() -> BlobStore:
        return LocalBlobStore(folder / "blobs")

    return Target(folder, folder / "paddock.db", url, blobs, has_bucket=False)


@pytest.fixture
def empty_url(server: LiveServer) -> Iterator[str | None]:
    """Where the rows come back: nowhere else than the new folder, or an empty database."""
    if server.hub.database.is_sqlite:
        yield None
    else:
        with empty_postgresql_url() as url:
            yield url


def test_a_restored_hub_serves_what_was_there_at_the_moment_of_the_backup(
    server: LiveServer, empty_url: str | None, tmp_path: Path
) -> None:
    taken = take_backup(source_of(server), tmp_path / "backup")
    assert taken.copied.new_blobs >= 1
    upload(server, "later.txt", b"not in the backup")
    new = tmp_path / "new"
    done = restore_backup(tmp_path / "backup", None, target_in(new, empty_url))
    assert done.name == taken.name
    url = empty_url or f"sqlite:///{new / 'paddock.db'}"
    with live_server(new, url) as again:
        api = again.api(again.user("ada"))
        assert sorted(api.list_repo_files("ada/model")) == [
            ".gitattributes",
            "notes.md",
            "weights.bin",
        ]
        got = call(again, "GET", "/ada/model/resolve/main/weights.bin", follow_redirects=True)
        assert got.content == BIG
        made = api.create_repo("ada/another")  # numbers go on behind those that were given
        assert made.repo_id == "ada/another"
        assert verifying.verify_database(again.hub.database).is_whole
        acts = [e.fields.get("what") for e in every_entry(again.hub.database) if e.act == "backup"]
        assert acts == ["restored"]


def test_every_table_is_compared_row_by_row(
    server: LiveServer, empty_url: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_backup(source_of(server), tmp_path / "backup")
    marks = read_manifest(find_backup(tmp_path / "backup", None)).tables
    assert marks.keys() == set(table_names())
    assert marks["git_objects"][0] > 3
    with server.hub.database.write() as conn:
        before = fingerprints(conn, ["repositories"])
        conn.execute(sa.text("UPDATE repositories SET likes = likes + 1"))
        assert fingerprints(conn, ["repositories"]) != before
    wrong = {name: ["1", "0"] for name in marks}
    read = read_manifest(find_backup(tmp_path / "backup", None))
    object.__setattr__(read, "tables", wrong)
    monkeypatch.setattr(restoring, "read_manifest", lambda _folder: read)
    with pytest.raises(BadBackup, match="rows that are not"):
        restore_backup(tmp_path / "backup", None, target_in(tmp_path / "new", empty_url))
    assert not (tmp_path / "new/paddock.db").exists()


def test_a_second_backup_copies_only_what_is_new(server: LiveServer, tmp_path: Path) -> None:
    first = take_backup(source_of(server), tmp_path / "backup")
    upload(server, "more.bin", BIG + b"!")
    second = take_backup(source_of(server), tmp_path / "backup")
    assert second.name != first.name
    assert second.copied.blobs > second.copied.new_blobs >= 1
    assert read_manifest(find_backup(tmp_path / "backup", first.name)).blob_count == (
        first.copied.blobs
    )


def test_a_sweep_deletes_nothing_while_a_backup_is_taken(
    server: LiveServer, tmp_path: Path
) -> None:
    hub = server.hub
    with hub.blobs.begin() as writer:
        writer.write(b"nobody names this")
        blob: Blob = writer.commit()
    hold(hub.database)
    for _ in range(2):
        collect(hub.database, hub.blobs, Graces.all(Graces().blobs * 0))
    assert hub.blobs.size_bytes(blob.sha256) is not None
    hold(hub.database, 0)
    collect(hub.database, hub.blobs, Graces.all(Graces().blobs * 0))
    assert hub.blobs.size_bytes(blob.sha256) is None


def test_two_backups_into_one_folder_take_turns_and_a_killed_one_leaves_none(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"

    def killed(*_arguments: object) -> None:
        with pytest.raises(AlreadyTaking):
            take_backup(source_of(server), folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(taking, "copy_blobs", killed)
        take_backup(source_of(server), folder)
    with pytest.raises(BadBackup, match="there is no backup"):
        find_backup(folder, None)
    assert take_backup(source_of(server), folder).copied.blobs


def test_files_of_a_backup_are_for_their_owner_alone(server: LiveServer, tmp_path: Path) -> None:
    take_backup(source_of(server), tmp_path / "backup")
    found = find_backup(tmp_path / "backup", None)
    assert {path.stat().st_mode & 0o777 for path in found.iterdir()} == {0o600}
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700


class TestRefusals:
    """What is wrong is refused before anything is a hub."""

    @pytest.fixture
    def backup(self, tmp_path: Path) -> Path:
        """Of a hub with one blob."""
        data = tmp_path / "data"
        data.mkdir()
        database, blobs = Database(sqlite_url(data)), LocalBlobStore(data / "blobs")
        with blobs.begin() as writer:
            writer.write(BIG)
            blob: Blob = writer.commit()
        row = {"sha256": blob.sha256, "size_bytes": blob.size_bytes, "is_blob": True}
        with database.write() as conn:
            conn.execute(large_files.insert().values(row))
        source = Source(database, blobs, data / "paddock.db", has_bucket=False)
        assert take_backup(source, tmp_path / "backup").copied.blobs == 1
        database.dispose()
        return tmp_path / "backup"

    def test_a_folder_that_is_not_empty(self, backup: Path, tmp_path: Path) -> None:
        (tmp_path / "new").mkdir()
        (tmp_path / "new/precious").touch()
        with pytest.raises(NotEmpty):
            restore_backup(backup, None, target_in(tmp_path / "new"))
        with pytest.raises(NotEmpty):
            restore_backup(backup, None, target_in(tmp_path / "data"))

    def test_an_unfinished_restore_is_gone_on_with(self, backup: Path, tmp_path: Path) -> None:
        blobs = backup / "blobs"
        blobs.rename(tmp_path / "aside")
        with pytest.raises(BadBackup, match="damaged or gone"):
            restore_backup(backup, None, target_in(tmp_path / "new"))
        assert not (tmp_path / "new/paddock.db").exists()
        shutil.rmtree(blobs)
        (tmp_path / "aside").rename(blobs)
        restore_backup(backup, None, target_in(tmp_path / "new"))
        assert (tmp_path / "new/paddock.db").exists()

    @pytest.mark.parametrize("name", ["database.db", "blobs.txt"])
    def test_a_file_that_was_changed(self, backup: Path, tmp_path: Path, name: str) -> None:
        with (find_backup(backup, None) / name).open("ab") as file:
            file.write(b"x")
        with pytest.raises(BadBackup, match="was changed"):
            restore_backup(backup, None, target_in(tmp_path / "new"))

    def test_a_blob_that_was_changed(self, backup: Path, tmp_path: Path) -> None:
        for path in (backup / "blobs").rglob("*"):
            if path.is_file():
                path.chmod(0o600)
                path.write_bytes(b"x" * path.stat().st_size)
        with pytest.raises(BadBackup, match="damaged"):
            restore_backup(backup, None, target_in(tmp_path / "new"))

    @pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"x", b'{"format":"paddock-backup-1"}'])
    def test_a_manifest_that_is_none(self, backup: Path, content: bytes) -> None:
        manifest = find_backup(backup, None) / "manifest.json"
        manifest.write_bytes(content)
        with pytest.raises(BadBackup):
            read_manifest(manifest.parent)

    def test_another_version(
        self, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(restoring, "HEAD", "9999")
        with pytest.raises(OtherVersion):
            restore_backup(backup, None, target_in(tmp_path / "new"))

    @pytest.mark.parametrize("name", ["../../data", "", "20200101T000000Z"])
    def test_a_name_that_no_backup_has(self, backup: Path, name: str) -> None:
        with pytest.raises(BadBackup):
            find_backup(backup, name)

    def test_another_kind_of_database(self, backup: Path, tmp_path: Path) -> None:
        with pytest.raises(BadBackup, match="sqlite"):
            restore_backup(backup, None, target_in(tmp_path / "new", "postgresql://localhost/x"))
