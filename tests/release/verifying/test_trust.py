"""A trust file says exactly what it means, or is an error; so is a memory that is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from paddock.errors import PaddockError
from paddock.release.errors import BadReleaseFile
from paddock.release.verifying.trust import load_trusted
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verify import verify_folder
from tests.release.publisher import Publisher


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"keys": ["oms.pub.pem"], "treshold": 2}, "unknown key 'treshold'"),
        ({"keys": ["oms.pub.pem"], "threshold": 2}, "threshold of 2"),
        ({"keys": ["oms.pub.pem", "oms.pub.pem"], "threshold": 2}, "threshold of 2"),
        ({"keys": ["missing.pem"]}, "cannot be read"),
        ({"keys": ["oms.pem"]}, "private key"),
        ({"keys": ["oms.pub.pem"], "require": {"gate": "deny"}}, "not one of"),
        ({"keys": ["oms.pub.pem"], "require": {"kinds": ["rsa"]}}, "not one of"),
        ({"keys": ["oms.pub.pem"], "tuf": {"root": "oms.pub.pem"}}, "no root"),
        ({"keys": []}, "trusts nothing"),
        ({}, "trusts nothing"),
    ],
)
def test_what_a_trust_file_may_not_say(
    publisher: Publisher, said: dict[str, Any], message: str
) -> None:
    file = publisher.folder / "trust.yaml"
    file.write_text(yaml.safe_dump({"apiVersion": "paddock/v1", "kind": "Trust", **said}))
    with pytest.raises(PaddockError, match=message):
        load_trusted(file, publisher.folder)


def test_pem_inside_a_trust_file_and_a_bare_pem_file_say_the_same(publisher: Publisher) -> None:
    pem = (publisher.folder / "oms.pub.pem").read_text()
    inside = publisher.folder / "trust.yaml"
    inside.write_text(yaml.safe_dump({"apiVersion": "paddock/v1", "kind": "Trust", "keys": [pem]}))
    bare = load_trusted(publisher.folder / "oms.pub.pem", publisher.folder)
    found = load_trusted(inside, publisher.folder)
    assert [k.fingerprint for k in found.keys] == [k.fingerprint for k in bare.keys]


def test_a_memory_that_cannot_be_read_is_never_taken_for_none(
    publisher: Publisher, tmp_path: Path
) -> None:
    folder = publisher.release("r")
    trust = publisher.trust("oms", tuf=publisher.root())
    updates = Updates(memory=tmp_path / "seen")
    assert verify_folder(folder, trust, updates).is_trusted
    remembered = next((tmp_path / "seen").glob("*/*/releases.json"))
    remembered.write_text("[]")
    verdict = verify_folder(folder, trust, updates)
    assert verdict.verdict == "undecided"
    assert "cannot be read" in verdict.reasons[0]
    remembered.unlink()
    assert verify_folder(folder, trust, updates).is_trusted


@pytest.mark.parametrize("line", [r'keys: ["\ud800"]', r'"\ud800": 1', r'"keys\udfff": [a]'])
def test_half_a_character_is_an_error_of_the_file(tmp_path: Path, line: str) -> None:
    file = tmp_path / "trust.yaml"
    file.write_text(f"apiVersion: paddock/v1\nkind: Trust\n{line}\n")
    with pytest.raises(BadReleaseFile, match="half a character"):
        load_trusted(file, tmp_path)
