"""What a checkpoint is, found without reading its weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.checkpoint.errors import BadCheckpoint, UnknownCheckpoint
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.licence_hints import licence_of_card, licence_of_text
from tests.checkpoint.meta.test_folder import write_meta
from tests.checkpoint.samples import TINY, file_bytes, tensor, write_hf_folder


def test_stories260k_is_told_with_its_tokenizer(shared_data: Path) -> None:
    inspection = inspect_checkpoint(shared_data / "models" / "stories260K")
    assert (inspection.format, inspection.family) == ("llama2.c", "llama")
    assert inspection.parameters == 260_032
    assert inspection.dtypes["F32"].tensors == 47
    assert inspection.tokenizer is not None
    assert (inspection.tokenizer.file, inspection.tokenizer.vocab_size) == ("tok512.bin", 512)
    assert inspection.problems == ()


def test_a_hugging_face_folder_is_told_with_its_chat_template(shared_data: Path) -> None:
    inspection = inspect_checkpoint(shared_data / "models" / "tiny-llama-float-hf")
    assert inspection.parameters == 19_616
    assert inspection.dtypes.keys() == {"F16"}
    assert inspection.tokenizer is not None and inspection.tokenizer.has_chat_template
    assert json.loads(json.dumps(inspection.to_dict()))["config"]["kv_heads"] == 2


def test_metas_layout_is_told(tmp_path: Path) -> None:
    write_meta(tmp_path, ranks=2)
    inspection = inspect_checkpoint(tmp_path)
    assert inspection.format == "meta"
    assert inspection.parameters == TINY.parameter_count()
    assert "there is no usable tokenizer" in inspection.problems


def test_a_configuration_that_does_not_fit_is_a_problem_not_a_failure(tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    changes = {"intermediate_size": 64, "torch_dtype": "bfloat16", "eos_token_id": 128001}
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    problems = "\n".join(inspect_checkpoint(tmp_path).problems)
    for words in ("gate_proj", "says bfloat16, the tensors are F32", "eos id 128001 is outside"):
        assert words in problems


def test_a_wrong_configuration_does_not_list_problems_without_end(tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1000}))
    problems = inspect_checkpoint(tmp_path).problems
    assert len(problems) < 30
    assert any("more" in problem for problem in problems)


def test_a_tokenizer_that_is_too_large_for_the_model_is_a_problem(tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    vocab = {str(number): number for number in range(100)}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": vocab}}))
    assert any("ids up to 99" in problem for problem in inspect_checkpoint(tmp_path).problems)
    (tmp_path / "tokenizer.json").write_text("{}")
    assert any("tokenizer.json" in problem for problem in inspect_checkpoint(tmp_path).problems)


def test_tensors_alone_are_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "adapter.safetensors"
    path.write_bytes(file_bytes([tensor("a", (2, 3), "BF16")]))
    inspection = inspect_checkpoint(path)
    assert (inspection.family, inspection.parameters) == (None, 6)
    assert "there is no config.json: only the tensors are known" in inspection.problems


def test_what_cannot_be_read_safely_is_an_error(tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    with (tmp_path / "model.safetensors").open("ab") as file:
        file.write(b"PK\x05\x06")
    with pytest.raises(BadCheckpoint, match="belong to no tensor"):
        inspect_checkpoint(tmp_path)


def test_unknown_places_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(UnknownCheckpoint, match="does not exist"):
        inspect_checkpoint(tmp_path / "nothing")
    with pytest.raises(UnknownCheckpoint) as caught:
        inspect_checkpoint(tmp_path)
    assert caught.value.hint
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(BadCheckpoint, match="the version needs 4 bytes"):
        inspect_checkpoint(tmp_path)


def test_every_llama_licence_is_recognised_by_its_title(shared_data: Path, tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    ids = {"llama2": "llama2", "llama3": "llama3", "llama3_1": "llama3.1", "llama3_2": "llama3.2"}
    for folder, licence in (ids | {"llama3_3": "llama3.3", "llama4": "llama4"}).items():
        text = (shared_data / "llama-terms" / folder / "LICENSE").read_text()
        (tmp_path / "LICENSE").write_text(text)
        assert [tuple(h) for h in inspect_checkpoint(tmp_path).licences] == [("LICENSE", licence)]


def test_a_model_card_tells_its_licence() -> None:
    assert licence_of_card("---\nlicense: llama3.1\n---\n# Model") == "llama3.1"
    card = "---\nlicense: other\nlicense_name: my-terms\n---\n"
    assert licence_of_card(card) == "my-terms"
    for card in (
        "# no front matter",
        "---\n- a\n---\n",
        "---\n!!python/object:os.x\n---\n",
        "---\n[",
    ):
        assert licence_of_card(card) is None


def test_an_unknown_text_is_not_guessed() -> None:
    assert licence_of_text("All rights reserved.") is None
    assert (
        licence_of_text("Apache License\n                Version 2.0, January 2004") == "apache-2.0"
    )
