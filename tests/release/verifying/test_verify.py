"""Every way to change a release is noticed and named; only the untouched one is trusted."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import digest_stream
from paddock.errors import BadInput, NotFound
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    parse_manifest,
    render_manifest,
)
from paddock.release.signatures.oms import names_outside_signature, sign_files
from paddock.release.verifying import contents
from paddock.release.verifying.verdict import Verdict, expecting
from paddock.release.verifying.verify import verify_folder
from tests.release.signed import FILES, sign_by_hand, trust, write_release

KEY = ec.generate_private_key(ec.SECP256R1())
DOWNLOADS = ".cache/huggingface/download"
OTHER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release", KEY)


def judge(folder: Path) -> Verdict:
    return verify_folder(folder, trust(KEY))


def test_an_untouched_release_is_trusted(release: Path) -> None:
    verdict = judge(release)
    assert (verdict.verdict, verdict.integrity, verdict.origin) == ("trusted", "intact", "trusted")
    assert verdict.subject.name == "tiny"
    assert verdict.subject.version == "1.0.0"
    assert verdict.reasons == ()


@pytest.mark.parametrize("path", [*FILES, MANIFEST_NAME])
def test_one_flipped_byte_is_tampered_with_the_file_named(release: Path, path: str) -> None:
    content = bytearray((release / path).read_bytes())
    content[len(content) // 2] ^= 1
    (release / path).write_bytes(content)
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    assert path in [problem.path for problem in verdict.problems]
    assert any(path in reason for reason in verdict.reasons)


def test_one_flipped_byte_in_the_signature_is_refused_with_the_file_named(release: Path) -> None:
    raw = (release / SIGNATURE_NAME).read_bytes()
    for position in range(0, len(raw), 7):
        flipped = bytearray(raw)
        flipped[position] ^= 1
        (release / SIGNATURE_NAME).write_bytes(flipped)
        verdict = judge(release)
        assert verdict.verdict in {"invalid", "untrusted"}, position
        assert not verdict.is_trusted


def _swap_for_link(folder: Path) -> None:
    shutil.move(folder / "config.json", folder.parent / "elsewhere.json")
    (folder / "config.json").symlink_to(folder.parent / "elsewhere.json")


def _swap_folder_for_link(folder: Path) -> None:
    shutil.move(folder / "original", folder.parent / "moved")
    (folder / "original").symlink_to(folder.parent / "moved")


def _fifo(folder: Path) -> None:
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")


def _write(path: str, content: bytes = b"x") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)

    return write


@pytest.mark.parametrize(
    ("attack", "kind", "path"),
    [
        (_write("extra.txt"), "extra", "extra.txt"),
        (_write(".git/hooks/post-checkout"), "extra", ".git/hooks/post-checkout"),
        (_write(".gitignore"), "extra", ".gitignore"),
        (_write(".github/workflows/x.yml"), "extra", ".github/workflows/x.yml"),
        (_write(".cache/huggingface/evil.py"), "extra", ".cache/huggingface/evil.py"),
        (_write(f"{DOWNLOADS}/a.incomplete"), "extra", f"{DOWNLOADS}/a.incomplete"),
        (_write(f"{DOWNLOADS}/a.lock", b"x" * 70_000), "extra", f"{DOWNLOADS}/a.lock"),
        (_write(".cache/other"), "extra", ".cache/other"),
        (_write("model.sig"), "extra", "model.sig"),
        (_write("Config.json"), "collision", "config.json"),
        (_write("e\u0301.txt"), "name", "e\u0301.txt"),
        (_write("a\u202etxt.exe"), "name", "a\u202etxt.exe"),
        (lambda f: (f / "config.json").unlink(), "missing", "config.json"),
        (lambda f: (f / ".gitattributes").unlink(), "missing", ".gitattributes"),
        (lambda f: (f / MANIFEST_NAME).unlink(), "missing", MANIFEST_NAME),
        (lambda f: (f / "empty").mkdir(), "extra", "empty"),
        (lambda f: (f / "config.json").chmod(0o755), "mode", "config.json"),
        (lambda f: (f / "config.json").chmod(0o4644), "mode", "config.json"),
        (lambda f: (f / "config.json").rename(f / "CONFIG.json"), "missing", "config.json"),
        (lambda f: os.truncate(f / "model.safetensors", 100), "changed", "model.safetensors"),
        (_swap_for_link, "symlink", "config.json"),
        (_swap_folder_for_link, "symlink", "original"),
        (_fifo, "special", "config.json"),
    ],
)  # fmt: skip
def test_every_change_of_the_tree_is_tampered_and_named(
    release: Path, attack: Callable[[Path], None], kind: str, path: str
) -> None:
    attack(release)
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    assert (kind, path) in [(problem.kind, problem.path) for problem in verdict.problems]
    assert verdict.integrity == "broken"


def test_a_name_that_is_not_utf8_is_reported_readably(release: Path) -> None:
    with open(os.fsencode(release) + b"/\xff\xfe", "wb"):  # noqa: PTH123 - a Path cannot hold it
        pass
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    json.dumps(verdict.to_json(), ensure_ascii=False).encode()


def test_two_names_that_differ_in_case_are_a_collision(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "r", KEY, {**FILES, "CONFIG.json": b"{}"})
    assert "collision" in [problem.kind for problem in judge(folder).problems]


def test_the_clients_bookkeeping_is_ignored_and_mentioned(release: Path) -> None:
    notes = release / ".cache" / "huggingface"
    (notes / "download").mkdir(parents=True)
    (notes / "trees").mkdir()
    (notes / ".gitignore").write_text("*")
    (notes / "CACHEDIR.TAG").write_text("Signature")
    (notes / "download" / "config.json.metadata").write_text("a\nb\n1\n")
    (notes / "download" / "config.json.lock").write_text("")
    (notes / "trees" / f"{'0' * 40}.json").write_text("[]")
    verdict = judge(release)
    assert verdict.verdict == "trusted"
    assert "5 bookkeeping files" in verdict.notes[0]


def test_bookkeeping_may_not_hide_a_link(release: Path) -> None:
    notes = release / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    (notes / "a.metadata").symlink_to("/etc/passwd")
    assert judge(release).verdict == "tampered"


def test_another_key_is_untrusted_and_not_tampered(release: Path) -> None:
    verdict = verify_folder(release, trust(OTHER))
    assert (verdict.verdict, verdict.integrity, verdict.origin) == (
        "untrusted", "intact", "untrusted",
    )  # fmt: skip
    assert verdict.hint is not None
    assert "--trust" in verdict.hint


def test_without_any_trusted_key_nothing_is_trusted(release: Path) -> None:
    assert verify_folder(release, []).verdict == "untrusted"


def test_a_changed_release_by_an_unknown_key_is_tampered_first(release: Path) -> None:
    (release / "config.json").write_bytes(b"{}")
    assert verify_folder(release, []).verdict == "tampered"


def test_one_of_several_trusted_keys_is_enough(release: Path) -> None:
    verdict = verify_folder(release, [*trust(OTHER), *trust(KEY)])
    assert verdict.verdict == "trusted"


def test_no_signature_is_unsigned(release: Path) -> None:
    (release / SIGNATURE_NAME).unlink()
    assert judge(release).verdict == "unsigned"


def test_a_linked_signature_is_not_followed(release: Path) -> None:
    shutil.move(release / SIGNATURE_NAME, release.parent / "sig")
    (release / SIGNATURE_NAME).symlink_to(release.parent / "sig")
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    assert SIGNATURE_NAME in verdict.reasons[0]


def test_the_signature_of_another_release_is_tampered(release: Path, tmp_path: Path) -> None:
    other = write_release(tmp_path / "other", KEY, {**FILES, "README.md": b"other"})
    shutil.copy(other / SIGNATURE_NAME, release / SIGNATURE_NAME)
    (release / "extra.txt").touch()
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    found = {problem.path: problem.kind for problem in verdict.problems}
    assert found == {"README.md": "changed", MANIFEST_NAME: "changed", "extra.txt": "extra"}
    assert "None" not in verdict.to_text()


def test_a_key_inside_the_release_makes_nothing_trusted(tmp_path: Path) -> None:
    from paddock.signing.public_keys import public_pem

    pem = public_pem(OTHER.public_key())
    folder = write_release(tmp_path / "r", OTHER, {**FILES, "release.pub.pem": pem})
    assert judge(folder).verdict == "untrusted"


def _rows(folder: Path) -> list[ReleaseFile]:
    return list(parse_manifest((folder / MANIFEST_NAME).read_bytes()).files)


def test_ignore_paths_in_the_bundle_hide_nothing(release: Path) -> None:
    signed = {row.path: row.sha256 for row in _rows(release)}
    for path in names_outside_signature(signed):
        del signed[path]
    signed[MANIFEST_NAME] = digest_stream([(release / MANIFEST_NAME).read_bytes()]).sha256
    (release / SIGNATURE_NAME).write_bytes(sign_files("tiny", signed, "payload.py", KEY))
    (release / "payload.py").write_bytes(b"x")
    verdict = judge(release)
    assert [problem.path for problem in verdict.problems] == ["payload.py"]


@pytest.mark.parametrize(
    "change", [{"sha256": "00" * 32}, {"path": "other.json"}], ids=["digest", "path"]
)
def test_release_json_must_agree_with_the_signature(release: Path, change: dict[str, str]) -> None:
    from dataclasses import replace

    rows = _rows(release)
    signature_rows = {row.path: row.sha256 for row in rows if row.path != ".gitattributes"}
    rows = [replace(row, **change) if row.path == "config.json" else row for row in rows]
    sign_by_hand(release, KEY, rows)
    manifest = (release / MANIFEST_NAME).read_bytes()
    signature_rows[MANIFEST_NAME] = digest_stream([manifest]).sha256
    (release / SIGNATURE_NAME).write_bytes(sign_files("tiny", signature_rows, SIGNATURE_NAME, KEY))
    verdict = judge(release)
    assert verdict.verdict == "invalid"
    assert "disagree" in verdict.reasons[0]


def test_a_wrong_blake3_or_size_is_noticed(release: Path) -> None:
    from dataclasses import replace

    rows = [
        replace(row, blake3="00" * 32) if row.path == "config.json" else row
        for row in _rows(release)
    ]
    sign_by_hand(release, KEY, rows)
    assert [problem.path for problem in judge(release).problems] == ["config.json"]


def test_release_json_is_not_parsed_unless_it_is_what_was_signed(release: Path) -> None:
    (release / MANIFEST_NAME).write_bytes(b"{" * 10_000)
    verdict = judge(release)
    assert verdict.verdict == "tampered"
    assert MANIFEST_NAME in [problem.path for problem in verdict.problems]


def test_a_huge_signature_is_refused_unread(release: Path) -> None:
    os.truncate(release / SIGNATURE_NAME, 1 << 36)
    assert judge(release).verdict == "invalid"


def test_a_file_that_grows_while_it_is_read_is_not_trusted(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap happens between hashing and the verdict, as an attacker with write access would."""
    hash_files = contents.digest_files

    def hash_then_swap(root_fd: int, paths: list[str], digest: Callable[..., Any]) -> object:
        result = hash_files(root_fd, paths, digest)
        (release / "new.json").write_bytes(b"{}")
        (release / "new.json").replace(release / "config.json")
        return result

    monkeypatch.setattr(contents, "digest_files", hash_then_swap)
    verdict = judge(release)
    assert verdict.verdict == "invalid"
    assert "changed while" in verdict.reasons[0]


