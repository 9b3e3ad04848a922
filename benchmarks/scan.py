"""``paddock scan`` by format: rate and peak memory, beside other scanners on the same file.

    python -m benchmarks.scan [--bytes N] [--rounds N] [--peers DIR ...]

A DIR is the bin folder of an environment that has picklescan, modelscan or fickling. Times are of
whole commands, the start of Python included, which a file of nothing shows by itself. Peers look at
pickles and names, and most pass over the rest: their rate is that of what they do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.figures import Figure, best, compared, run

_BLOCK_ELEMENTS = 1 << 22
# What each peer is called with; the file comes last.
_PEERS = {
    "picklescan": ["--path"],
    "modelscan": ["-p"],
    "fickling": ["--check-safety"],
}


class Taken(NamedTuple):
    """What one command took."""

    seconds: float
    peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=2_000_000_000, help="of each file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, nargs="*", default=[], metavar="DIR")
    run("Scanning", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    nothing = folder / "nothing.txt"
    nothing.write_text("nothing\n")
    ours = [sys.executable, "-m", "paddock", "scan"]
    starts = [command(ours, nothing).seconds for _ in range(options.rounds)]
    figures = [best("start: a file of eight bytes", "s", starts)]
    for name, write in WRITERS.items():
        file = folder / name
        # Elsewhere: what a process holds when it starts another counts for that one, too.
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(file, options.bytes)
        )
        writer.start()
        writer.join()
        figures += of_file(file, ours, options)
        file.unlink()
    return figures


def of_file(file: Path, ours: list[str], options: argparse.Namespace) -> list[Figure]:
    """Our rate and memory, and the rate of every peer that is there."""
    taken = [command(ours, file) for _ in range(options.rounds)]
    size = file.stat().st_size
    rate = best(file.name, "GB/s", [size / t.seconds / 1e9 for t in taken])
    peak = best(f"{file.name}: peak memory", "MB", [t.peak_bytes / 1e6 for t in taken])
    figures = [rate, peak]
    for bin_folder in options.peers:
        for name, arguments in _PEERS.items():
            if (bin_folder / name).exists():
                peer = [command([str(bin_folder / name), *arguments], file) for _ in taken]
                rates = [size / t.seconds / 1e9 for t in peer]
                figures.append(compared(best(f"{file.name}: {name}", "GB/s", rates), rate))
    return figures


def command(arguments: list[str], file: Path) -> Taken:
    """Run it on a file that is in the page cache; its exit code is its verdict."""
    started = time.perf_counter()
    with subprocess.Popen(
        [*arguments, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    # The largest process of the tree: ours reads files in a process of its own.
    return Taken(time.perf_counter() - started, usage.ru_maxrss * 1024)


# --- files of each format, full of numbers as weights have them


def _blocks(size_bytes: int) -> list[np.ndarray]:
    """Half floats; one block again and again, since a scan does not compare blocks."""
    block = np.random.default_rng(0).standard_normal(_BLOCK_ELEMENTS).astype(np.float16) / 16
    return [block] * max(1, size_bytes // block.nbytes)


def _write_safetensors(path: Path, size_bytes: int) -> None:
    blocks, at, header = _blocks(size_bytes), 0, {}
    for number, block in enumerate(blocks):
        offsets = [at, at + block.nbytes]
        header[f"w{number}"] = {"dtype": "F16", "shape": [len(block)], "data_offsets": offsets}
        at += block.nbytes
    raw = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for block in blocks:
            file.write(block.tobytes())


def _write_gguf(path: Path, size_bytes: int) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(str(path), "llama")
    for number, block in enumerate(_blocks(size_bytes)):
        writer.add_tensor(f"blk.{number}.ffn_up.weight", block.reshape(-1, 4096))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_torch(path: Path, size_bytes: int, **options: bool) -> None:
    import torch

    blocks = enumerate(_blocks(size_bytes))
    state = {f"w{number}": torch.from_numpy(block.copy()) for number, block in blocks}
    torch.save(state, path, **options)


def _write_legacy(path: Path, size_bytes: int) -> None:
    _write_torch(path, size_bytes, _use_new_zipfile_serialization=False)


def _write_npy(path: Path, size_bytes: int) -> None:
    np.save(path, np.concatenate(_blocks(size_bytes)))


def _write_zip(path: Path, size_bytes: int) -> None:
    inner = path.with_suffix(".safetensors")
    _write_safetensors(inner, size_bytes // 4)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(inner, "model.safetensors")
    inner.unlink()


def _write_text(path: Path, size_bytes: int) -> None:
    numbers = np.random.default_rng(0).integers(0, 10**12, 20_000)
    lines = "".join(f'{{"text": "the {number} time", "score": {number}}}\n' for number in numbers)
    with path.open("w") as file:
        for _ in range(max(1, size_bytes // 20 // len(lines))):
            file.write(lines)


def _write_gzip(path: Path, size_bytes: int) -> None:
    inner = path.with_suffix("")
    _write_text(inner, size_bytes)
    path.write_bytes(gzip.compress(inner.read_bytes(), 1))
    inner.unlink()


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "model.safetensors": _write_safetensors,
    "model.gguf": _write_gguf,
    "model.pt": _write_torch,
    "legacy.pt": _write_legacy,
    "array.npy": _write_npy,
    "deflated.zip": _write_zip,
    "rows.jsonl": _write_text,
    "rows.jsonl.gz": _write_gzip,
}


if __name__ == "__main__":
    main()
