"""A person signs what no file can show; it counts for this release, these answers, these texts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddock.release.evidence import Check
from paddock.release.licences.declaration import PAYLOAD_TYPE
from paddock.release.planning.prepare import Wanted, prepare
from paddock.signing.dsse import sign_envelope
from paddock.signing.keys import create_key
from paddock.signing.public_keys import public_pem
from paddock.signing.signers import load_signer
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.licences import derived
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

ADA, BOB = "ada@acme.example", "bob@acme.example"
ANSWERS = {"mau_over_700m": False, "outputs_used": False}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path: Path, shared_data: Path) -> Path:
    """A model made from Llama 3.1 beside its release file, with two people and their keys."""
    tree = dict(derived())
    folder = tmp_path / "made"
    document = yaml.safe_load(bytes(tree.pop("release.yaml")))
    write_tree(folder, {f"model/{path}": content for path, content in tree.items()})
    for name in ("ada", "bob"):
        key = create_key(tmp_path / f"{name}.pem", "ed25519", None)
        (folder / f"{name}.pub.pem").write_bytes(public_pem(key.public_key()))
    document["artifacts"] = {"source": {"path": "model"}}
    document["licenses"]["declarations"] = ANSWERS | {"signed_by": ADA}
    people = [{"person": ADA, "key": "ada.pub.pem"}, {"person": BOB, "key": "bob.pub.pem"}]
    document["gate"] = {"people": people}
    write(folder, document)
    return folder


def read(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((folder / "release.yaml").read_bytes())
    return document


def write(folder: Path, document: dict[str, Any]) -> None:
    (folder / "release.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))


def declared(folder: Path) -> dict[str, Check]:
    checks = prepare(Wanted(folder / "release.yaml")).plan.checks
    start = "licence.declaration."
    return {c.id.removeprefix(start): c for c in checks if c.id.startswith(start)}


def sign(paddock: Paddock, folder: Path, person: str = ADA, key: str = "ada") -> tuple[int, str]:
    code, out, error = paddock(
        "release", "declare", folder / "release.yaml", "--as", person,
        "--key", folder.parent / f"{key}.pem",
    )  # fmt: skip
    return code, out + error


def test_a_signed_declaration_meets_the_questions(folder: Path, paddock: Paddock) -> None:
    assert {check.status for check in declared(folder).values()} == {"unmet"}
    code, said = sign(paddock, folder)
    assert code == 0, said
    assert "more than 700 million monthly active users" in said
    checks = declared(folder)
    assert {check.status for check in checks.values()} == {"met"}
    assert ADA in checks["mau_over_700m"].sentence
    assert checks["mau_over_700m"].evidence[-1].sha256
    assert not [c for c in prepare(Wanted(folder)).plan.checks if c.blocks]


def test_it_counts_for_nothing_else(folder: Path, paddock: Paddock) -> None:
    assert sign(paddock, folder)[0] == 0
    whole = read(folder)

    def changed(**sections: Any) -> set[str]:
        write(folder, whole | sections)
        return {key for key, check in declared(folder).items() if check.blocks}

    everything = set(ANSWERS)
    assert changed(metadata=whole["metadata"] | {"version": "1.0.1"}) == everything
    assert changed(metadata=whole["metadata"] | {"name": "Llama-other"}) == everything
    both = whole["licenses"] | {"distribution": "llama3.1 AND apache-2.0"}
    assert changed(licenses=both) == everything
    bobs = whole["licenses"] | {"declarations": ANSWERS | {"signed_by": BOB}}
    assert changed(licenses=bobs) == everything
    other = whole["licenses"] | {"declarations": ANSWERS | {"mau_over_700m": True}}
    assert changed(licenses=other) == {"mau_over_700m"}
    write(folder, whole)
    licence = folder / "model" / "LICENSE"
    licence.write_bytes(licence.read_bytes() + b"\nAnd a cake.\n")
    assert {key for key, check in declared(folder).items() if check.blocks} == everything


def test_the_wrong_person_or_key_signs_nothing(folder: Path, paddock: Paddock) -> None:
    for person, key, words in (
        (BOB, "bob", f"signed_by is {ADA}"),
        (ADA, "bob", "not the one that release.yaml names"),
        ("eve@acme.example", "bob", "is not one of gate.people"),
    ):
        code, said = sign(paddock, folder, person, key)
        assert (code, words in said) == (1, True), said
    assert not (folder / "statements").exists()


def test_a_statement_by_another_key_or_with_another_word_is_not_believed(
    folder: Path, paddock: Paddock
) -> None:
    assert sign(paddock, folder)[0] == 0
    [path] = (folder / "statements").iterdir()
    envelope = json.loads(path.read_bytes())
    payload = base64.b64decode(envelope["payload"])
    signer = load_signer(str(folder.parent / "bob.pem"), Path())
    path.write_bytes(sign_envelope(payload, PAYLOAD_TYPE, [signer]))
    assert "not signed by" in declared(folder)["mau_over_700m"].sentence
    changed = payload.replace(b'"outputs_used":false', b'"outputs_used":true')
    envelope["payload"] = base64.b64encode(changed).decode()
    path.write_bytes(json.dumps(envelope).encode())
    assert "not right" in declared(folder)["outputs_used"].sentence
    path.write_bytes(PAYLOAD_TYPE.encode() + b" is not JSON")
    assert declared(folder)["outputs_used"].blocks


def test_without_answers_or_questions_there_is_nothing_to_sign(
    folder: Path, paddock: Paddock
) -> None:
    document = read(folder)
    document["licenses"]["declarations"] = {"mau_over_700m": False}
    write(folder, document)
    code, said = sign(paddock, folder)
    assert (code, "does not answer outputs_used" in said) == (1, True)
    del document["licenses"], document["lineage"]
    for name in ("LICENSE", "NOTICE"):
        (folder / "model" / name).unlink()
    write(folder, document)
    code, said = sign(paddock, folder)
    assert (code, "ask for no declaration" in said) == (1, True)


def test_the_answer_that_sends_to_the_licensor_is_refused_with_the_term(
    folder: Path, paddock: Paddock
) -> None:
    document = read(folder)
    document["licenses"]["declarations"] = ANSWERS | {"mau_over_700m": True}
    write(folder, document)
    assert sign(paddock, folder)[0] == 0
    check = declared(folder)["mau_over_700m"]
    assert check.blocks
    assert "you must request a license from Meta" in check.sentence
