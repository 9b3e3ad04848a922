"""``release init`` writes a file that is right as it stands, and so is every example in it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from paddock.release.spec.reader import parse_release
from paddock.release.spec.schema import SCHEMA_NAME, render_schema
from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(starter_folder(), tmp_path / "my model"))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def test_the_file_plans_as_the_bare_folder_would(model: Path, paddock: Paddock) -> None:
    code, out, _ = paddock("release", "init", model, "--name", "my-model", "--json")
    assert code == 0
    written = Path(json.loads(out)["release_file"])
    assert written == model / "release.yaml"
    code, out, _ = paddock("release", "plan", written, "--json")
    plan = json.loads(out)
    assert code == 0
    assert plan["name"] == "my-model"
    assert len(plan["components"]) == 17
    assert "model.safetensors" in {file["path"] for file in plan["files"]}
    left = {row["path"]: row["reason"] for row in plan["left_out"]}
    assert left[SCHEMA_NAME] == "for editors of the release file"


def test_its_examples_do_not_stop_the_release_that_carries_it(
    model: Path, paddock: Paddock
) -> None:
    assert paddock("release", "init", model)[0] == 0
    code, out, _ = paddock("scan", model / "release.yaml")
    assert (code, "clean" in out) == (0, True), out


def test_the_schema_lies_beside_it_and_the_first_line_names_it(
    model: Path, paddock: Paddock
) -> None:
    assert paddock("release", "init", model)[0] == 0
    first = (model / "release.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_NAME}"
    assert (model / SCHEMA_NAME).read_text() == render_schema()
    assert paddock("release", "schema")[1] == render_schema()


def test_every_example_in_the_comments_is_right(model: Path, paddock: Paddock) -> None:
    assert paddock("release", "init", model)[0] == 0
    written = (model / "release.yaml").read_text()
    head, _, rest = written.partition("\n\n")
    examples = re.findall(r"(?m)^(?:( *)# .*\n?)+", rest)
    assert len(examples) >= 8
    whole = re.sub(r"(?m)^( *)# (?=[ a-z-])", r"\1", rest)
    whole = whole.replace("  base_model: []\n", "").replace(
        "access: open, path: [README.md]", "access: open"
    )
    whole = re.sub(r"(?m)^  Parts of the weights.*\n", "", whole)
    whole = re.sub(r"(?m)^  - \{name: Model parameters \(Final\).*\n", "", whole)
    metadata = re.sub(r"(?m)^  # (?=\w+:)", "  ", head)
    spec = parse_release(f"{metadata}\n\n{whole}".encode())
    assert spec.gate.approvals.required == 2
    assert spec.artifacts.outputs[1].max_kl == 0.1
    assert spec.components[-1].withhold[0].layers == (10, 11)


def test_it_never_replaces_a_file(model: Path, paddock: Paddock) -> None:
    (model / "release.yaml").write_text("mine\n")
    code, _, error = paddock("release", "init", model)
    assert code == 1
    assert "is there already" in error
    assert (model / "release.yaml").read_text() == "mine\n"


def test_a_file_that_its_source_would_lie_outside_of_is_refused(
    model: Path, tmp_path: Path, paddock: Paddock
) -> None:
    (tmp_path / "elsewhere").mkdir()
    code, _, error = paddock(
        "release", "init", model, "-o", tmp_path / "elsewhere" / "release.yaml"
    )
    assert code == 1
    assert "is not inside" in error
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_above_the_checkpoint_names_the_folder(
    model: Path, tmp_path: Path, paddock: Paddock
) -> None:
    assert paddock("release", "init", model, "-o", tmp_path / "release.yaml")[0] == 0
    spec = parse_release((tmp_path / "release.yaml").read_bytes())
    assert spec.artifacts.source == "my model"
    assert spec.metadata.name == "my-model"


@pytest.mark.parametrize("path", ["nothing-here", "an-empty-folder"])
def test_what_is_no_checkpoint_is_said(path: str, tmp_path: Path, paddock: Paddock) -> None:
    (tmp_path / "an-empty-folder").mkdir()
    code, out, error = paddock("release", "init", tmp_path / path)
    assert code == 1, out
    assert path in error
