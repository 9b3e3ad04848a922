"""The engine beside what a person would otherwise install: same weights, same prompts, one run.

Random weights in the shapes of SmolLM 135M and Llama 3.2 1B, in bfloat16, 8 and 4 bits. Prefill of
one prompt, decoding of one request, and of several at once, against the machine's own floors
(memory read for decoding, registers multiplied for prefill), llama.cpp (``llama-bench`` and
``llama-batched-bench``, given by ``--llama-cpp FOLDER``), transformers, and OpenVINO GenAI and vLLM
where a Python that has them is given. They take turns, and ratios are the medians of figures taken
in one round: a machine in a data centre is not the same from one minute to the next. Models made
here are kept in ``--models``, if that is named.

    python -m benchmarks.engine --models DIR --llama-cpp FOLDER --openvino PYTHON --vllm PYTHON
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import engine_models, floors
from benchmarks.engine_peers import PEERS
from benchmarks.engine_programs import __name__ as programs
from benchmarks.figures import Figure, best, paired, run

PRECISIONS = ["bfloat16", "int8", "int4"]


class Case(NamedTuple):
    """One model in one precision."""

    shape: str
    precision: str
    model: engine_models.Model


Measured = dict[str, Any]
Engine = Callable[[], Measured | None]
ONCE = ("transformers", "vllm")  # slow to start, and far from the others


def ours(case: Case, sizes: dict[str, Any], folder: Path) -> Engine:
    """A cold process each; one that packs goes before them."""
    environment = os.environ | {"PADDOCK_PACKED_FOLDER": str(folder / "packed")}
    path, precision = case.model.for_paddock(case.precision)

    def measured(wanted: dict[str, Any] = sizes) -> Measured:
        command = [sys.executable, "-m", f"{programs}.paddock_program"]
        arguments = [str(path), precision, json.dumps(wanted)]
        done = subprocess.run(
            [*command, *arguments], check=True, capture_output=True, text=True, env=environment
        )
        found: Measured = json.loads(done.stdout.splitlines()[-1])
        return found

    measured(sizes | {"batches": [1], "new": 1})
    return measured


def engines_of(case: Case, options: argparse.Namespace, folder: Path) -> dict[str, Engine]:
    """What runs the case, each once a call."""
    sizes = {
        "rounds": 1, "prefill": options.prefill, "batches": options.batches,
        "prompt": options.prompt, "new": options.new,
    }  # fmt: skip
    engines = {"paddock": ours(case, sizes, folder)}
    for name, peer in PEERS.items():
        if given := getattr(options, name.replace("-", "_")):
            engines[name] = partial(peer, given, case.model, case.precision, sizes)
    return engines


def floors_of(case: Case, library: ctypes.CDLL) -> Measured:
    """What no engine can beat now: tokens in a second by bytes read, and by operations."""
    threads, config = os.cpu_count() or 1, case.model.config
    read = floors.measure_reading(library, threads, 1)
    unit = "bfloat16" if case.precision == "bfloat16" else "int8"
    multiplied = floors.measure_multiplying(library, unit, threads, 1)
    operations = 2 * (config.parameter_count() - config.vocab_size * config.dim)
    decode = read.value * 1e9 / case.model.weight_bytes(case.precision)
    rates = {"decode_1": [decode]}
    if multiplied:
        rates["prefill"] = [multiplied.value * 1e9 / operations]
    return {"rates": rates}


def in_turns(
    case: Case, options: argparse.Namespace, folder: Path, library: ctypes.CDLL
) -> dict[str, Measured]:
    """Everything once a round, so that each round's figures stand beside each other."""
    engines = {"floor": partial(floors_of, case, library), **engines_of(case, options, folder)}
    found: dict[str, Measured] = {}
    for number in range(options.rounds):
        for name, engine in engines.items():
            if number and name in ONCE:
                continue
            print(f"{case.shape} {case.precision}, round {number + 1}: {name}", file=sys.stderr)
            measured = engine()
            if measured is None:  # it has no such precision
                continue
            kept = found.setdefault(name, {"rates": {}, "peak_bytes": 0})
            for what, rounds in measured["rates"].items():
                kept["rates"].setdefault(what, []).extend(rounds)
            kept["peak_bytes"] = max(kept["peak_bytes"], measured.get("peak_bytes", 0))
    return found


def figures_of(name: str, case: Case, measured: Measured) -> dict[str, Figure]:
    """The rates of one engine by what they are of; its memory and first token, too."""
    at = f"{case.shape} {case.precision}"
    found = {
        what: best(f"{at}: {what.replace('_', ' ')}, {name}", "tokens/s", rounds)
        for what, rounds in measured["rates"].items()
        if what != "first_token_seconds"
    }
    if "first_token_seconds" in measured["rates"]:
        seconds = measured["rates"]["first_token_seconds"]
        found["first token"] = best(f"{at}: start to first token, {name}", "s", seconds)
    if measured["peak_bytes"]:
        gigabytes = measured["peak_bytes"] / 1e9
        found["memory"] = best(f"{at}: peak memory, {name}", "GB", [gigabytes])
    return found


def compared_figures(case: Case, measured: dict[str, Measured]) -> Iterator[Figure]:
    """Every engine's figures, and beside each of them the ratio of ours."""
    figures = {name: figures_of(name, case, found) for name, found in measured.items()}
    mine = figures.pop("paddock")
    yield from mine.values()
    for theirs in figures.values():
        for what, figure in theirs.items():
            yield figure
            if what in mine:
                yield paired(mine[what], figure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    library = floors.compiled(folder)
    figures = []
    for shape in options.shapes:
        model = engine_models.make(options.models or folder, shape)
        for precision in options.precisions:
            case = Case(shape, precision, model)
            for figure in compared_figures(case, in_turns(case, options, folder, library)):
                ratio = f"  {figure.ratio} of {figure.against}" if figure.ratio else ""
                print(f"  {figure.what}: {figure.value:.4g} {figure.unit}{ratio}", file=sys.stderr)
                figures.append(figure)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shapes = list(engine_models.SHAPES)
    parser.add_argument("--shapes", nargs="+", choices=shapes, default=["135M", "1.2B"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--prefill", type=int, default=512, help="tokens of the prompt alone")
    parser.add_argument("--prompt", type=int, default=128, help="tokens of each prompt of several")
    parser.add_argument("--new", type=int, default=64, help="tokens that each request decodes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", type=Path, help="keep the models in this folder")
    parser.add_argument("--llama-cpp", type=Path, help="folder of llama.cpp's programs")
    parser.add_argument("--transformers", action="store_true", help="transformers, installed here")
    parser.add_argument("--openvino", type=Path, help="a Python with openvino-genai, optimum-intel")
    parser.add_argument("--vllm", type=Path, help="a Python with vLLM's build for CPUs")
    run("The engine beside others", parser, measure)


if __name__ == "__main__":
    main()