def test_a_release_under_constant_change_is_never_trusted_with_wrong_bytes(release: Path) -> None:
    stop = threading.Event()
    good = (release / "config.json").read_bytes()

    def flicker() -> None:
        while not stop.is_set():
            (release / "config.json").write_bytes(b"!" * len(good))
            (release / "config.json").write_bytes(good)

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        verdicts = {judge(release).verdict for _ in range(20)}
    finally:
        stop.set()
        thread.join()
    assert verdicts <= {"trusted", "tampered", "invalid"}
    assert judge(release).verdict == "trusted"


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInput):
        judge(tmp_path / "file")
    with pytest.raises(NotFound):
        judge(tmp_path / "nowhere")


def test_text_and_json_say_the_same(release: Path) -> None:
    (release / "config.json").write_bytes(b"{}")
    verdict = judge(release)
    assert verdict.to_json()["problems"] == [
        {
            "path": "config.json",
            "kind": "changed",
            "sentence": "config.json has other bytes than were signed",
        }
    ]
    assert "config.json has other bytes" in verdict.to_text()
    assert verdict.to_text().startswith("tampered: ")


def test_an_older_or_another_release_is_not_the_one_that_was_asked_for(release: Path) -> None:
    verdict = judge(release)
    assert expecting(verdict, "tiny", "1.0.0").is_trusted
    assert expecting(verdict, "tiny", None).is_trusted
    for name, version in (("tiny", "1.0.1"), ("tiny2", "1.0.0"), ("tiny2", None)):
        other = expecting(verdict, name, version)
        assert other.verdict == ("stale" if name == "tiny" else "invalid")
        assert "was asked for" in other.reasons[0]


@pytest.mark.parametrize(
    "name", ["tiny\n  key      0123", "\x1b[2Jtrusted", "a\u202eb", "", "x" * 300, "a\x00"]
)
def test_a_name_that_would_draw_on_the_terminal_is_none(tmp_path: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    folder = write_release(tmp_path / "out", key)
    rows = list(parse_manifest((folder / MANIFEST_NAME).read_bytes()).files)
    manifest = render_manifest({"name": name, "version": "1.0.0"}, rows)
    (folder / MANIFEST_NAME).write_bytes(manifest)
    signed = {row.path: row.sha256 for row in rows if row.path != ".gitattributes"}
    signed[MANIFEST_NAME] = digest_stream([manifest]).sha256
    (folder / SIGNATURE_NAME).write_bytes(sign_files(name, signed, SIGNATURE_NAME, key))
    verdict = verify_folder(folder, trust(key))
    assert verdict.verdict == "invalid"
    assert all(line.isprintable() for line in verdict.to_text().split("\n"))
    assert not any(line.startswith("  key      0123") for line in verdict.to_text().split("\n"))
