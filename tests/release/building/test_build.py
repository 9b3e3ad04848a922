"""A build is whole, signed, reproducible and honest; a refused one leaves nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from paddock.checkpoint.errors import OutputExists
from paddock.errors import BadInput, NotFound
from paddock.release.building.build import build_release, passing_release
from paddock.release.building.inputs import BuiltRelease
from paddock.release.errors import BadReleaseFile, GateRefused
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME, parse_manifest
from paddock.release.planning.plan_json import to_json
from paddock.release.planning.prepare import Wanted, prepare
from paddock.release.releasing import Surroundings, build_inputs, build_wanted, signers_of
from paddock.release.verifying.verify import verify_folder
from paddock.signing.errors import BadKey
from paddock.signing.keys import (
    load_signing_key,
    load_trust,
    own_key_path,
    own_signing_key,
    trust_folder,
)
from paddock.starter import starter_folder
from tests.checkpoint.gguf.samples import convert_to_gguf
from tests.release.tiny_model import copy_tiny_model


@pytest.fixture
def model(shared_data: Path, tmp_path: Path) -> Path:
    return copy_tiny_model(shared_data, tmp_path / "model")


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path / "home", "http://127.0.0.1:9", None, progress=lambda _: None)


def build(model: Path, output: Path, around: Surroundings, to: str = "ada/tiny") -> BuiltRelease:
    return build_wanted(Wanted(model, to=to), output, around)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_inputs_give_the_same_bytes(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    build(model, tmp_path / "one", around)
    (model / "release.yaml").unlink()
    for path in model.iterdir():
        os.utime(path, (1, 1))
    build(model, tmp_path / "two", around)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_weights_are_released_byte_for_byte(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    built = build(model, tmp_path / "out", around)
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        assert (tmp_path / "out" / name).read_bytes() == (model / name).read_bytes()
    manifest = parse_manifest((tmp_path / "out" / MANIFEST_NAME).read_bytes())
    assert {file.path for file in manifest.files} | {MANIFEST_NAME, SIGNATURE_NAME} == set(
        contents(tmp_path / "out")
    )
    assert {file.path: file.role for file in built.files}["model.safetensors"] == "weights"
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (tmp_path / "out").rglob("*")}
    assert modes == {(False, 0o644), (True, 0o755)}


def test_a_real_story_model_is_converted_and_verifies(
    shared_data: Path, around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stories = shared_data / "models" / "stories260K"
    build(stories, tmp_path / "out", around, to="ada/stories260K")
    verdict = verify_folder(tmp_path / "out", load_trust(None, around.config_home))
    assert verdict.verdict == "trusted"
    files = set(contents(tmp_path / "out"))
    assert {"model.safetensors", "tokenizer.json", "stories260K.md"} <= files
    assert not {"stories260K.bin", "tok512.bin", "stories260K-f32.gguf"} & files
    # The source cannot be written to, so the release file is here, not there.
    assert (tmp_path / "stories260K.release.yaml").exists()
    assert not (stories / "release.yaml").exists()


def test_a_gguf_file_is_released_as_transformers_reads_it(
    around: Surroundings, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    convert_to_gguf(starter_folder(), source / "starter-f16.gguf", "f16")
    shutil.copy(starter_folder() / "LICENSE", source)
    build(source, tmp_path / "out", around)
    assert (
        verify_folder(tmp_path / "out", load_trust(None, around.config_home)).verdict == "trusted"
    )
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(
        contents(tmp_path / "out")
    )


def test_building_into_the_same_folder_again_is_nothing_to_do(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    build(model, tmp_path / "out", around)
    before = contents(tmp_path / "out")
    build(model, tmp_path / "out", around)
    assert contents(tmp_path / "out") == before
    (model / "NOTES.md").write_text("new")
    with pytest.raises(OutputExists):
        build(model, tmp_path / "out", around)
    assert contents(tmp_path / "out") == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("pytorch_model.bin", b"\x80\x02}q\x00.", "is a pickle"),
        ("weights", b"\x80\x04\x95", "is a pickle"),
        ("data.json", b"cos\nsystem\n(S'true'\ntR.", "is a pickle"),
        ("old.pt", b"PK\x03\x04", "is a pickle in an archive"),
        ("labels.npy", b"\x93NUMPY", "has the name of a pickle"),
        ("lib.so", b"\x7fELF", "is an executable"),
        ("tool", b"MZ\x90\x00", "is an executable"),
        ("run.sh", b"echo", "is code"),
        ("setup", b"#!/bin/sh\n", "is an executable"),
        ("modeling.py", b"import os", "is Python code"),
        ("extra.zip", b"PK\x03\x04", "is an archive"),
        ("data.tar", b"x" * 257 + b"ustar", "is an archive"),
        ("model.onnx", b"\x08", "cannot inspect"),
        ("id_rsa", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key"),
        ("page.html", b"<script>", "is code"),
        ("other.safetensors", b"\xff" * 20, "other.safetensors"),
        ("settings.json", b"not json", "something else"),
    ],
)
def test_what_could_harm_the_reader_is_refused_and_named(
    model: Path, around: Surroundings, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (model / name).write_bytes(content)
    with pytest.raises(GateRefused) as caught:
        build(model, tmp_path / "out", around)
    assert sentence in caught.value.message
    assert name in caught.value.message
    assert caught.value.exit_code == 5
    assert not (tmp_path / "out").exists()
    assert not (model / "release.yaml").exists()


def test_a_link_in_the_source_is_refused(model: Path, around: Surroundings, tmp_path: Path) -> None:
    (model / "passwd.txt").symlink_to("/etc/passwd")
    with pytest.raises(GateRefused, match="symbolic link"):
        build(model, tmp_path / "out", around)


def test_a_broken_checkpoint_is_refused(model: Path, around: Surroundings, tmp_path: Path) -> None:
    os.truncate(model / "model.safetensors", 1000)
    with pytest.raises(GateRefused):
        build(model, tmp_path / "out", around)
    assert not (tmp_path / "out").exists()


def test_hidden_files_and_earlier_signatures_are_left_out_with_a_reason(model: Path) -> None:
    for name in (".env", ".git", "release.json", "model.sig", "Thumbs.db"):
        (model / name).write_text("{}")
    plan = to_json(prepare(Wanted(model, to="ada/tiny")).plan)
    left_out = {row["path"]: row["reason"] for row in plan["left_out"]}
    assert set(left_out) == {".env", ".git", "release.json", "model.sig", "Thumbs.db"}
    assert all(left_out.values())
    assert plan["blocks"] == []


def test_a_plan_changes_nothing(model: Path) -> None:
    before = contents(model)
    plan = prepare(Wanted(model, to="ada/tiny")).plan
    assert plan.assumptions
    assert contents(model) == before


def write_spec(model: Path, more: str) -> Path:
    path = model / "release.yaml"
    path.write_text(
        "apiVersion: paddock/v1\nkind: ModelRelease\n"
        f"metadata: {{name: tiny, version: 1.0.0}}\n{more}"
    )
    return path


@pytest.mark.parametrize(
    ("more", "block"),
    [
        ("artifacts: {source: {path: ., exclude: ['*.nothing']}}", "matches no file"),
        ("licenses: {notices: [NOTICE]}", "matches no file"),
        ("licenses: {acceptable_use: {file: USE_POLICY.md}}", "matches no file"),
        ("components: [{name: Datasets, access: open, path: ['*.csv']}]", "matches no file"),
        (
            "components: [{name: Model architecture, access: open, path: ['*.json']},"
            " {name: Model metadata, access: open, path: [config.json]}]",
            "belongs to two components",
        ),
        (
            "components: [{name: Model architecture, access: gated, path: [config.json]}]",
            "mechanism is 'none'",
        ),
    ],
)
def test_a_release_file_that_does_not_fit_the_source_is_refused(
    model: Path, more: str, block: str
) -> None:
    plan = prepare(Wanted(write_spec(model, more))).plan
    assert any(block in sentence for sentence in plan.blocks), plan.blocks


def test_excluded_files_are_not_looked_at(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    (model / "optimizer.pt").write_bytes(b"\x80\x04N.")
    write_spec(model, "artifacts: {source: {path: ., exclude: [optimizer.pt]}}")
    build(model, tmp_path / "out", around)
    assert "optimizer.pt" not in contents(tmp_path / "out")


def test_a_source_that_leads_out_through_a_link_is_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "checkpoint").symlink_to(model)
    with pytest.raises(BadReleaseFile, match="leads out"):
        prepare(Wanted(write_spec(folder, "artifacts: {source: {path: checkpoint}}")))
    prepare(Wanted(folder / "release.yaml", source=model))


def test_weights_can_be_sharded_again(
    model: Path, around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddock.release.spec.artifacts.MIN_SHARD_BYTES", 1)
    write_spec(model, "artifacts: {outputs: [{format: safetensors, shard_size: 20KB}]}")
    build(model, tmp_path / "out", around)
    shards = [name for name in contents(tmp_path / "out") if name.endswith(".safetensors")]
    assert len(shards) > 1
    assert "model.safetensors" not in shards
    trust = load_trust(None, around.config_home)
    assert verify_folder(tmp_path / "out", trust).verdict == "trusted"


def test_the_card_says_only_what_is_known(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    (model / "README.md").write_text("# Mine\n\nHello.\n")
    shutil.copy(starter_folder() / "LICENSE", model)
    spec = write_spec(
        model,
        "licenses: {distribution: apache-2.0}\n"
        "lineage: {base_model: [{id: acme/parent, license: apache-2.0}]}\n",
    )
    metadata = "metadata: {name: tiny, version: 1.0.0, language: [en], tags: [shop]}"
    spec.write_text(re.sub("metadata: .*", metadata, spec.read_text()))
    build(model, tmp_path / "out", around)
    card = (tmp_path / "out" / "README.md").read_text()
    front = yaml.safe_load(card.split("---")[1])
    assert front["license"] == "apache-2.0"
    assert front["base_model"] == ["acme/parent"]
    assert front["language"] == ["en"]
    assert front["library_name"] == "transformers"
    assert front["pipeline_tag"] == "text-generation"
    assert "shop" in front["tags"]
    assert re.search(r"\| Parameters \| [\d,]+ \| measured \|", card)
    assert "| Base model | acme/parent | declared |" in card
    assert "| Producer | not stated | unknown |" in card
    assert "From the author" in card
    assert "Hello." in card
    assert "more information needed" not in card.lower()


def test_an_unfilled_template_is_not_carried(model: Path) -> None:
    (model / "README.md").write_text("# Model Card\n\n[More Information Needed]\n")
    plan = prepare(Wanted(model, to="ada/tiny")).plan
    assert plan.authors_text is None
    assert any("template" in warning for warning in plan.warnings)


def test_a_table_cell_cannot_be_broken_out_of(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    spec = write_spec(model, "")
    metadata = "metadata: {name: tiny, version: 1.0.0, producer: {name: 'a | b'}}"
    spec.write_text(re.sub("metadata: .*", metadata, spec.read_text()))
    build(model, tmp_path / "out", around)
    assert "a \\| b" in (tmp_path / "out" / "README.md").read_text()


def test_a_gated_card_carries_the_questions(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    write_spec(
        model,
        "access:\n  mechanism: manual\n  extra_gated_prompt: Say who.\n"
        "  extra_gated_fields: {Use: {type: select, options: [A, B]}}\n"
        "  terms: README.md\n  terms_version: '2'\n  response_days: 7\n",
    )
    build(model, tmp_path / "out", around)
    front = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---")[1])
    assert front["extra_gated_prompt"].startswith("Say who.")
    assert front["extra_gated_terms"] == ["README.md"]
    assert (front["extra_gated_terms_version"], front["extra_gated_response_days"]) == ("2", 7)
    assert front["extra_gated_fields"]["Use"] == {"type": "select", "options": ["A", "B"]}


def test_an_unknown_licence_is_a_warning_and_not_a_block(model: Path) -> None:
    plan = prepare(Wanted(model, to="ada/tiny")).plan
    assert plan.blocks == ()
    assert any("licence is unknown" in warning for warning in plan.warnings)


def test_what_cannot_be_found_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        prepare(Wanted(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="NAMESPACE/NAME"):
        prepare(Wanted(tmp_path, to="noslash"))


def test_a_killed_build_leaves_no_release(model: Path, tmp_path: Path) -> None:
    """The process dies after the weights were copied and before anything was signed."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from paddock.release.building import finishing\n"
        "from paddock.release.planning.prepare import Wanted\n"
        "from paddock.release.releasing import Surroundings, build_wanted\n"
        "finishing.sign_release = lambda *a: os._exit(9)\n"
        "around = Surroundings(Path(sys.argv[2]), '', None, progress=lambda _: None)\n"
        "build_wanted(Wanted(Path(sys.argv[1]), to='a/b'), Path(sys.argv[3]), around)\n"
    )
    arguments = [str(model), str(tmp_path / "home"), str(tmp_path / "out")]
    code = subprocess.run([sys.executable, "-c", script, *arguments], check=False).returncode
    assert code == 9
    assert not (tmp_path / "out").exists()


