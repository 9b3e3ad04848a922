"""Conversion: the same weights in another layout, in constant memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import blake3
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import (
    BadCheckpoint,
    BadTokenizer,
    DiskFailure,
    OutputExists,
)
from paddock.checkpoint.opening import open_checkpoint
from tests.checkpoint.llama2c.test_reading import write_llama2c
from tests.checkpoint.meta.test_folder import write_meta
from tests.checkpoint.samples import TINY, write_hf_folder


def greedy(model: Any, ids: list[int], steps: int) -> list[int]:
    out = model.generate(
        torch.tensor([ids]), max_new_tokens=steps, do_sample=False, eos_token_id=None
    )
    return [int(token) for token in out[0]]


def test_stories260k_tells_the_published_story_in_transformers(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "models" / "stories260K"
    convert_checkpoint(source, tmp_path / "hf")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "hf")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hf")
    for case in json.loads((source / "expected.json").read_text())["greedy"]:
        ids = tokenizer(case["prompt"])["input_ids"]
        assert ids == case["prompt_ids"]
        steps = len(case["token_ids"]) - len(ids)
        told = greedy(model, ids, steps)
        assert told == case["token_ids"]
    text = (source / "expected_greedy_200.txt").read_text()
    assert tokenizer.decode(told, skip_special_tokens=True).strip() == text.strip()


def test_the_tiny_float_model_keeps_its_logits(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "models" / "tiny-llama-float-hf"
    expected = json.loads((source / "expected.json").read_text())
    for name, options in (("copy", None), ("shards", ConvertOptions(shard_bytes=10_000))):
        convert_checkpoint(source, tmp_path / name, options)
        model = AutoModelForCausalLM.from_pretrained(tmp_path / name, dtype=torch.float32)
        with torch.no_grad():
            logits = model(torch.tensor([expected["input_ids"]])).logits[0]
        assert logits.argmax(-1).tolist() == expected["argmax"]
        torch.testing.assert_close(
            logits[-1], torch.tensor(expected["last_logits"]), atol=2e-5, rtol=0
        )


def test_every_format_of_one_model_gives_the_same_logits(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    write_meta(tmp_path / "meta", ranks=2)
    write_llama2c(tmp_path / "model.bin", TINY)
    logits = []
    for source in ("hf", "meta", "model.bin"):
        convert_checkpoint(tmp_path / source, tmp_path / f"from-{source}")
        model = AutoModelForCausalLM.from_pretrained(tmp_path / f"from-{source}")
        with torch.no_grad():
            logits.append(model(torch.tensor([[1, 5, 9, 33]])).logits)
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[0], logits[2])


def test_the_digests_are_those_of_the_files(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    (tmp_path / "hf" / "LICENSE").write_text("terms")
    (tmp_path / "hf" / "unrelated.py").write_text("print()")
    for options in (None, ConvertOptions(shard_bytes=20_000)):
        destination = tmp_path / f"out-{options is None}"
        written = convert_checkpoint(tmp_path / "hf", destination, options).files
        assert {file.name for file in written} == {path.name for path in destination.iterdir()}
        assert "LICENSE" in {file.name for file in written}
        assert "unrelated.py" not in {file.name for file in written}
        for file in written:
            content = (destination / file.name).read_bytes()
            assert file.digests.size_bytes == len(content)
            assert file.digests.sha256 == hashlib.sha256(content).hexdigest()
            assert file.digests.blake3 == blake3.blake3(content).hexdigest()


def test_resharding_keeps_every_bit_and_can_be_undone(tmp_path: Path) -> None:
    original = write_hf_folder(tmp_path / "hf")
    convert_checkpoint(tmp_path / "hf", tmp_path / "many", ConvertOptions(shard_bytes=5_000))
    convert_checkpoint(tmp_path / "many", tmp_path / "one", ConvertOptions(shard_bytes=1 << 40))
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 5
    first, last = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("hf", "one"))
    assert len(first) == len(last)
    assert {t.name: t.read() for t in original} == {
        t.name: t.read() for t in open_checkpoint(tmp_path / "one").tensors
    }


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "precious").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("taken", "file"):
        with pytest.raises(OutputExists, match=name):
            convert_checkpoint(tmp_path / "hf", tmp_path / name)
    assert (tmp_path / "taken" / "precious").read_text() == "x"
    (tmp_path / "empty").mkdir()
    convert_checkpoint(tmp_path / "hf", tmp_path / "empty")
    assert open_checkpoint(tmp_path / "empty").config == TINY


def test_a_source_that_fails_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    write_meta(tmp_path / "meta")
    content = bytearray((tmp_path / "meta" / "consolidated.00.pth").read_bytes())
    weights = open_checkpoint(tmp_path / "meta").by_name()["model.norm.weight"].read()
    content[content.index(weights)] ^= 1  # noticed by its CRC, after other tensors were written
    (tmp_path / "meta" / "consolidated.00.pth").write_bytes(content)
    with pytest.raises(BadCheckpoint, match="CRC"):
        convert_checkpoint(tmp_path / "meta", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["meta"]


def test_a_tokenizer_that_asks_for_code_does_not_travel(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    settings = tmp_path / "hf" / "tokenizer_config.json"
    settings.write_text('{"auto_map": {"AutoTokenizer": ["a--b.C", null]}}')
    with pytest.raises(BadTokenizer, match="code of its own"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out")


def test_a_link_out_of_the_source_is_not_followed(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "hf" / "LICENSE").symlink_to(tmp_path / "secret")
    with pytest.raises(BadCheckpoint, match="symbolic link"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_refuses_is_told_in_words(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskFailure, match="file"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "file" / "out")


def test_a_config_without_dtype_takes_that_of_its_weights(tmp_path: Path) -> None:
    write_hf_folder(tmp_path, replace(TINY, dtype="bfloat16"))
    config = json.loads((tmp_path / "config.json").read_text())
    del config["torch_dtype"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert open_checkpoint(tmp_path).config.dtype == "bfloat16"
