"""The engine beside what a person would otherwise install: same weights, same prompts, one run.

Random weights in the shapes of SmolLM 135M and Llama 3.2 1B, in bfloat16, 8 and 4 bits. Prefill of
one prompt, decoding of one request, and of several at once, against the machine's own floors
(memory read for decoding, registers multiplied for prefill), llama.cpp (``llama-bench`` and
``llama-batched-bench``, given by ``--llama-cpp FOLDER``), transformers, and OpenVINO GenAI and vLLM
where a Python that has them is given. Models made here are kept in ``--models``, if that is named.

    python -m benchmarks.engine --models DIR --llama-cpp FOLDER --openvino PYTHON --vllm PYTHON
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import engine_models, floors
from benchmarks.engine_peers import PEERS
from benchmarks.engine_programs import __name__ as programs
from benchmarks.figures import Figure, best, compared, run

PRECISIONS = ["bfloat16", "int8", "int4"]


class Case(NamedTuple):
    """One model in one precision."""

    shape: str
    precision: str
    model: engine_models.Model


def measure_ours(case: Case, sizes: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A cold process that packs, and then the one that is measured."""
    environment = os.environ | {"PADDOCK_PACKED_FOLDER": str(folder / "packed")}
    command = [sys.executable, "-m", f"{programs}.paddock_program"]
    path, precision = case.model.for_paddock(case.precision)
    few = sizes | {"rounds": 1, "batches": [1], "new": 1}
    for wanted in (few, sizes):
        arguments = [str(path), precision, json.dumps(wanted)]
        done = subprocess.run(
            [*command, *arguments], check=True, capture_output=True, text=True, env=environment
        )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def figures_of(name: str, case: Case, measured: dict[str, Any]) -> dict[str, Figure]:
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
    if "peak_bytes" in measured:
        gigabytes = measured["peak_bytes"] / 1e9
        found["memory"] = best(f"{at}: peak memory, {name}", "GB", [gigabytes])
    return found


def floors_of(case: Case, read: Figure, multiplied: dict[str, Figure]) -> dict[str, Figure]:
    """What no engine can beat: tokens in a second by bytes read, and by operations."""
    at = f"{case.shape} {case.precision}"
    config = case.model.config
    read_bytes = case.model.weight_bytes(case.precision)
    unit = multiplied["bfloat16" if case.precision == "bfloat16" else "int8"]
    operations = 2 * (config.parameter_count() - config.vocab_size * config.dim)
    decode = [value * 1e9 / read_bytes for value in read.rounds]
    prefill = [value * 1e9 / operations for value in unit.rounds]
    return {
        "decode_1": best(f"{at}: decode 1, floor by memory", "tokens/s", decode),
        "prefill": best(f"{at}: prefill, floor by operations", "tokens/s", prefill),
    }


def measure_case(
    case: Case, options: argparse.Namespace, folder: Path, floor: dict[str, Figure]
) -> Iterator[Figure]:
    sizes = {
        "rounds": options.rounds, "prefill": options.prefill, "batches": options.batches,
        "prompt": options.prompt, "new": options.new,
    }  # fmt: skip
    ours = figures_of("paddock", case, measure_ours(case, sizes, folder))
    yield from floor.values()
    for what, figure in ours.items():
        yield compared(figure, floor[what]) if what in floor else figure
    for name, peer in PEERS.items():
        given = getattr(options, name.replace("-", "_"))
        if not given:
            continue
        print(f"{case.shape} {case.precision}: {name}", file=sys.stderr, flush=True)
        measured = peer(given, case.model, case.precision, sizes)
        if measured is None:
            continue
        for what, theirs in figures_of(name, case, measured).items():
            yield theirs
            if what in ours:
                yield compared(ours[what], theirs)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    library = floors.compiled(folder)
    threads = os.cpu_count() or 1
    read = floors.measure_reading(library, threads, options.rounds)
    multiplied = {
        precision: figure
        for precision in floors.PRECISIONS
        if (figure := floors.measure_multiplying(library, precision, threads, options.rounds))
    }
    figures = [read, *multiplied.values()]
    for shape in options.shapes:
        model = engine_models.make(options.models or folder, shape)
        for precision in options.precisions:
            case = Case(shape, precision, model)
            print(f"{shape} {precision}: paddock", file=sys.stderr, flush=True)
            floor = floors_of(case, read, multiplied)
            for figure in measure_case(case, options, folder, floor):
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
