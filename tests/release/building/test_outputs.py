"""Several forms of the same weights: where they lie, what they say, and how they were made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.scan.isolation import scan
from paddock.digest import sha256_hex
from paddock.release.building.inputs import BuiltRelease
from paddock.release.building.weights import waves
from paddock.release.errors import BadReleaseFile, NotSupportedYet
from paddock.release.files.weights_digest import weights_digest
from paddock.release.planning.outputs import planned_outputs
from paddock.release.planning.prepare import Wanted, prepare
from paddock.release.releasing import Surroundings, build_wanted
from paddock.release.spec.artifacts import Artifacts
from paddock.starter import starter_folder
from tests.checkpoint.gguf.samples import convert_to_gguf
from tests.release.building.small import HEAD, small_release

SECTIONS = """lineage: {base_model: [{id: acme/base, license: apache-2.0, revision: abc}]}
artifacts:
  source: {path: model}
  outputs:
    - {id: own, format: safetensors}
    - {id: full, format: safetensors, dtype: float32}
    - {id: q8, format: gguf, quant: Q8_0}
    - {id: q4, format: gguf, quant: q4_k_m, from: full, shard_size: 1MB}
"""


def built(path: Path, tmp_path: Path) -> BuiltRelease:
    around = Surroundings(tmp_path / "home", "", None, progress=lambda _: None)
    return build_wanted(Wanted(path), tmp_path / "out", around)


def statement(out: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "attestations" / f"{name}.json").read_bytes())
    return document


def test_every_output_opens_says_where_it_is_from_and_is_attested(tmp_path: Path) -> None:
    release = built(small_release(tmp_path / "in", SECTIONS), tmp_path)
    out = release.folder
    original = (starter_folder() / "model.safetensors").read_bytes()
    assert (out / "model.safetensors").read_bytes() == original
    assert inspect_checkpoint(out / "full").dtypes.keys() == {"F32"}
    parts = sorted(path.name for path in out.glob("*.gguf"))
    assert parts[-1] == "Shop-Q8_0.gguf"
    assert len(parts) > 2
    keys = read_gguf(out / "Shop-Q8_0.gguf").metadata
    assert text_at(keys, "general.license") == "apache-2.0"
    assert text_at(keys, "general.license.link") == "LICENSE"
    assert text_at(keys, "general.name") == "Shop"
    assert text_at(keys, "general.base_model.0.organization") == "acme"
    by_id = {output.id: output for output in release.outputs}
    digest = weights_digest({"Shop-Q8_0.gguf": sha256_hex((out / "Shop-Q8_0.gguf").read_bytes())})
    assert by_id["q8"].weights_digest == digest
    made = statement(out, "provenance-q4")
    assert made["predicateType"] == "https://slsa.dev/provenance/v1"
    inputs = made["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert inputs[0]["digest"]["sha256"] == by_id["full"].weights_digest
    inputs = statement(out, "provenance-q8")["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert sha256_hex(original) in {each["digest"]["sha256"] for each in inputs}
    assert statement(out, "scan")["predicate"]["result"] == "PASSED"
    assert statement(out, "run")["predicate"]["result"] == "PASSED"
    assert {file.role for file in release.files if file.path.endswith(".gguf")} == {"weights"}
    assert scan(out).verdict == "clean"


def test_a_release_may_be_gguf_alone(tmp_path: Path) -> None:
    sections = "artifacts: {source: {path: model}, outputs: [{format: gguf}]}"
    release = built(small_release(tmp_path / "in", sections), tmp_path)
    assert [output.files for output in release.outputs] == [("Shop-BF16.gguf",)]
    assert not list(release.folder.glob("*.safetensors"))


@pytest.mark.parametrize("source", ["gguf", "pytorch"])
def test_sources_of_other_formats_have_the_same_outputs(tmp_path: Path, source: str) -> None:
    model = tmp_path / "in" / "model"
    if source == "pytorch":
        shutil.copytree(starter_folder(), model)
        torch.save(load_file(model / "model.safetensors"), model / "pytorch_model.bin")
        (model / "model.safetensors").unlink()
    else:
        model.mkdir(parents=True)
        convert_to_gguf(starter_folder(), model / "m.gguf", "f16")
    path = tmp_path / "in" / "release.yaml"
    path.write_text(
        f"{HEAD}metadata: {{name: Shop, version: 1.0.0}}\n"
        "artifacts: {source: {path: model}, outputs: [{id: st}, {format: gguf, quant: Q8_0}]}\n"
    )
    plan = prepare(Wanted(path)).plan
    release = built(path, tmp_path)
    made = {file.path for file in release.files}
    assert set(plan.model.produced) <= made
    assert {"model.safetensors", "Shop-Q8_0.gguf"} <= made


def test_a_source_of_another_format_than_was_said_is_refused(tmp_path: Path) -> None:
    sections = "artifacts: {source: {path: model, formats: [gguf, meta]}}"
    plan = prepare(Wanted(small_release(tmp_path, sections))).plan
    assert plan.blocks == (
        "the source is safetensors, and artifacts.source.formats allows gguf, meta",
    )


def outputs_of(*outputs: dict[str, Any]) -> Artifacts:
    return Artifacts.model_validate({"outputs": list(outputs)})


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([{"format": "gguf", "quant": "q9_9"}], "'q9_9' is unknown"),
        ([{"format": "safetensors", "quant": "q8_0"}], "only GGUF is quantised"),
        ([{"format": "gguf", "dtype": "BF16"}], "dtype: is for safetensors"),
        ([{"dtype": "int3"}], "'int3' is unknown"),
        ([{"id": "a", "from": "b"}], "there is no output 'b'"),
        ([{"id": "a", "from": "b"}, {"id": "b"}], "'b' comes later"),
        ([{"id": "a", "from": "a"}], "comes later"),
        ([{"id": "../a"}], "cannot name a folder"),
        ([{"id": "documents"}], "cannot name a folder"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(
    outputs: list[dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(BadReleaseFile, match=r"artifacts\.outputs") as caught:
        planned_outputs(outputs_of(*outputs))
    assert sentence in caught.value.message


def test_an_importance_matrix_is_refused_because_nothing_would_use_it() -> None:
    with pytest.raises(NotSupportedYet, match="imatrix"):
        planned_outputs(outputs_of({"format": "gguf", "quant": "q4_0", "imatrix": "calib.dat"}))


def test_files_of_two_outputs_never_meet() -> None:
    planned = planned_outputs(
        outputs_of(
            {}, {"dtype": "F16"}, {"id": "a", "format": "gguf", "quant": "Q4_0"},
            {"id": "b", "format": "gguf", "quant": "q4_0", "from": "a"}, {"format": "gguf"},
        )
    )  # fmt: skip
    assert [output.folder for output in planned] == ["", "f16", "", "b", "gguf"]


def test_outputs_of_the_same_numbers_come_out_of_one_pass() -> None:
    planned = planned_outputs(
        outputs_of(
            {"id": "own"}, {"id": "q8", "format": "gguf", "quant": "q8_0", "from": "own"},
            {"id": "half", "dtype": "F16"}, {"id": "q4", "format": "gguf", "from": "half"},
        )
    )  # fmt: skip
    found = waves(planned, is_safetensors=True)
    assert [(wave.step, [each.id for each in wave.outputs]) for wave in found] == [
        ("weights", ["own", "q8", "half"]),
        ("weights-from-half", ["q4"]),
    ]
    assert waves(planned[:1], is_safetensors=True) == []
