"""Conversion from one end to the other, against the tools that people chain today.

    python -m benchmarks.convert [--gigabytes 8] [--llama-cpp FOLDER] [--plan-405b]

Everyone reads the same bfloat16 checkpoint from the page cache and ends when the result is on the
medium (``sync``). The quantiser of the ``gguf`` package runs tensor by tensor; llama.cpp's chain is
its ``convert_hf_to_gguf.py`` and then ``llama-quantize``, both found below FOLDER. Resharding is
held against ``cp``, ``sha256sum`` and BLAKE3 of the copy. Memory is the greatest of a process.
``--plan-405b`` only plans a checkpoint of Llama 3.1 405B's shape on sparse files.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure, best, compared, run
from benchmarks.llama_shaped import of_size, write_checkpoint, write_sparse_405b

_GGUF_QUANTISER = """
import sys
from pathlib import Path
import gguf, ml_dtypes, numpy as np
from safetensors import safe_open
source, destination, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
wanted = gguf.GGMLQuantizationType[kind]
with destination.open("xb", buffering=0) as output:
    for path in sorted(source.glob("*.safetensors")):
        with safe_open(path, "np") as file:
            for name in file.keys():
                bits = file.get_tensor(name).view(np.uint16).astype(np.uint32) << np.uint32(16)
                values = bits.view(np.float32)
                made = gguf.quants.quantize(values, wanted) if values.ndim > 1 else values
                output.write(np.ascontiguousarray(made).data)
"""
_BLAKE3 = """
import sys, blake3
for name in sys.argv[1:]:
    made = blake3.blake3()
    with open(name, "rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            made.update(piece)
    print(made.hexdigest(), name)
"""
# A process begins with the greatest memory of whoever started it: let that be a small one.
_LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""

Command = Sequence[str | Path]


class Spent(NamedTuple):
    """Seconds of all commands with their syncing, and the greatest memory of one of them."""

    seconds: float
    peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--llama-cpp", type=Path, help="folder with its source and its build")
    parser.add_argument("--plan-405b", action="store_true", help="plan the largest Llama, no more")
    run("Conversion (GB of the source per second)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    if options.plan_405b:
        return plan_405b(folder, options.rounds)
    source = folder / "checkpoint"
    size_bytes = write_checkpoint(source, of_size(options.gigabytes))
    subprocess.run(["sync", "-f", folder], check=True)
    bench = _Bench(folder, size_bytes, options.rounds)
    figures = _quantising(bench, source, options.llama_cpp)
    return figures + _resharding(bench, source)


class _Bench:
    """One folder, one source, so many rounds."""

    def __init__(self, folder: Path, size_bytes: int, rounds: int) -> None:
        self._folder, self._gigabytes, self._rounds = folder, size_bytes / 1e9, rounds
        self.out = folder / "out"

    def time(self, what: str, *commands: Command) -> list[Figure]:
        """GB of the source per second, and megabytes."""
        spent = [self._once(commands) for _ in range(self._rounds)]
        rate = best(what, "GB/s", [self._gigabytes / each.seconds for each in spent])
        peaks = [each.peak_bytes / 1e6 for each in spent]
        return [rate, best(f"{what}: memory", "MB", peaks)]

    def _once(self, commands: Sequence[Command]) -> Spent:
        self.out.mkdir()
        began, peak = time.perf_counter(), 0
        for command in commands:
            peak = max(peak, _peak_of(command))
        subprocess.run(["sync", "-f", self._folder], check=True)
        seconds = time.perf_counter() - began
        shutil.rmtree(self.out)
        return Spent(seconds, peak)


def _peak_of(command: Command) -> int:
    """Run it to its end; the most memory that it held."""
    done = subprocess.run([sys.executable, "-c", _LAUNCHER, *command], capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')[-2000:]}")
    return int(done.stdout) * 1024


def _paddock(source: Path, out: Path, *options: str) -> Command:
    return [sys.executable, "-m", "paddock", "convert", source, out, *options]


def _quantising(bench: _Bench, source: Path, llama_cpp: Path | None) -> list[Figure]:
    out = bench.out
    figures: list[Figure] = []
    for kind in ("Q8_0", "Q4_0"):
        options = ("--to", "gguf", "--quant", kind.lower())
        rate, memory = bench.time(f"paddock, {kind}", _paddock(source, out, *options))
        script = [sys.executable, "-c", _GGUF_QUANTISER, source, out / "x", kind]
        peers = [bench.time(f"gguf's quantiser, {kind}", script)]
        if llama_cpp:
            peers.append(
                bench.time(f"llama.cpp's chain, {kind}", *_chain(llama_cpp, source, out, kind))
            )
        for peer_rate, peer_memory in peers:
            figures += [peer_rate, peer_memory, compared(rate, peer_rate)]
        figures.append(memory)
    both = ("--to", "gguf", "--quant", "q8_0", "--quant", "q4_0")
    return figures + bench.time("paddock, Q8_0 and Q4_0 at once", _paddock(source, out, *both))


def _chain(llama_cpp: Path, source: Path, out: Path, kind: str) -> list[Command]:
    script = next(llama_cpp.rglob("convert_hf_to_gguf.py"))
    quantize = next(path for path in llama_cpp.rglob("llama-quantize") if path.is_file())
    whole = out / "whole.gguf"
    convert = [sys.executable, script, source, "--outtype", "bf16", "--outfile", whole]
    return [convert, [quantize, whole, out / "quantised.gguf", kind]]


def _resharding(bench: _Bench, source: Path) -> list[Figure]:
    shards = [path.name for path in source.glob("*.safetensors")]
    copies = [bench.out / "copy" / name for name in shards]
    copied, copy_memory = bench.time(
        "cp, sha256sum and BLAKE3",
        ["cp", "-r", source, bench.out / "copy"],
        ["sha256sum", *copies],
        [sys.executable, "-c", _BLAKE3, *copies],
    )
    options = ("--to", "safetensors", "--shard-size", "1GB")
    rate, memory = bench.time("paddock, other shards", _paddock(source, bench.out, *options))
    return [copied, copy_memory, compared(rate, copied), memory]


def plan_405b(folder: Path, rounds: int) -> list[Figure]:
    """Seconds and memory for planning what 810 GB become."""
    source = folder / "llama-405b"
    apparent = write_sparse_405b(source)
    spent = []
    for _ in range(rounds):
        options = ("--to", "safetensors", "--to", "gguf", "--quant", "q4_k_m", "--to", "meta")
        command = [
            *_paddock(source, folder / "none", *options),
            "--shard-size",
            "10GB",
            "--dry-run",
        ]
        began = time.perf_counter()
        peak = _peak_of(command)
        spent.append(Spent(time.perf_counter() - began, peak))
    return [
        best(f"plan {apparent / 1e9:.0f} GB", "s", [each.seconds for each in spent]),
        best("plan: memory", "MB", [each.peak_bytes / 1e6 for each in spent]),
    ]


if __name__ == "__main__":
    main()
