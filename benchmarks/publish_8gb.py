"""A whole release of a large checkpoint with two quantised copies, against the chain of today.

    python -m benchmarks.publish_8gb --llama-cpp FOLDER [--gigabytes 8] [--rounds 1]

Ours is one command, ``paddock release publish``: plan, convert, scan, run, document, sign, upload.
The chain is what a person would type instead: picklescan over the folder, llama.cpp's converter to
bfloat16, ``llama-quantize`` twice, ``model_signing sign``, ``hf upload`` of everything. Both end on
the same hub, started anew for each, and read the same checkpoint from the page cache. Memory is the
greatest of one process of either. ``--only ours`` or ``--only chain`` measures one of the two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure, best, paired, run
from benchmarks.llama_shaped import of_size, write_checkpoint
from benchmarks.servers import Hub, paddock_up

QUANTS = ("Q8_0", "Q4_K_M")
# A process begins with the greatest memory of whoever started it: let that be a small one.
_LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
_RELEASE = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata: {{name: big, version: 1.0.0, date: 2026-11-20}}
licenses: {{distribution: apache-2.0}}
artifacts:
  source: {{path: checkpoint}}
  outputs:
    - {{id: full}}
    - {{id: q8, format: gguf, quant: q8_0}}
    - {{id: q4, format: gguf, quant: q4_k_m}}
publish: [{{to: hub, repo: {admin}/big}}]
"""


class Spent(NamedTuple):
    """Seconds of a whole way, and the greatest memory of one of its processes."""

    seconds: float
    peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--llama-cpp", type=Path, help="folder with its source and its build")
    parser.add_argument("--only", choices=("ours", "chain"))
    run("A release with two quantised copies, published", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    source = folder / "checkpoint"
    size_bytes = write_checkpoint(source, of_size(options.gigabytes))
    subprocess.run(["sync", "-f", folder], check=True)
    spent: dict[str, list[Spent]] = {"ours": [], "chain": []}
    for _ in range(options.rounds):
        if options.only != "chain":
            spent["ours"].append(_ours(folder))
        if options.only != "ours" and options.llama_cpp:
            spent["chain"].append(_chain(folder, options.llama_cpp))
    told = f"{size_bytes / 1e9:.1f} GB"
    figures = []
    for name, what in (("ours", "paddock release publish"), ("chain", "the chain of tools")):
        if spent[name]:
            figures += [
                best(f"{what}, {told}", "s", [each.seconds for each in spent[name]]),
                best(f"{what}: memory", "MB", [each.peak_bytes / 1e6 for each in spent[name]]),
            ]
    if spent["ours"] and spent["chain"]:
        figures[0] = paired(figures[0], figures[2])
    return figures


def _ours(folder: Path) -> Spent:
    with _hub(folder) as (_, environ):
        file = folder / "release.yaml"
        file.write_text(_RELEASE.format(admin="admin"))
        began = time.perf_counter()
        peak = _peak_of([sys.executable, "-m", "paddock", "release", "publish", file], environ)
        return Spent(time.perf_counter() - began, peak)


def _chain(folder: Path, llama_cpp: Path) -> Spent:
    script = next(llama_cpp.rglob("convert_hf_to_gguf.py"))
    quantize = next(path for path in llama_cpp.rglob("llama-quantize") if path.is_file())
    out, whole = folder / "out", folder / "whole.gguf"
    private, public = folder / "key.pem", folder / "key.pub.pem"
    _key(private, public)
    with _hub(folder) as (_, environ):
        began = time.perf_counter()
        shutil.copytree(folder / "checkpoint", out, copy_function=os.link)
        commands: list[list[str | Path]] = [
            ["picklescan", "-p", out],
            [sys.executable, script, out, "--outtype", "bf16", "--outfile", whole],
            *([quantize, whole, out / f"big-{kind}.gguf", kind] for kind in QUANTS),
            [
                "model_signing", "sign", "key", out,
                "--private_key", private, "--signature", out / "model.sig",
            ],
            ["hf", "upload", "admin/big", out, "."],
        ]  # fmt: skip
        peak = max(_peak_of(command, environ) for command in commands)
        seconds = time.perf_counter() - began
        shutil.rmtree(out)
        whole.unlink()
    return Spent(seconds, peak)


@contextmanager
def _hub(folder: Path) -> Iterator[tuple[Hub, dict[str, str]]]:
    """A hub without a repository, and the environment of somebody who may write to it."""
    home = folder / "home"
    with paddock_up(folder / "hub") as hub:
        yield (
            hub,
            {
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HF_HOME": str(home / "hf"),
                "HF_TOKEN": hub.token,
                "HF_ENDPOINT": hub.url,
                "PADDOCK_CONFIG_HOME": str(home / "config"),
            },
        )
    shutil.rmtree(folder / "hub")
    shutil.rmtree(home, ignore_errors=True)


def _peak_of(command: list[str | Path], environ: dict[str, str]) -> int:
    """Run it to its end; the most memory that it held."""
    launched = [sys.executable, "-c", _LAUNCHER, *map(str, command)]
    done = subprocess.run(launched, capture_output=True, env=environ)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')[-2000:]}")
    return int(done.stdout) * 1024


def _key(private: Path, public: Path) -> None:
    """A P-256 key, as model_signing takes it."""
    openssl = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private]
    subprocess.run(openssl, check=True, capture_output=True)
    subprocess.run(
        ["openssl", "ec", "-in", private, "-pubout", "-out", public],
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    main()
