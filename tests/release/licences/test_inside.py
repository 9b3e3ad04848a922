"""Files travel alone: what their metadata say of terms and origin is what release.yaml says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from paddock.checkpoint.convert.convert import Target, convert_all
from paddock.checkpoint.convert.options import GGUF, ConvertOptions
from paddock.checkpoint.gguf.values import text
from paddock.release.evidence import Check
from paddock.release.licences.inside import inside_checks, read_inside
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.starter import starter_folder
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.building.small import HEAD

LLAMA = {"base_model": [{"id": "meta-llama/Llama-3.1-8B", "relation": "finetune"}]}


def spec(distribution: str, **sections: Any) -> ReleaseSpec:
    document = {"metadata": {"name": "acme", "version": "1.0.0"}, **sections}
    return ReleaseSpec.model_validate({**document, "licenses": {"distribution": distribution}})


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file that says it is Llama's."""
    folder = tmp_path_factory.mktemp("gguf")
    keys = {
        "general.license": text("llama3.1"),
        "general.base_model.0.repo_url": text("https://huggingface.co/meta-llama/Llama-3.1-8B"),
        "general.base_model.0.organization": text("meta-llama"),
        "general.base_model.0.name": text("Llama-3.1-8B"),
    }
    (folder / "out").mkdir()
    convert_all(
        starter_folder(), folder / "out", [Target("", ConvertOptions((GGUF,), gguf_keys=keys))]
    )
    return folder / "out"


def judged(folder: Path, made: ReleaseSpec) -> dict[str, Check]:
    paths = [path.name for path in folder.iterdir()]
    return {check.status: check for check in inside_checks(made, read_inside(folder, paths))}


@pytest.mark.parametrize("said", ["llama3.1", "LicenseRef-scancode-llama-3.1-license-2024"])
def test_what_a_gguf_file_says_agrees(said: str, gguf: Path) -> None:
    assert set(judged(gguf, spec(said, lineage=LLAMA))) == {"met"}
    assert set(judged(gguf, spec(f"{said} AND Apache-2.0", lineage=LLAMA))) == {"met"}


def test_another_licence_in_a_gguf_file_is_a_conflict_with_both_quoted(gguf: Path) -> None:
    check = judged(gguf, spec("apache-2.0", lineage=LLAMA))["unmet"]
    assert "general.license = 'llama3.1', and licenses.distribution is 'apache-2.0'" in (
        check.sentence
    )
    assert [proof.quote for proof in check.evidence] == ["llama3.1", "apache-2.0"]
    assert set(judged(gguf, spec("unknown", lineage=LLAMA))) == {"warned"}


def test_an_origin_that_lineage_does_not_name_is_a_conflict(gguf: Path) -> None:
    check = judged(gguf, spec("llama3.1"))["unmet"]
    assert "made from 'meta-llama/Llama-3.1-8B'" in check.sentence


def test_the_build_refuses_weights_that_say_they_are_under_other_terms(
    tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    source = write_tree(tmp_path / "model", model_files())
    weights = source / "model.safetensors"
    save_file(load_file(weights), weights, {"format": "pt", "modelspec.license": "CC-BY-NC-4.0"})
    (tmp_path / "release.yaml").write_text(
        f"{HEAD}metadata: {{name: shop, version: 1.0.0}}\nartifacts: {{source: {{path: model}}}}\n"
    )
    code, _, error = paddock("release", "build", tmp_path / "release.yaml", "-o", tmp_path / "out")
    assert code == 5
    assert "model.safetensors says modelspec.license = 'CC-BY-NC-4.0'" in error
    assert "licenses.distribution is 'Apache-2.0'" in error
