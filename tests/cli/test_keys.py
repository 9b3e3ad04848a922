"""``paddock keys``, as a person uses it: keys, trust, rotation, revocation, update metadata."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Paddock
from tests.release.publisher import NOW, SIGN, Publisher


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(folder))
    monkeypatch.setenv("PADDOCK_KEY_PASSWORD", "correct horse")
    return folder


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "ml-dsa-65"])
def test_a_key_is_made_encrypted_listed_and_shown(paddock: Paddock, home: Path, kind: str) -> None:
    code, out, _ = paddock("keys", "create", "release", "--kind", kind, "--json")
    made = json.loads(out)
    path = home / "keys" / "release.pem"
    assert (code, made["kind"], made["encrypted"]) == (0, kind, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    assert made["fingerprint"] in paddock("keys", "list")[1]
    shown = paddock("keys", "show", "release")[1]
    assert "BEGIN PUBLIC KEY" in shown
    assert "PRIVATE" not in shown
    assert paddock("keys", "show", home / "keys" / "release.pub.pem")[1] == shown


def test_a_key_is_never_overwritten_and_never_made_without_a_word_on_its_password(
    paddock: Paddock, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paddock("keys", "create", "a")[0] == 0
    before = (home / "keys" / "a.pem").read_bytes()
    code, _, error = paddock("keys", "create", "a")
    assert (code, "there is a key" in error) == (1, True)
    assert (home / "keys" / "a.pem").read_bytes() == before
    monkeypatch.delenv("PADDOCK_KEY_PASSWORD")
    code, _, error = paddock("keys", "create", "b")
    assert (code, "--no-password" in error) == (2, True)
    assert paddock("keys", "create", "b", "--no-password")[0] == 0
    assert "(no password)" in paddock("keys", "list")[1]
    assert paddock("keys", "create", "../c", "--no-password")[0] == 1


def test_a_key_goes_out_and_comes_in_again_as_it_is(
    paddock: Paddock, home: Path, tmp_path: Path
) -> None:
    paddock("keys", "create", "a", "--kind", "ed25519")
    assert paddock("keys", "export", "a", "-o", tmp_path / "a.pem")[0] == 0
    assert stat.S_IMODE((tmp_path / "a.pem").stat().st_mode) == 0o600
    assert paddock("keys", "export", "a", "-o", tmp_path / "a.pem")[0] == 1
    assert paddock("keys", "export", "a", "--public", "-o", tmp_path / "a.pub.pem")[0] == 0
    assert paddock("keys", "import", tmp_path / "a.pem", "--name", "b")[0] == 0
    assert (home / "keys/b.pub.pem").read_bytes() == (tmp_path / "a.pub.pem").read_bytes()
    assert b"ENCRYPTED" in (home / "keys" / "b.pem").read_bytes()
    assert paddock("keys", "import", tmp_path / "a.pub.pem", "--name", "c")[0] == 1


def test_keys_and_roots_are_trusted_listed_and_trusted_no_longer(
    paddock: Paddock, tmp_path: Path
) -> None:
    (tmp_path / "publisher").mkdir()
    publisher = Publisher(tmp_path / "publisher")
    folder = publisher.release("r")
    assert paddock("verify", folder)[0] == 1
    public = publisher.folder / "oms.pub.pem"
    code, out, _ = paddock("keys", "trust", "add", public, "--json")
    assert code == 0
    fingerprint = json.loads(out)["trusted"][0]["fingerprint"]
    code, out, _ = paddock("verify", folder, "--json")
    assert (code, json.loads(out)["freshness"]) == (0, "fresh")
    assert paddock("keys", "trust", "remove", fingerprint[:12])[0] == 0
    assert paddock("keys", "trust", "remove", fingerprint[:12])[0] == 1
    assert paddock("keys", "trust", "add", publisher.folder / "tuf" / "1.root.json")[0] == 0
    assert "root of update metadata" in paddock("keys", "trust", "list")[1]
    assert paddock("verify", folder)[0] == 0
    assert paddock("keys", "trust", "add", publisher.folder / "tuf" / "timestamp.json")[0] == 1
    assert paddock("keys", "trust", "add", publisher.folder / "oms.pem")[0] == 1


def test_a_rotated_key_is_followed_by_who_trusts_the_old_one(
    paddock: Paddock, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = json.loads(paddock("keys", "create", "release", "--json")[1])
    paddock("keys", "export", "release", "--public", "-o", tmp_path / "old.pub.pem")
    code, out, _ = paddock("keys", "rotate", "release", "--kind", "p384", "--json")
    new = json.loads(out)
    assert (code, new["kind"]) == (0, "p384")
    assert new["fingerprint"] != old["fingerprint"]
    assert Path(new["old"]["path"]).exists()
    assert paddock("keys", "rotate", "release")[0] == 1  # once a day
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "other"))
    assert paddock("keys", "trust", "add", new["succession"])[0] == 1
    paddock("keys", "trust", "add", tmp_path / "old.pub.pem")
    assert paddock("keys", "trust", "add", new["succession"])[0] == 0
    assert new["fingerprint"] in paddock("keys", "trust", "list")[1]


def test_update_metadata_is_made_renewed_rotated_and_shown(
    paddock: Paddock, tmp_path: Path
) -> None:
    repo, keys = tmp_path / "tuf", tmp_path / "tuf-keys"
    assert paddock("keys", "tuf", "show", repo)[0] == 1
    made = paddock("keys", "tuf", "create", repo, "--keys", keys, "--root-threshold", "2")
    assert made[0] == 0
    assert len(list(keys.glob("root-*.pub.pem"))) == 3
    for path in keys.glob("root-*"):
        path.rename(tmp_path / path.name)
    code, out, _ = paddock("keys", "tuf", "refresh", repo, "--keys", keys, "--json")
    assert (code, json.loads(out)["roles"]["timestamp"]["version"]) == (0, 2)
    rotate = ("keys", "tuf", "rotate", repo, "root", "--keys")
    assert "root keys must sign" in paddock(*rotate, keys)[2]
    (tmp_path / "offline").mkdir()
    for path in [*tmp_path.glob("root-*"), *keys.iterdir()]:
        path.rename(tmp_path / "offline" / path.name)
    code, out, _ = paddock(*rotate, tmp_path / "offline", "--json")
    assert (code, json.loads(out)["roles"]["root"]["version"]) == (0, 2)
    assert "names revoked.json" in paddock("keys", "tuf", "show", repo)[1]


def test_a_revocation_is_told_by_verify(paddock: Paddock, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    publisher = Publisher(tmp_path / "p")
    folder = publisher.release("r", NOW, SIGN)
    trust = ("--trust", publisher.folder / "oms.pub.pem")
    assert paddock("verify", folder, *trust)[0] == 0
    revoke = ("keys", "revoke", folder, "--repo", publisher.folder / "tuf",
              "--keys", publisher.folder / "tuf-keys")  # fmt: skip
    assert paddock(*revoke, "--reason", "two words")[0] == 1
    code, _, _ = paddock(*revoke, "--reason", "unsafe", "--advisory", "take 1.1.0")
    assert code == 0
    assert paddock(*revoke, "--reason", "unsafe")[0] == 1  # already
    code, out, _ = paddock(
        "verify", folder, *trust, "--updates", publisher.folder / "tuf", "--json"
    )
    verdict = json.loads(out)
    assert (code, verdict["verdict"], verdict["class"]) == (1, "revoked", "freshness")
    assert "take 1.1.0" in verdict["reasons"][0]
    assert paddock("keys", "tuf", "attach", publisher.folder / "tuf", folder)[0] == 0
    assert paddock("verify", folder, *trust)[0] == 1
