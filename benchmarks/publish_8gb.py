"""A whole release of a large checkpoint with two quantised copies, against the chain of today.

    python -m benchmarks.publish_8gb --llama-cpp FOLDER [--gigabytes 8] [--rounds 1]

Ours is one command, ``paddock release publish``: plan, convert, scan, run, document, sign, upload.
The chain is what a person would type instead: picklescan over the folder, llama.cpp's converter to
bfloat16, ``llama-quantize`` twice, ``model_signing sign``, ``hf upload`` of everything. Both end on
the same kind of hub, started anew for each, and begin with the same checkpoint, just written.
Memory is the greatest sum of resident memory over a command and all that it started, pages of
mapped files included, looked at twenty times a second. The hub's memory and time are not in it.
``--only ours`` or ``--only chain`` measures one of the two.

Takes up to 4 times the checkpoint of disk (34 GB for 8), and removes it all at the end.
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
# Apart from the benchmark, whose own memory and children must not count.
_LAUNCHER = """
import os, resource, subprocess, sys, time

def fields(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            told = file.read().rpartition(")")[2].split()
        return int(told[1]), int(told[21]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None

def resident(root):
    known = {int(name): fields(name) for name in os.listdir("/proc") if name.isdecimal()}
    tree, found = {root}, True
    while found:
        found = {pid for pid, each in known.items() if each and each[0] in tree} - tree
        tree |= found
    return sum(known[pid][1] for pid in tree if known.get(pid))

process, most = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL), 0
while process.poll() is None:
    most = max(most, resident(process.pid))
    time.sleep(0.05)
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(most, spent.ru_utime + spent.ru_stime)
sys.exit(process.returncode)
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
    """Seconds of a command or of a whole way, those of processors, and the most memory."""

    seconds: float
    cpu_seconds: float
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
                best(f"{what}: processors", "s", [each.cpu_seconds for each in spent[name]]),
                best(f"{what}: memory", "MB", [each.peak_bytes / 1e6 for each in spent[name]]),
            ]
    if spent["ours"] and spent["chain"]:
        ours, theirs = figures[:3], figures[3:]
        figures = [*(paired(*both) for both in zip(ours, theirs, strict=True)), *theirs]
    return figures


def _ours(folder: Path) -> Spent:
    with _hub(folder) as (_, environ):
        file = folder / "release.yaml"
        file.write_text(_RELEASE.format(admin="admin"))
        return _spent([sys.executable, "-m", "paddock", "release", "publish", file], environ)


def _chain(folder: Path, llama_cpp: Path) -> Spent:
    script = next(llama_cpp.rglob("convert_hf_to_gguf.py"))
    quantize = next(path for path in llama_cpp.rglob("llama-quantize") if path.is_file())
    out, whole = folder / "out", folder / "whole.gguf"
    private, public = folder / "key.pem", folder / "key.pub.pem"
    _key(private, public)
    with _hub(folder) as (_, environ):
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
        each = []
        for command in commands:
            if "upload" in command:
                whole.unlink()  # nobody needs it any more, and the disk is small
            each.append(_spent(command, environ))
        shutil.rmtree(out)
    return Spent(
        sum(one.seconds for one in each),
        sum(one.cpu_seconds for one in each),
        max(one.peak_bytes for one in each),
    )


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


def _spent(command: list[str | Path], environ: dict[str, str]) -> Spent:
    """Run it to its end, and say on the way what it took."""
    launched = [sys.executable, "-c", _LAUNCHER, *map(str, command)]
    began = time.perf_counter()
    done = subprocess.run(launched, capture_output=True, env=environ)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')[-2000:]}")
    peak_bytes, cpu_seconds = done.stdout.split()
    spent = Spent(seconds, float(cpu_seconds), int(peak_bytes))
    name = " ".join(Path(str(part)).name for part in command[:4])
    print(
        f"{spent.seconds:7.1f} s, of processors {spent.cpu_seconds:7.1f} s, "
        f"{spent.peak_bytes / 1e6:6.0f} MB: {name}",
        flush=True,
    )
    return spent


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