def test_the_first_key_is_made_once_private_and_trusted_by_its_owner(tmp_path: Path) -> None:
    key = own_signing_key(tmp_path)
    assert key.created
    assert key.path.stat().st_mode & 0o777 == 0o600
    again = own_signing_key(tmp_path)
    assert not again.created
    assert again.fingerprint == key.fingerprint
    assert [trusted.fingerprint for trusted in load_trust(None, tmp_path)] == [key.fingerprint]
    for path in trust_folder(tmp_path).iterdir():
        path.unlink()
    own_signing_key(tmp_path)
    assert load_trust(None, tmp_path) == []  # a key taken out of trust stays out


def _pem(folder: Path, key: object, password: bytes | None = None) -> Path:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    path = folder / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    path.chmod(0o600)
    return path


def test_an_encrypted_key_needs_its_password(tmp_path: Path) -> None:
    path = _pem(tmp_path, ec.generate_private_key(ec.SECP256R1()), b"secret")
    with pytest.raises(BadKey, match="encrypted"):
        load_signing_key(path, {})
    with pytest.raises(BadKey):
        load_signing_key(path, {"PADDOCK_KEY_PASSWORD": "wrong"})
    load_signing_key(path, {"PADDOCK_KEY_PASSWORD": "secret"})


def test_keys_of_the_wrong_kind_are_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with pytest.raises(BadKey, match="ECDSA"):
        load_signing_key(_pem(tmp_path, Ed25519PrivateKey.generate()))
    with pytest.raises(BadKey, match="curve"):
        load_signing_key(_pem(tmp_path, ec.generate_private_key(ec.SECP256K1())))
    path = _pem(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    path.chmod(0o644)
    with pytest.raises(BadKey, match="others may read"):
        load_signing_key(path)
    with pytest.raises(BadKey, match="private key"):
        load_trust(path, tmp_path)
    (tmp_path / "junk.pem").write_bytes(b"junk")
    with pytest.raises(BadKey, match="no PEM public key"):
        load_trust(tmp_path / "junk.pem", tmp_path)


def test_a_trust_file_may_hold_several_keys(tmp_path: Path) -> None:
    from paddock.signing.public_keys import public_pem

    keys = [ec.generate_private_key(curve) for curve in (ec.SECP256R1(), ec.SECP384R1())]
    path = tmp_path / "trust.pem"
    path.write_bytes(b"".join(public_pem(key.public_key()) for key in keys))
    assert len(load_trust(path, tmp_path)) == 2


def test_a_named_key_signs(model: Path, around: Surroundings, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    (model.parent / "keys").mkdir()
    path = _pem(model.parent / "keys", key)
    write_spec(model, f"sign: {{oms: {{key: {path}}}}}")
    build(model, tmp_path / "out", around)
    from tests.release.signed import trust

    assert verify_folder(tmp_path / "out", trust(key)).verdict == "trusted"
    assert not own_key_path(around.config_home).exists()


def test_a_copied_release_keeps_its_verdict(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    build(model, tmp_path / "out", around)
    shutil.copytree(tmp_path / "out", tmp_path / "elsewhere")
    trust = load_trust(None, around.config_home)
    assert verify_folder(tmp_path / "elsewhere", trust).verdict == "trusted"


def test_a_passing_folder_shares_the_sources_bytes_and_never_its_permissions(
    model: Path, around: Surroundings, tmp_path: Path
) -> None:
    (model / "model.safetensors").chmod(0o600)
    prepared = prepare(Wanted(model, to="ada/tiny"))
    inputs, signers = build_inputs(prepared, around), signers_of(prepared, around)
    source = (model / "model.safetensors").stat()
    with passing_release(inputs, signers) as passing:
        files = passing.files
        assert (passing.folder / "model.safetensors").stat().st_ino == source.st_ino
    assert build_release(inputs, signers, tmp_path / "kept").files == files
    assert (tmp_path / "kept" / "model.safetensors").stat().st_ino != source.st_ino
    assert source.st_mode & 0o777 == 0o600
