"""Xet beside what else keeps models, in one run.

    python -m benchmarks.xet [--bytes N] [--rounds N] [--oras PYTHON] [--mlflow PYTHON]
                             [--parts transfers versions reading reconstruction]
                             [--contents noise weights] [--scenarios 1 2 3 4 5] [--without …]

The bar is hf-xet's own ``local://`` store, a folder that the client itself writes: no server, no
network, nothing verified. Beside it our hub by Xet and by git-lfs, Debian's docker-registry with
ORAS and MLflow's server; the last two take part where they are named by a Python that has them.
Ratios of times and of bytes are to the bar, above 1 is better. Takes six times ``--bytes`` of disk,
and the logical size of all checkpoints if a store that keeps whole files takes part.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, run
from benchmarks.hub_transfer import write_noise
from benchmarks.xet_files import write_weights
from benchmarks.xet_reading import measure_reading
from benchmarks.xet_reconstruction import measure_reconstruction
from benchmarks.xet_stores import hub_store, local_store, mlflow_store, registry_store
from benchmarks.xet_transfers import measure_transfers
from benchmarks.xet_versions import Peer, measure_versions, scenarios

PARTS = ("transfers", "versions", "reading", "reconstruction")
NEW = "hub by Xet, new machines"
CONTENTS = ("noise", "weights")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=2_000_000_000, help="of one large file")
    parser.add_argument("--checkpoints", type=int, default=50)
    parser.add_argument("--checkpoint-bytes", type=int, default=100_000_000)
    parser.add_argument("--file-bytes", type=int, default=50_000_000_000, help="reconstructed")
    parser.add_argument("--requests", type=int, default=4000, help="for reconstructions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--oras", help="a Python that has the oras package")
    parser.add_argument("--mlflow", help="a Python that has the mlflow package")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--without", nargs="+", default=[], help="names of stores")
    parser.add_argument("--contents", nargs="+", choices=CONTENTS, default=CONTENTS)
    parser.add_argument("--scenarios", nargs="+", type=int, help="of the versions; 1 is the first")
    run("Xet (ratio above 1 is better)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    found: list[Figure] = []
    if {"transfers", "versions", "reading"} & set(options.parts):
        write_noise(folder / "noise.bin", options.bytes)
        write_weights(folder / "weights", options.bytes)
    for part in options.parts:
        for figure in _MEASURES[part](options, folder):
            found.append(figure)
            print(f"{figure.what}: {figure.value:.4g} {figure.unit}", flush=True)
    return found


def _transfers(options: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    stores = _stores(options, counted=False)
    for what in options.contents:
        source = _source(folder, what)
        yield from measure_transfers(what, source, stores, folder, options.rounds)


def _versions(options: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    stores = _stores(options, counted=True)
    peers = {name: Peer(opened) for name, opened in stores.items()}
    if NEW not in options.without:
        peers[NEW] = Peer(stores["hub by Xet"], from_new_machines=True)
    small = write_weights(folder / "small", options.checkpoint_bytes)
    noise, weights = (_source(folder, what) for what in CONTENTS)
    told = scenarios(noise, weights, small, options.checkpoints, folder)
    for number, scenario in enumerate(told, 1):
        if number in (options.scenarios or [number]):
            yield from measure_versions(scenario, peers, folder)


def _reading(options: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    for what in options.contents:
        source = _source(folder, what)
        yield from measure_reading(what, source, folder, options.rounds)


def _reconstruction(options: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    yield from measure_reconstruction(folder, options.file_bytes, options.requests)


def _stores(options: argparse.Namespace, *, counted: bool) -> dict[str, Any]:
    """Those that take part; the first is what the others are held against."""
    stores: dict[str, Any] = {
        "hf-xet's local://": partial(local_store, counted=counted),
        "hub by Xet": partial(hub_store, counted=counted),
        "hub by LFS": partial(hub_store, xet=False, counted=counted),
    }
    if options.oras and shutil.which("docker-registry"):
        stores["docker-registry"] = partial(registry_store, python=options.oras, counted=counted)
    if options.mlflow:
        stores["MLflow"] = partial(mlflow_store, python=options.mlflow, counted=counted)
    return {name: opened for name, opened in stores.items() if name not in options.without}


def _source(folder: Path, what: str) -> Path:
    """The file with noise, or with weights."""
    if what == "noise":
        return folder / "noise.bin"
    (path,) = (folder / "weights").glob("*.safetensors")
    return path


_MEASURES = {
    "transfers": _transfers,
    "versions": _versions,
    "reading": _reading,
    "reconstruction": _reconstruction,
}

if __name__ == "__main__":
    main()
