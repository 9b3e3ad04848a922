"""Two people with a root key each, on two machines, make and change the root together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock.release.signatures.tuf.drafts import parse_draft, render_draft
from paddock.signing.errors import BadSignature
from paddock.signing.keys import create_key
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture


class Two:
    """Ada keeps the metadata; Bob has a root key and sees drafts alone."""

    def __init__(self, folder: Path, paddock: Paddock) -> None:
        self.tuf, self.ada, self.bob = folder / "tuf", folder / "ada", folder / "bob"
        self.draft = folder / "root.draft"
        self._paddock = paddock
        self.ada.mkdir()
        create_key(self.bob / "root-2.pem", "ed25519", None)
        shutil.copy(self.bob / "root-2.pub.pem", self.ada)

    def keys(self, *arguments: object, who: Path | None = None) -> tuple[int, str, str]:
        return self._paddock("keys", "tuf", *arguments, "--keys", who or self.ada)

    def create(self) -> tuple[int, str, str]:
        return self.keys(
            "create", self.tuf, "--root-threshold", 2, "--no-password", "--draft", self.draft
        )


@pytest.fixture
def two(tmp_path: Path, paddock: Paddock) -> Two:
    return Two(tmp_path, paddock)


def made(two: Two) -> None:
    assert two.create()[0] == 0
    assert two.keys("sign", two.draft, who=two.bob)[0] == 0
    assert two.keys("finish", two.tuf, two.draft)[0] == 0


def test_the_first_root_waits_for_the_second_signature(two: Two) -> None:
    code, out, error = two.create()
    assert code == 0, error
    assert "1 more root key must sign" in out
    assert not two.tuf.exists()
    code, _, error = two.keys("finish", two.tuf, two.draft)
    assert (code, "1 more root keys must sign" in error) == (1, True)
    code, out, error = two.keys("sign", two.draft, who=two.bob)
    assert (code, "complete" in out) == (0, True), error
    code, out, error = two.keys("finish", two.tuf, two.draft, "--json")
    assert code == 0, error
    assert json.loads(out)["roles"]["root"]["version"] == 1
    code, _, error = two.keys("finish", two.tuf, two.draft)
    assert (code, "has a first root already" in error) == (1, True)


def test_a_rotation_shows_what_it_changes_and_needs_both(two: Two, tmp_path: Path) -> None:
    made(two)
    create_key(tmp_path / "new" / "timestamp.pem", "ed25519", None)
    rotate = ("rotate", two.tuf, "timestamp", "--new", tmp_path / "new")
    code, _, error = two.keys(*rotate)
    assert (code, "1 more root keys must sign the new root" in error) == (1, True)
    code, out, error = two.keys(*rotate, "--draft", two.draft)
    assert code == 0, error
    assert "    + " in out
    assert "    - " in out
    code, out, error = two.keys("sign", two.draft, "--json", who=two.bob)
    assert (code, json.loads(out)["missing"]) == (0, 0), error
    shutil.copy(tmp_path / "new" / "timestamp.pem", two.ada)
    (two.ada / "timestamp.pem").chmod(0o600)
    code, out, error = two.keys("finish", two.tuf, two.draft, "--json")
    assert (code, json.loads(out)["roles"]["root"]["version"]) == (0, 2), error
    code, _, error = two.keys("finish", two.tuf, two.draft)
    assert (code, "follows another root" in error) == (1, True)


def test_who_signs_twice_or_has_another_key_is_told_so(two: Two, tmp_path: Path) -> None:
    two.create()
    code, _, error = two.keys("sign", two.draft)
    assert (code, "every key here has signed already" in error) == (1, True)
    create_key(tmp_path / "eve" / "root-1.pem", "ed25519", None)
    code, _, error = two.keys("sign", two.draft, who=tmp_path / "eve")
    assert (code, "no key here is named for root" in error) == (1, True)


def test_a_draft_that_was_tampered_with_is_signed_by_nobody(two: Two) -> None:
    two.create()
    good = two.draft.read_bytes()
    document = json.loads(good)
    root = json.loads(document["root"])
    for change in (
        {"version": 2},
        {"expires": "2999-01-01T00:00:00Z"},
        {"roles": {**root["signed"]["roles"], "root": {"keyids": [], "threshold": 1}}},
    ):
        text = json.dumps({**root, "signed": {**root["signed"], **change}}, sort_keys=True,
                          separators=(",", ":"))  # fmt: skip
        two.draft.write_text(json.dumps({**document, "root": text}))
        code, _, _ = two.keys("sign", two.draft, who=two.bob)
        assert code == 1, change
    for raw in (b"", b"[]", b"{}", good[:-1], json.dumps({**document, "more": 1}).encode()):
        with pytest.raises(BadSignature):
            parse_draft(raw)
    assert render_draft(parse_draft(good)) == good
