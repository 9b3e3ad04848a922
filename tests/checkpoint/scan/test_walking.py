"""Folders: what in them is no file, and what leads out of them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.walking import walk


def found(root: Path, limits: Limits | None = None) -> tuple[list[str], dict[str, str]]:
    """The names that would be scanned, and the code of each refused one."""
    walked = walk(root, limits or Limits())
    refused = {file.path: file.reasons[0].code for file in walked.refused}
    return [entry.path for entry in walked.entries], refused


def test_hidden_files_and_folders_are_looked_into(tmp_path: Path) -> None:
    for name in (".env", ".git/hooks/pre-commit", "a/.b/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert found(tmp_path) == ([".env", ".git/hooks/pre-commit", "a/.b/c"], {})


def test_links_out_of_the_folder_and_to_nothing_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "out").symlink_to("../secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "folder").symlink_to("/etc")
    (root / "nothing").symlink_to("missing")
    (root / "circle").symlink_to("circle")
    assert found(root) == ([], dict.fromkeys(
        ("absolute", "circle", "folder", "nothing", "out"), "link_out"
    ))  # fmt: skip


def test_a_link_inside_the_folder_counts_as_the_file_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert [(e.path, e.file.name) for e in walk(tmp_path, Limits()).entries] == [
        ("a", "a"),
        ("b", "a"),
    ]


def test_the_stock_clients_cache_is_followed(tmp_path: Path) -> None:
    repository = tmp_path / "models--a--b"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "abc").write_text("x")
    snapshot = repository / "snapshots" / "c0ffee"
    (snapshot / "sub").mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    (snapshot / "sub" / "more.json").symlink_to("../../../blobs/abc")
    (snapshot / "out").symlink_to("/etc/passwd")
    assert found(snapshot) == (["config.json", "sub/more.json"], {"out": "link_out"})


def test_pipes_and_sockets_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        assert found(tmp_path) == ([], {"pipe": "special_file", "s": "special_file"})


def test_too_many_files_and_too_deep_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 9)).mkdir(parents=True)
    for number in range(20):
        (tmp_path / str(number)).write_text("x")
    _, refused = found(tmp_path, Limits(folder_depth=4))
    assert list(refused.values()) == ["too_many_files"]
    names, refused = found(tmp_path, Limits(files=10))
    assert len(names) == 10
    assert list(refused.values()) == ["too_many_files"]


def test_folders_without_a_file_have_an_end_too(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / str(number)).mkdir()
    assert found(tmp_path, Limits(files=10))[1] == {"18": "too_many_files"}


def test_what_cannot_even_be_looked_at_is_refused_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open"):
        (tmp_path / name).write_text("x")
    lstat = Path.lstat

    def deny(path: Path) -> os.stat_result:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", deny)
    assert found(tmp_path) == (["open"], {"closed": "unreadable"})


def test_a_name_that_is_no_utf_8_is_written_as_escapes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")).write_text("x")
    assert found(tmp_path)[0] == ["a\\xff"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert found(tmp_path) == ([], {"closed/": "unreadable"})
