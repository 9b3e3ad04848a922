"""``paddock scan``: verdicts as exit codes, reasons worst first, repositories pulled whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from paddock.checkpoint.scan import isolation
from tests.checkpoint.samples import write_hf_folder
from tests.cli.conftest import Paddock
from tests.live import LiveServer

CALL = b"cposix\nsystem\n(S'true'\ntR."


def test_a_clean_folder_ends_with_0(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path)
    code, out, err = paddock("scan", tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("clean  ")


def test_an_unknown_format_ends_with_3_and_a_pickle_that_calls_with_4(
    tmp_path: Path, paddock: Paddock
) -> None:
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))
    code, out, _ = paddock("scan", tmp_path)
    assert code == 3
    assert "unknown_format  noise.bin: " in out
    (tmp_path / "model.pkl").write_bytes(CALL)
    code, out, _ = paddock("scan", tmp_path)
    assert code == 4
    verdict, worst, advice, second, _ = out.splitlines()
    assert verdict == f"reject  2 files, {256 + len(CALL)} bytes"
    assert worst == "reject      pickle_global  model.pkl@0: it asks for 'posix.system'"
    assert advice.strip() == "do not load it; ask its maker for safetensors"
    assert second.startswith("quarantine  unknown_format")


def test_a_program_gets_one_object_with_the_worst_reason_first(
    tmp_path: Path, paddock: Paddock
) -> None:
    (tmp_path / "a.pkl").write_bytes(CALL)
    (tmp_path / "b.txt").write_text("words\n")
    code, out, _ = paddock("scan", tmp_path, "--json")
    found = json.loads(out)
    assert code == 4
    assert found["verdict"] == "reject"
    assert found["reasons"][0]["code"] == "pickle_global"
    assert found["reasons"][0]["advice"]
    assert [(file["path"], file["verdict"]) for file in found["files"]] == [
        ("a.pkl", "reject"), ("b.txt", "clean"),
    ]  # fmt: skip


def test_a_single_file_and_a_link_to_it_are_scanned(tmp_path: Path, paddock: Paddock) -> None:
    (tmp_path / "a.pkl").write_bytes(CALL)
    (tmp_path / "link").symlink_to("a.pkl")
    assert [paddock("scan", tmp_path / name)[0] for name in ("a.pkl", "link")] == [4, 4]


def test_names_cannot_play_with_the_terminal(tmp_path: Path, paddock: Paddock) -> None:
    (tmp_path / "a\x1b[2Jb\u202e.pkl").write_bytes(CALL)
    code, out, _ = paddock("scan", tmp_path)
    assert code == 4
    assert "\x1b" not in out and "\u202e" not in out
    assert "a\\x1b[2Jb\\u202e.pkl" in out


def test_a_path_that_is_not_there_is_an_error_and_no_verdict(
    tmp_path: Path, paddock: Paddock
) -> None:
    code, out, err = paddock("scan", tmp_path / "nothing")
    assert (code, out) == (1, "")
    assert err.startswith("error: ")


def test_a_scan_that_breaks_down_rejects(
    tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(isolation, "walk", broken)
    code, out, _ = paddock("scan", tmp_path)
    assert code == 4
    assert "unfinished" in out


def test_limits_come_from_the_settings(
    tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'{"a": "' + b"xy" * 99 + b'"}'))
    assert paddock("scan", tmp_path)[0] == 0
    monkeypatch.setenv("PADDOCK_SCAN_UNPACKED_BYTES", "100")
    code, out, _ = paddock("scan", tmp_path)
    assert code == 4
    assert "unpacks to over 100 bytes" in out


def test_a_scanner_that_nobody_knows_is_an_error(tmp_path: Path, paddock: Paddock) -> None:
    code, _, err = paddock("scan", tmp_path, "--second-opinion", "magic")
    assert code == 1
    assert "magic" in err


def test_every_file_of_a_revision_on_the_hub_is_scanned(
    server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = server.user("nora")
    api = server.api(token)
    api.create_repo("nora/model")
    write_hf_folder(tmp_path / "model")
    api.upload_folder(repo_id="nora/model", folder_path=str(tmp_path / "model"))
    api.create_tag("nora/model", tag="v1")
    # Other commands would not even pull this.
    api.upload_file(repo_id="nora/model", path_in_repo="original/x.pt", path_or_fileobj=CALL)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PADDOCK_HUB_URL", server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    monkeypatch.chdir(tmp_path)
    assert paddock("scan", "nora/model@v1")[0] == 0
    code, out, _ = paddock("scan", "nora/model")
    assert code == 4
    assert "pickle_global  original/x.pt@0" in out


def test_a_reason_names_its_file_once(tmp_path: Path, paddock: Paddock) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "x.safetensors").write_bytes(bytes([255] * 8) + b"{}")
    _, out, _ = paddock("scan", tmp_path)
    assert "truncated  model.safetensors: it has 0 bytes, too few for a header\n" in out
    assert "impossible_size  x.safetensors: it announces a header of" in out


def test_a_stranger_hears_why_the_hub_keeps_a_file_from_them(
    server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = server.api(server.user("nora"))
    api.create_repo("nora/model")
    api.upload_file(repo_id="nora/model", path_in_repo="x.pt", path_or_fileobj=CALL)
    server.run_scans()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PADDOCK_HUB_URL", server.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    code, _, err = paddock("scan", "nora/model")
    assert code == 1
    assert "'x.pt' of model nora/model was rejected by this hub's scan (pickle_global" in err
    assert "hint: do not load it" in err
