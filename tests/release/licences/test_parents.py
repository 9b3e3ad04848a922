"""Parents that lie beside a release are read and measured, not believed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rfc8785
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from safetensors.numpy import load_file, save_file

from paddock.clock import now
from paddock.digest import digest_stream
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    render_manifest,
)
from paddock.release.licences.declaring import Declaring, sign_declaration
from paddock.release.planning.prepare import Wanted, prepare
from paddock.release.signatures.oms import sign_files
from paddock.signing.keys import create_key
from paddock.signing.public_keys import public_pem
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

PARENT = {"id": "acme/parent", "relation": "finetune", "license": "apache-2.0", "path": "parent"}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def made(folder: Path, lineage: dict[str, Any], **sections: Any) -> Path:
    """A model and its copy in ``parent``, with a release file that says so."""
    for name in ("model", "parent"):
        write_tree(folder / name, model_files())
    document = {
        "apiVersion": "paddock/v1", "kind": "ModelRelease",
        "metadata": {"name": "acme", "version": "1.0.0"}, "lineage": lineage,
        "licenses": {"distribution": "apache-2.0"}, "artifacts": {"source": {"path": "model"}},
    }  # fmt: skip
    (folder / "release.yaml").write_text(yaml.safe_dump(document | sections))
    return folder


def rewritten(path: Path, change: Any) -> None:
    weights = load_file(path)
    save_file({name: change(value) for name, value in weights.items()}, path)


def checks(folder: Path) -> dict[str, Check]:
    return {check.id: check for check in prepare(Wanted(folder)).plan.checks}


def test_a_parent_that_was_trained_further_is_found_in_the_weights(tmp_path: Path) -> None:
    folder = made(tmp_path, {"base_model": [PARENT]})
    rng = np.random.default_rng(0)
    rewritten(
        folder / "model" / "model.safetensors",
        lambda v: (v + 0.01 * v.std() * rng.standard_normal(v.shape)).astype(v.dtype),
    )
    check = checks(folder)["licence.parent:acme/parent"]
    assert check.status == "met"
    assert "nearly parallel" in check.sentence
    [notice] = prepare(Wanted(folder)).plan.judgement.notices
    assert notice.text == "Files that differ from acme/parent (finetune):\n  model.safetensors\n"


def test_a_stranger_that_is_declared_as_parent_is_found_out(tmp_path: Path) -> None:
    folder = made(tmp_path, {"base_model": [PARENT]})
    rng = np.random.default_rng(1)
    rewritten(
        folder / "parent" / "model.safetensors",
        lambda v: rng.standard_normal(v.shape).astype(v.dtype),
    )
    assert checks(folder)["licence.parent:acme/parent"].status == "undecided"


def test_a_stranger_to_compare_with_is_no_parent(tmp_path: Path) -> None:
    folder = made(tmp_path, {"compare_with": ["parent"]})
    assert checks(folder)["licence.parent:parent"].status == "undecided"  # it is a copy
    rng = np.random.default_rng(2)
    rewritten(
        folder / "parent" / "model.safetensors",
        lambda v: rng.standard_normal(v.shape).astype(v.dtype),
    )
    assert "licence.parent:parent" not in checks(folder)


def signed_parent(folder: Path, trusted: bool, home: Path) -> None:
    """The parent as a release of its own, which says ``SAID``."""
    key = ec.generate_private_key(ec.SECP256R1())
    rows = []
    for path in sorted((folder / "parent").iterdir()):
        digests = digest_stream([path.read_bytes()])
        rows.append(ReleaseFile(path.name, "other", None, *digests))
    manifest = render_manifest({"name": "parent", "version": "1.0.0", **SAID}, rows)
    (folder / "parent" / MANIFEST_NAME).write_bytes(manifest)
    signed = {row.path: row.sha256 for row in rows}
    signed[MANIFEST_NAME] = digest_stream([manifest]).sha256
    bundle = sign_files("parent", signed, SIGNATURE_NAME, key)
    (folder / "parent" / SIGNATURE_NAME).write_bytes(bundle)
    if trusted:
        (home / "trust").mkdir(parents=True, exist_ok=True)
        (home / "trust" / "lab.pem").write_bytes(public_pem(key.public_key()))


SAID = {
    "licenses": {"distribution": "llama3.1"},
    "lineage": {
        "base_model": [{"id": "acme/older", "relation": "merge", "license": "cc-by-nc-4.0"}]
    },
}


def test_a_signed_parent_says_itself_what_it_is_under(tmp_path: Path, own_home: Path) -> None:
    folder = made(tmp_path, {"base_model": [PARENT]})
    signed_parent(folder, True, own_home)
    found = checks(folder)
    assert found["licence.parent.release:acme/parent"].status == "met"
    assert found["licence.llama3.1.kept:acme/parent"].blocks
    assert found["licence.cc-by-nc.commercial:acme/older"].blocks
    facts = prepare(Wanted(folder)).plan.judgement.facts
    assert any(fact.source == "inherited" and "acme/older" in (fact.by or "") for fact in facts)


def test_a_parents_release_by_a_stranger_or_changed_is_not_believed(
    tmp_path: Path, own_home: Path
) -> None:
    folder = made(tmp_path, {"base_model": [PARENT]})
    signed_parent(folder, False, own_home)
    check = checks(folder)["licence.parent.release:acme/parent"]
    assert (check.status, "no key that you trust" in check.sentence) == ("unmet", True)
    other = made(tmp_path / "other", {"base_model": [PARENT]})
    signed_parent(other, True, own_home)
    manifest = other / "parent" / "release.json"
    document = json.loads(manifest.read_bytes()) | {"licenses": {"distribution": "MIT"}}
    manifest.write_bytes(rfc8785.dumps(document))
    check = checks(other)["licence.parent.release:acme/parent"]
    assert (check.status, "not the one that was signed" in check.sentence) == ("unmet", True)


def test_the_digest_of_a_parent_is_held_against_its_release(tmp_path: Path, own_home: Path) -> None:
    digest = {"digest": {"sha256": "0" * 64}}
    folder = made(tmp_path, {"base_model": [PARENT | digest]})
    signed_parent(folder, True, own_home)
    assert checks(folder)["licence.parent.root:acme/parent"].status == "unmet"


def test_a_parents_own_licence_file_tells_where_nobody_else_does(tmp_path: Path) -> None:
    silent = {key: value for key, value in PARENT.items() if key != "license"}
    folder = made(tmp_path, {"base_model": [silent]})
    (folder / "parent" / "LICENSE").write_text("GNU GENERAL PUBLIC LICENSE\nVersion 3\n")
    assert checks(folder)["licence.gpl-3.0.kept:acme/parent"].blocks


def test_a_path_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "inner", {"base_model": [PARENT | {"path": "elsewhere"}]})
    (folder / "elsewhere").symlink_to(tmp_path)
    with pytest.raises(BadReleaseFile, match="leads out"):
        prepare(Wanted(folder))


def test_a_release_hands_on_what_it_inherited(tmp_path: Path, paddock: Paddock) -> None:
    older = {"id": "acme/older", "relation": "merge", "license": "cc-by-4.0"}
    teacher = {"id": "meta-llama/Llama-3.1-8B", "license": "llama3.1"}
    lineage = {"base_model": [older], "trained_on_outputs_of": [teacher]}
    first = made(tmp_path / "first", lineage, metadata={"name": "Llama-acme", "version": "1.0.0"})
    document = yaml.safe_load((first / "release.yaml").read_bytes())
    signed_answers(first, document, {"outputs_used": True})
    folder = made(tmp_path / "second", {"base_model": [PARENT]})
    shutil.rmtree(folder / "parent")
    code, _, error = paddock("release", "build", first, "-o", folder / "parent")
    assert code == 0, error
    found = prepare(Wanted(folder)).plan
    assert {(row["id"], *row["path"]) for row in found.judgement.ancestors} >= {
        ("acme/parent", "finetune"),
        ("acme/older", "finetune", "merge"),
        ("meta-llama/Llama-3.1-8B", "finetune", "trained_on_outputs_of"),
    }
    stopping = {check.id for check in found.checks if check.blocks}
    assert "licence.llama3.1.name" in stopping


def signed_answers(folder: Path, document: dict[str, Any], answers: dict[str, bool]) -> None:
    """The answers in the release file, and the statement of a person who signed them."""
    key = create_key(folder / "ada.pem", "ed25519", None)
    (folder / "ada.pub.pem").write_bytes(public_pem(key.public_key()))
    named = {"signed_by": "ada", "key": "ada.pub.pem"}
    document["licenses"]["declarations"] = answers | named
    (folder / "release.yaml").write_text(yaml.safe_dump(document))
    prepared = prepare(Wanted(folder))
    declaring = Declaring(prepared.plan.spec, folder, prepared.plan.judgement, "ada")
    sign_declaration(declaring, str(folder / "ada.pem"), folder, now())
