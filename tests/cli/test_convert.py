"""``paddock convert``: what it writes, prints and refuses."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
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


def test_several_targets_are_written_in_one_pass_and_both_sides_hashed(
    tmp_path: Path, paddock: Paddock
) -> None:
    write_hf_folder(tmp_path / "tiny", TINY)
    code, out, err = paddock(
        "convert", tmp_path / "tiny", tmp_path / "out", "--to", "gguf", "--to", "meta",
        "--quant", "F32", "--quant", "q8_0", "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert code == 0
    assert {file["name"] for file in told["files"]} == {
        "tiny-F32.gguf", "tiny-Q8_0.gguf", "original/consolidated.00.pth", "original/params.json",
    }  # fmt: skip
    weights = (tmp_path / "tiny" / "model.safetensors").read_bytes()
    [source] = told["sources"]
    assert source["sha256"] == hashlib.sha256(weights).hexdigest()
    assert (source["name"], told["reads"]) == ("model.safetensors", 1)
    assert told["notes"] == ["the source has no tokenizer"]
    assert err == "note: the source has no tokenizer\n"  # in a pipe there is no progress


def test_one_gguf_may_be_a_file_or_lie_in_a_folder(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path / "tiny", TINY)
    for destination, made in (("x.gguf", "x.gguf"), ("folder", "folder/tiny-F32.gguf")):
        code, _, _ = paddock("convert", tmp_path / "tiny", tmp_path / destination, "--to", "gguf")
        assert code == 0
        assert (tmp_path / made).is_file()
    assert (tmp_path / "x.gguf").read_bytes() == (tmp_path / made).read_bytes()


def test_formats_and_types_may_be_written_in_capitals(tmp_path: Path, paddock: Paddock) -> None:
    write_hf_folder(tmp_path / "hf", TINY)
    code, _, err = paddock(
        "convert", tmp_path / "hf", tmp_path / "out", "--to", "GGUF", "--to", "SafeTensors",
        "--quant", "Q8_0", "--dtype", "BFloat16",
    )  # fmt: skip
    assert (code, err) == (0, "")


def test_a_text_is_no_checkpoint_and_a_closed_place_no_destination(
    tmp_path: Path, paddock: Paddock
) -> None:
    write_hf_folder(tmp_path / "hf", TINY)
    (tmp_path / "notes.md").write_text("# Notes on a model, of no use to a reader of weights\n" * 9)
    code, _, err = paddock("convert", tmp_path / "notes.md", tmp_path / "x", "--to", "gguf")
    assert (code, "notes.md holds no checkpoint that is known" in err) == (1, True)
    below = tmp_path / "notes.md" / "x.GGUF"
    code, _, err = paddock("convert", tmp_path / "hf", below, "--to", "gguf")
    assert code == 1
    assert f"error: {below} cannot be written: " in err
    assert "hint: name a place where you may write" in err


def test_weights_without_their_configuration_are_refused_with_the_next_step(
    tmp_path: Path, paddock: Paddock
) -> None:
    write_hf_folder(tmp_path / "hf", TINY)
    (tmp_path / "hf" / "config.json").unlink()
    code, _, err = paddock(
        "convert", tmp_path / "hf" / "model.safetensors", tmp_path / "out", "--to", "gguf"
    )
    assert code == 1
    assert "has weights and no config.json" in err
    assert "hint: put the model's config.json there" in err


def test_a_dry_run_lists_sizes_and_types_and_writes_nothing(
    tmp_path: Path, paddock: Paddock
) -> None:
    write_hf_folder(tmp_path / "tiny", TINY)
    command = ("convert", tmp_path / "tiny", tmp_path / "out", "--to", "gguf", "--quant", "q8_0")
    code, out, _ = paddock(*command, "--dry-run")
    assert (code, [path.name for path in tmp_path.iterdir()]) == (0, ["tiny"])
    assert "tiny-Q8_0.gguf  (" in out and " Q8_0, " in out and "1 file, " in out
    _, planned, _ = paddock(*command, "--dry-run", "--json")
    _, written, _ = paddock(*command, "--json")
    assert json.loads(planned)["size_bytes"] == json.loads(written)["size_bytes"]


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "tiny", TINY)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "paddock", "convert", tmp_path / "tiny", tmp_path / "out"]
    done = subprocess.run([*command, "--to", "meta"], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "100% of" in shown and "GB/s" in shown
    assert b"GB/s" not in done.stdout


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
