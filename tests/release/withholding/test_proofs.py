"""Commitments are opened one by one, by whoever has the secret, and checked by anybody."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from paddock.release.errors import BadEscrow, BadProof
from paddock.release.withholding.apply import withhold
from paddock.release.withholding.commitments import commit
from paddock.release.withholding.proofs import parse_proof
from paddock.release.withholding.rendering import parse_commitments, render_withheld
from paddock.release.withholding.secret import Secret, load_secret, own_secret
from paddock.release.withholding.withheld import Part
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.withholding.samples import ITEM, SECRET, gpt_oss, llama, release_text, spec_of

RULES: tuple[dict[str, Any], ...] = (
    {"layers": [1], "replace": "zero"},
    {"field": {"file": "rows.jsonl", "name": "mail"}, "reason": "privacy"},
    {"file": "secret.txt"},
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path: Path, home: Path) -> Path:
    folder = llama(tmp_path / "m")
    (folder / "rows.jsonl").write_text('{"mail": "a@b", "n": 1}\n')
    (folder / "secret.txt").write_text("secret")
    (folder / "release.yaml").write_text(release_text(*RULES))
    return folder


@pytest.fixture
def released(tmp_path: Path, source: Path, home: Path) -> Path:
    secret = own_secret(home / "keys" / "withheld.secret")
    told = withhold(source, tmp_path / "out", spec_of(*RULES), secret)
    (tmp_path / "out" / "withheld.json").write_bytes(render_withheld(told, "acme", "1.0.0"))
    return tmp_path / "out"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_one_item_is_revealed_and_checked_without_the_others(
    number: int, source: Path, released: Path, tmp_path: Path, paddock: Paddock
) -> None:
    item, proof = f"model-parameters-final.{number}", tmp_path / "proof.json"
    code, out, _ = paddock("release", "reveal", source, "--item", item, "-o", proof, "--json")
    assert code == 0 and json.loads(out)["item"] == item
    code, out, _ = paddock("release", "check-proof", proof, released, "--json")
    assert code == 0 and json.loads(out)["compared"] == 0
    code, out, _ = paddock("release", "check-proof", proof, released, "--content", source, "--json")
    found = json.loads(out)
    assert code == 0 and found["compared"] == found["parts"] > 0
    others = {f"model-parameters-final.{n}" for n in (1, 2, 3)} - {item}
    _, _, known = parse_commitments((released / "withheld.json").read_bytes())
    assert not any(known[other] in proof.read_text() for other in others)


def test_other_content_another_salt_or_another_release_is_told_apart(
    source: Path, released: Path, tmp_path: Path, paddock: Paddock
) -> None:
    path = tmp_path / "proof.json"
    paddock("release", "reveal", source, "--item", ITEM, "-o", path)
    (code, out, _) = paddock("release", "check-proof", path, released, "--content", released)
    assert code == 1 and "is not what was committed to" in out
    proof = json.loads(path.read_bytes())
    for change, said in (
        ({"salt": "0" * 64}, "does not open the commitment"),
        ({"item": "other"}, "commits to no item"),
        ({"release": {"name": "acme", "version": "2.0.0"}}, "the proof is for acme 2.0.0"),
    ):
        path.write_text(json.dumps(proof | change))
        code, out, _ = paddock("release", "check-proof", path, released)
        assert code == 1 and said in out, out


def test_the_item_must_be_named_where_there_are_several(
    source: Path, released: Path, tmp_path: Path, paddock: Paddock
) -> None:
    code, _, error = paddock("release", "reveal", source, "-o", tmp_path / "p.json")
    assert code == 2 and "--item" in error
    code, _, error = paddock("release", "reveal", source, "--item", "x", "-o", tmp_path / "p.json")
    assert code == 1 and "withholds no item 'x'" in error


def test_the_open_version_alone_is_what_the_release_is_made_of(
    source: Path, released: Path, tmp_path: Path, paddock: Paddock
) -> None:
    code, out, _ = paddock("release", "withhold", source, "-o", tmp_path / "alone", "--json")
    found = json.loads(out)
    assert code == 0 and found["run"] == "undecided"
    _, _, known = parse_commitments((released / "withheld.json").read_bytes())
    assert {item["id"]: item["commitment"] for item in found["items"]} == known
    weights = "model.safetensors"
    assert (tmp_path / "alone" / weights).read_bytes() == (released / weights).read_bytes()
    code, _, error = paddock("release", "withhold", source, "-o", tmp_path / "alone")
    assert code == 1 and "exists and is not an empty folder" in error


def test_without_the_secret_nothing_is_revealed(
    source: Path, tmp_path: Path, paddock: Paddock
) -> None:
    code, _, error = paddock("release", "reveal", source, "--item", ITEM, "-o", tmp_path / "p")
    assert code == 1 and "the escrow secret" in error
    assert not (tmp_path / "p").exists()


def test_a_commitment_is_what_the_page_says(tmp_path: Path) -> None:
    part = Part("file", "a.txt", hashlib.sha256(b"x").hexdigest(), 1)
    salt = SECRET.salt(rfc8785.dumps(["acme", "1.0.0", "datasets"]))
    row = {"kind": "file", "name": "a.txt", "sha256": part.sha256, "size_bytes": 1}
    manifest = rfc8785.dumps({"format": "paddock/withheld-manifest/v1", "parts": [row]})
    expected = hashlib.sha256(salt + hashlib.sha256(manifest).digest()).hexdigest()
    assert commit(SECRET, "acme", "1.0.0", "datasets", [part]) == expected


def test_salts_differ_by_secret_release_and_item() -> None:
    part = Part("file", "a.txt", "0" * 64, 1)
    contexts = [("a", "1", "x"), ("a", "2", "x"), ("b", "1", "x"), ("a", "1", "y")]
    found = {commit(secret, *c, [part]) for c in contexts for secret in (SECRET, Secret(bytes(32)))}
    assert len(found) == 8


def test_rows_of_fused_experts_are_proven_row_by_row(tmp_path: Path, home: Path) -> None:
    source = gpt_oss(tmp_path / "m")
    told = withhold(source, tmp_path / "out", spec_of({"experts": [2]}), SECRET)
    other = withhold(source, tmp_path / "other", spec_of({"experts": [1]}), SECRET)
    assert told.items[0].commitment != other.items[0].commitment


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "withheld.secret"
    first = own_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert own_secret(path) == first
    assert "value" not in repr(first)
    path.chmod(0o644)
    with pytest.raises(BadEscrow, match="others may read"):
        load_secret(path)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"paddock escrow secret v1: short\n00"])
def test_a_file_that_is_no_secret_is_not_used_as_one(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(content)
    (tmp_path / "s").chmod(0o600)
    with pytest.raises(BadEscrow, match="holds no escrow secret"):
        load_secret(tmp_path / "s")
    (tmp_path / "link").symlink_to(tmp_path / "s")
    with pytest.raises(BadEscrow, match="cannot be read"):
        load_secret(tmp_path / "link")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"{}", b"{" * 5000,
        b'{"format":"paddock/withholding-proof/v1"}',
        b'{"format":"paddock/withholding-proof/v1","item":"a","manifest":{"format":"x","parts":[]},'
        b'"release":{"name":"a","version":"1"},"salt":"00"}',
    ],
)  # fmt: skip
def test_what_is_no_proof_is_refused(raw: bytes) -> None:
    with pytest.raises(BadProof):
        parse_proof(raw)
