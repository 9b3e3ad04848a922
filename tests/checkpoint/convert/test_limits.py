"""What a conversion may not do: take more memory than it was given, fill a disk, leave halves."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.checkpoint.convert import convert
from paddock.checkpoint.convert.convert import convert_checkpoint, plan_conversion
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import DiskFailure, TooLittleMemory, TooLittleSpace
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.pytorch.zip_writing import torch_file_parts
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.checkpoint.tensors import Tensor
from tests.checkpoint.convert.big_models import (
    write_sparse_hf,
    write_sparse_meta,
)
from tests.checkpoint.convert.outcomes import WIDE, names_in
from tests.checkpoint.samples import TINY, write_hf_folder

# 230 MB in bfloat16: heads of 128 rows, rows of whole blocks, an odd tensor here and there.
MIDDLING = LlamaConfig(
    dim=2048, layers=2, heads=16, kv_heads=8, head_dim=128, ffn_dim=5632, vocab_size=6000,
    context=64, tied_embeddings=False,
)  # fmt: skip
FLOOR = 256_000_000
# ru_maxrss would begin with that of this process, which started it: VmHWM is the program's own.
_MEASURED = """
import sys
from pathlib import Path
from paddock.cli import main
try:
    main(sys.argv[1:])
finally:
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024, file=sys.stderr)
"""


def run(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """``paddock`` in a process of its own, whose last word on standard error is its memory."""
    command = [sys.executable, "-c", _MEASURED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **more)


def peak_of(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def test_memory_is_bounded_whatever_is_made_of_the_model(tmp_path: Path) -> None:
    write_sparse_hf(tmp_path / "hf", MIDDLING, 100_000_000)
    targets = ("--to", "safetensors", "--shard-size", "50MB", "--to", "gguf", "--to", "meta")
    quants = ("--quant", "q8_0", "--quant", "q4_0")
    done = run(
        "convert", tmp_path / "hf", tmp_path / "out", *targets, *quants, "--memory", FLOOR, "--json"
    )
    assert peak_of(done) < FLOOR
    told = json.loads(done.stdout)
    assert told["size_bytes"] > 600_000_000 and told["reads"] == 1


def test_memory_is_bounded_while_ranks_are_joined(tmp_path: Path) -> None:
    write_sparse_meta(tmp_path / "meta", MIDDLING, ranks=4)
    done = run(
        "convert", tmp_path / "meta", tmp_path / "x.gguf", "--to", "gguf", "--memory", FLOOR
    )  # fmt: skip
    assert peak_of(done) < FLOOR
    assert (tmp_path / "x.gguf").stat().st_size > 230_000_000


def test_with_room_for_one_piece_at_a_time_everything_is_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hf_folder(tmp_path / "hf", WIDE)
    options = ConvertOptions(("safetensors", "gguf", "meta"), ("q8_0", "q4_0"))
    convert_checkpoint(tmp_path / "hf", tmp_path / "roomy", options)
    monkeypatch.setattr(convert, "stream_room", lambda *_: 1)
    work = threading.Thread(
        target=convert_checkpoint, args=(tmp_path / "hf", tmp_path / "narrow", options), daemon=True
    )
    work.start()
    work.join(60)
    assert not work.is_alive(), "a piece waits for the room that it holds itself"
    contents = [
        {name: (tmp_path / folder / name).read_bytes() for name in names_in(tmp_path / folder)}
        for folder in ("roomy", "narrow")
    ]
    assert contents[0] == contents[1]


def test_the_setting_counts_and_too_little_memory_is_refused_in_words(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    command = ("convert", tmp_path / "hf", tmp_path / "out", "--to", "safetensors")
    done = run(*command, env={**os.environ, "PADDOCK_CONVERT_MEMORY": "1000000"})
    assert done.returncode == 1
    assert "1,000,000 bytes of memory are too few" in done.stderr
    assert "256MB or more" in done.stderr
    assert run(*command, env={**os.environ, "PADDOCK_CONVERT_MEMORY": "300000000"}).returncode == 0


def test_heads_that_no_memory_holds_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    config = LlamaConfig(
        dim=65536, layers=1, heads=16, kv_heads=1, head_dim=4096, ffn_dim=256, vocab_size=10,
        context=64,
    )  # fmt: skip
    write_sparse_hf(tmp_path / "hf", config, 1 << 50)
    options = ConvertOptions(("gguf",), memory_bytes=500_000_000)
    with pytest.raises(TooLittleMemory, match="a head of this model takes 536,870,912 bytes"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "x.gguf", options)
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


def test_405b_is_planned_from_headers_alone(tmp_path: Path) -> None:
    """Two layers of it on sparse files; ``benchmarks.convert --plan-405b`` plans all of them."""
    config = replace(PUBLISHED["llama-3.1-405b"], layers=2)
    apparent = write_sparse_hf(tmp_path / "hf", config, 4_300_000_000)
    assert apparent > 20_000_000_000
    targets = ("--to", "safetensors", "--to", "gguf", "--quant", "q4_k_m", "--to", "meta")
    began = time.monotonic()
    done = run(
        "convert", tmp_path / "hf", tmp_path / "out", *targets, "--shard-size", "4GB",
        "--dry-run", "--json", "--memory", FLOOR,
    )  # fmt: skip
    assert peak_of(done) < FLOOR
    assert time.monotonic() - began < 20
    files = {file["name"]: file for file in json.loads(done.stdout)["files"]}
    assert files["original/consolidated.00.pth"]["size_bytes"] > config.parameter_count() * 2
    assert len([name for name in files if name.startswith("hf-Q4_K_M-0000")]) == 2
    assert not (tmp_path / "out").exists()


def test_what_is_planned_is_what_is_written_to_the_byte(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", WIDE)
    (tmp_path / "hf" / "LICENSE").write_text("terms")
    options = ConvertOptions(("safetensors", "gguf", "meta"), ("q4_k_m", "f16"), "float16", 200_000)
    plan = plan_conversion(tmp_path / "hf", tmp_path / "out", options)
    planned = {file["name"]: file["size_bytes"] for file in plan.to_dict()["files"]}
    assert names_in(tmp_path) == {f"hf/{name}" for name in names_in(tmp_path / "hf")}
    convert_checkpoint(tmp_path / "hf", tmp_path / "out", options)
    written = {
        name: (tmp_path / "out" / name).stat().st_size for name in names_in(tmp_path / "out")
    }
    assert written == planned
    assert plan.size_bytes == sum(written.values())


def test_a_disk_without_room_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hf_folder(tmp_path / "hf")
    disk = os.statvfs(tmp_path)
    almost_full = os.statvfs_result((*disk[:4], 3, *disk[5:]))
    monkeypatch.setattr(os, "statvfs", lambda path: almost_full)
    with pytest.raises(TooLittleSpace, match=r"would take \d+,\d+ bytes, and 12,288 are free"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


def test_a_disk_that_fills_up_is_told_in_words_and_nothing_is_left(tmp_path: Path) -> None:
    write_sparse_hf(tmp_path / "hf", replace(MIDDLING, layers=1), 1 << 50)
    limit = 50_000_000
    done = run(
        "convert", tmp_path / "hf", tmp_path / "out", "--to", "gguf",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: hf-BF16.gguf: file too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_conversion_leaves_no_half(how: signal.Signals, tmp_path: Path) -> None:
    write_sparse_hf(tmp_path / "hf", MIDDLING, 1 << 50)
    command = [sys.executable, "-m", "paddock", "convert", str(tmp_path / "hf")]
    command += [str(tmp_path / "x.gguf"), "--to", "gguf", "--quant", "q4_k_m"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob(".x.gguf.partial-*/x.gguf")):
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(how)
        _, words = process.communicate()
    assert process.returncode != 0
    left = {path.name for path in tmp_path.iterdir()} - {"hf"}
    if how is signal.SIGINT:
        assert (left, process.returncode) == (set(), 1)
        assert "error: interrupted" in words
    else:
        assert [name.startswith(".x.gguf.partial-") for name in left] == [True]


def test_a_file_appears_whole_or_not_at_all_and_nothing_is_overwritten(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    for name in ("x.gguf", "dangling.gguf"):
        if name == "dangling.gguf":
            (tmp_path / name).symlink_to(tmp_path / "nowhere")
        else:
            (tmp_path / name).write_text("precious")
        with pytest.raises(Exception, match="exists"):
            convert_checkpoint(tmp_path / "hf", tmp_path / name, ConvertOptions(("gguf",)))
    assert (tmp_path / "x.gguf").read_text() == "precious"


def test_a_folder_that_cannot_be_written_to_is_told_in_words(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", TINY)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskFailure, match="file"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "file" / "out")


def test_tensors_beyond_four_gigabytes_have_wide_headers_that_torch_reads(tmp_path: Path) -> None:
    import torch

    tensors = [
        Tensor("large", "F32", (70_000, 16_384), lambda: iter(())),
        Tensor("small", "BF16", (3, 5), lambda: iter(())),
    ]
    path = tmp_path / "consolidated.00.pth"
    with path.open("wb") as file:
        for part in torch_file_parts("consolidated.00", tensors, {}):
            if isinstance(part, int):
                file.seek(tensors[part].size_bytes, os.SEEK_CUR)
            else:
                file.write(part if isinstance(part, bytes) else part.render({}))
    ours = {tensor.name: tensor for tensor in read_torch_file(path).tensors}
    assert ours["large"].size_bytes == 4_587_520_000
    loaded = torch.load(path, weights_only=True, mmap=True)
    assert (loaded["large"].shape, loaded["small"].shape) == ((70_000, 16_384), (3, 5))
    assert loaded["large"][-1, -1] == 0
