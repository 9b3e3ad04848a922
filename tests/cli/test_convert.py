"""``paddock convert``: what it writes, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.checkpoint.opening import open_checkpoint
from tests.checkpoint.samples import TINY, write_hf_folder
from tests.cli.conftest import Paddock


def test_a_checkpoint_is_written_and_its_digests_printed(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path / "hf")
    command = ("convert", tmp_path / "hf", tmp_path / "out", "--to", "safetensors", "--json")
    code, out, _ = paddock(*command)
    assert code == 0
    names = {file["name"] for file in json.loads(out)["files"]}
    assert names == {"config.json", "generation_config.json", "model.safetensors"}
    assert open_checkpoint(tmp_path / "out").config == TINY
    code, _, err = paddock(*command)
    assert code == 1 and "nothing is overwritten" in err


@pytest.mark.parametrize("size", ["20000", "20KB", "20 kb", "19KiB"])
def test_shard_sizes_are_written_as_people_write_them(
    tmp_path: Path, paddock: Paddock, size: str
) -> None:
    write_hf_folder(tmp_path / "hf")
    code, _, _ = paddock(
        "convert", tmp_path / "hf", tmp_path / "out", "--to", "safetensors",
        "--shard-size", size,
    )  # fmt: skip
    assert code == 0
    shards = sorted((tmp_path / "out").glob("*.safetensors"))
    assert shards[0].name == f"model-00001-of-{len(shards):05}.safetensors"
    assert len(shards) > 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "safetensors", "--quant", "q8_0"), 2, "only GGUF is quantised"),
        (("--to", "gguf", "--quant", "q3_k"), 2, "q4_k_m"),
        (("--to", "gguf", "--dtype", "float16"), 2, "--quant says"),
        (("--to", "safetensors", "--dtype", "int8"), 2, "bfloat16"),
        (("--to", "gguf", "--to", "gguf"), 2, "the same twice"),
        (("--to", "meta", "--shard-size", "5GB"), 2, "not cut by size"),
        (("--to", "safetensors", "--memory", "1MB"), 1, "too few"),
        (("--to", "safetensors", "--shard-size", "5"), 2, "too small"),
        (("--to", "safetensors", "--shard-size", "-5"), 2, "not a size"),
        (("--to", "safetensors", "--shard-size", "many"), 2, "not a size"),
        (("--to", "onnx"), 2, "onnx"),
        ((), 2, "--to"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_right_exit_code(
    tmp_path: Path,
    paddock: Paddock,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    write_hf_folder(tmp_path / "hf")
    exit_code, out, err = paddock("convert", tmp_path / "hf", tmp_path / "out", *arguments)
    assert (exit_code, out) == (code, "")
    assert words in err
    assert not (tmp_path / "out").exists()
