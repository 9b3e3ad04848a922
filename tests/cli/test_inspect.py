"""``paddock inspect``: what a person reads, what a program gets, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

from tests.checkpoint.samples import LLAMA4, MIXTRAL, write_hf_folder
from tests.cli.conftest import Paddock


def test_a_person_reads_what_the_checkpoint_is(shared_data: Path, paddock: Paddock) -> None:
    code, out, _ = paddock("inspect", shared_data / "models" / "stories260K")
    assert code == 0
    for words in ("llama2.c", "260,032", "F32", "512 ids", "nothing says which"):
        assert words in out


def test_a_program_gets_one_json_object(shared_data: Path, paddock: Paddock) -> None:
    code, out, _ = paddock("inspect", shared_data / "models" / "tiny-llama-float-hf", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["config"]["dim"] == 32
    assert found["tokenizer"]["kind"] == "tokenizer.json"
    assert {"name": "model.norm.weight", "dtype": "F16", "shape": [32]} in found["tensors"]


def test_another_architecture_is_named(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    changes = {"architectures": ["MistralForCausalLM"], "model_type": "mistral"}
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    code, out, err = paddock("inspect", tmp_path)
    assert (code, out) == (1, "")
    assert "MistralForCausalLM" in err and "hint:" in err


def test_a_missing_path_fails_in_one_sentence(tmp_path: Path, paddock: Paddock) -> None:
    code, _, err = paddock("inspect", tmp_path / "nothing")
    assert code == 1
    assert err.startswith("error: ") and "does not exist" in err


def test_experts_are_told(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path, MIXTRAL)
    code, out, _ = paddock("inspect", tmp_path)
    assert code == 0
    assert "experts     4 in 2 layers, 48 wide; 2 compute each token" in out
    write_hf_folder(tmp_path / "llama4", LLAMA4)
    _, out, _ = paddock("inspect", tmp_path / "llama4")
    assert "chunks of 16 tokens; 1 layers without positions see everything" in out
