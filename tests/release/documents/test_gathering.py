"""What is read beside release.yaml: bounded, inside its folder, and told with its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddock.digest import sha256_hex
from paddock.release.documents.complete import document_checks
from paddock.release.documents.gathering import MAX_TEXT_BYTES, Known, gather, read_inputs
from paddock.release.errors import BadReleaseFile
from paddock.release.facts import measured
from paddock.release.files.manifest import render_manifest
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from tests.release.documents.described import SPEC, file_of


def spec(**sections: Any) -> ReleaseSpec:
    return parse_release(yaml.safe_dump({**SPEC, **sections}).encode())


def write(base: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (base / name.replace("_", ".")).write_bytes(raw)


def test_facts_results_and_the_cards_own_text_are_read(tmp_path: Path) -> None:
    rows = {"format": "paddock/audit-results/v1", "results": [{"eval": "mmlu", "value": 0.7}]}
    write(tmp_path, facts_yaml="use.direct: Chat.", card_md="---\na: 1\n---\nHello.",
          r_json=json.dumps(rows))  # fmt: skip
    wanted = spec(
        docs={"facts": "facts.yaml", "model_card": "card.md"}, audit={"results": ["*.json"]}
    )
    inputs = read_inputs(tmp_path, wanted)
    content = gather(wanted, inputs, Known(readme="not this"))
    assert content.value("use.direct") == "Chat."
    assert content.authors_text == "Hello."
    assert [(r.eval, r.path) for r in content.results] == [("mmlu", "r.json")]
    assert content.repo == "acme/Llama-Example-8B"


def test_a_declaration_against_a_measurement_reaches_the_conditions(tmp_path: Path) -> None:
    write(tmp_path, facts_yaml="model.layers: 40")
    wanted = spec(docs={"facts": "facts.yaml"})
    known = Known(measured=(measured("Layers", 32, "model.layers"),))
    checks = document_checks(gather(wanted, read_inputs(tmp_path, wanted), known))
    assert [c.id for c in checks if c.blocks] == ["documents.fact:model.layers"]


def test_a_parents_signed_release_answers_for_its_child(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    rows = [{"key": "training.data", "name": "d", "value": "The web", "source": "declared"}]
    manifest = render_manifest({"name": "base", "version": "2.0", "facts": rows},
                               [file_of("config.json", b"{}")])  # fmt: skip
    (tmp_path / "base" / "release.json").write_bytes(manifest)
    wanted = spec(lineage={"base_model": [{"id": "acme/base", "path": "base"}]})
    content = gather(wanted, read_inputs(tmp_path, wanted), Known())
    assert content.facts["training.data"].origin == "inherited from acme/base 2.0"
    inputs = read_inputs(tmp_path, wanted)
    assert not inputs.believing({"acme/base": "0" * 64}).parents
    assert not inputs.believing({}).parents
    root = inputs.parents["acme/base"].document["root"]["digest"]
    assert not inputs.believing({"acme/base": root}).parents  # it binds files and no facts
    digest = sha256_hex((tmp_path / "base" / "release.json").read_bytes())
    assert inputs.believing({"acme/base": digest}).parents


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"docs": {"facts": "none.yaml"}}, "none.yaml cannot be read"),
        ({"docs": {"facts": "link.yaml"}}, "link.yaml cannot be read"),
        ({"docs": {"facts": "large.yaml"}}, "is larger than"),
        ({"docs": {"facts": "folder"}}, "folder"),
        ({"docs": {"model_card": "binary.md"}}, "is not UTF-8"),
        ({"audit": {"results": ["none/*.json"]}}, "matches no file"),
        ({"audit": {"results": ["binary.md"]}}, "results are .json or .yaml"),
    ],
)
def test_what_cannot_be_read_is_said_by_its_name(
    tmp_path: Path, sections: dict[str, Any], said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_text("use.direct: secret")
    (tmp_path / "link.yaml").symlink_to("secret")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_TEXT_BYTES + 1))
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe")
    with pytest.raises(BadReleaseFile) as refused:
        read_inputs(tmp_path, spec(**sections))
    assert said in refused.value.message
