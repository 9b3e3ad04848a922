"""What is read around a release: names of origins in files, data sets, policies, terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddock.checkpoint.gguf.values import text
from paddock.checkpoint.gguf.writing import TensorInfo, render_header
from paddock.release.licences.looking import look_around
from paddock.release.spec.release_spec import ReleaseSpec


def spec(**sections: Any) -> ReleaseSpec:
    return ReleaseSpec.model_validate({"metadata": {"name": "acme", "version": "1"}, **sections})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    return folder


def test_origins_are_named_in_configurations_and_the_card(tmp_path: Path, source: Path) -> None:
    (source / "config.json").write_text('{"_name_or_path": "meta-llama/Llama-3.1-8B"}')
    (source / "adapter_config.json").write_text('{"base_model_name_or_path": "acme/base"}')
    (source / "README.md").write_text("---\nbase_model: [acme/one, acme/two, 7, /home/x]\n---\n")
    assert look_around(spec(), tmp_path, source).embedded == (
        ("config.json", "meta-llama/Llama-3.1-8B"),
        ("adapter_config.json", "acme/base"),
        ("README.md", "acme/one"),
        ("README.md", "acme/two"),
    )


def test_gguf_files_name_the_repositories_of_their_bases(tmp_path: Path, source: Path) -> None:
    header = render_header(
        {
            "general.base_model.0.repo_url": text("https://huggingface.co/acme/base"),
            "general.base_model.1.repo_url": text("https://elsewhere.example/acme/other"),
        },
        [TensorInfo("t", "F32", (4,))],
    )
    padding = header.file_bytes - len(header.raw)
    (source / "model.gguf").write_bytes(header.raw + bytes(padding))
    assert look_around(spec(), tmp_path, source).embedded == (("model.gguf", "acme/base"),)


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b'{"_name_or_path": "/home/me/x"}', b'{"_name_or_path": 3}', b"\xff"]
)
def test_what_names_no_model_is_no_origin(tmp_path: Path, source: Path, content: bytes) -> None:
    (source / "config.json").write_bytes(content)
    (source / "README.md").write_bytes(b"---\n" + content + b"\n---\n")
    (source / "broken.gguf").write_bytes(b"GGUF" + content)
    assert look_around(spec(), tmp_path, source).embedded == ()


def test_only_data_that_trained_the_model_counts(tmp_path: Path, source: Path) -> None:
    (tmp_path / "songs.yaml").write_text("name: Songs\ndescription: x\nlicence: CC-BY-NC-4.0\n")
    (tmp_path / "quiz.yaml").write_text("name: Quiz\nlicence: MIT\nuses: [testing]\n")
    (tmp_path / "odd.yaml").write_text("[")
    made = spec(docs={"datasets": ["songs.yaml", "quiz.yaml", "odd.yaml", "gone.yaml"]})
    assert look_around(made, tmp_path, source).datasets == (("Songs", "CC-BY-NC-4.0"),)


def test_policies_and_terms_are_read_where_they_are_named(tmp_path: Path, source: Path) -> None:
    (source / "policy.txt").write_text("Be good.")
    (source / "secret.txt").write_text("Not released.")
    (tmp_path / "terms.txt").write_text("You agree.")
    own = {"id": "LicenseRef-a", "name": "A", "file": "secret.txt"}
    made = spec(
        licenses={"acceptable_use": {"file": "policy.*"}, "custom": [own]},
        access={"mechanism": "manual", "terms": "terms.txt"},
        artifacts={"source": {"path": "model", "exclude": ["secret.txt"]}},
    )
    assert look_around(made, tmp_path, source).texts == {
        "policy.txt": "Be good.", "terms.txt": "You agree.",
    }  # fmt: skip
