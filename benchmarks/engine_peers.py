"""Other engines, run as their users run them: each gives its rates as our own program does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.engine_models import Model

PROGRAMS = Path(__file__).with_name("engine_programs")
_BITS = {"bfloat16": 16, "int8": 8, "int4": 4}
Measured = dict[str, Any]


def llama_cpp(folder: Path, model: Model, precision: str, sizes: dict[str, Any]) -> Measured:
    """llama.cpp's own benchmarks; its decoding begins with an empty context."""
    file = str(model.gguf(precision))
    rates: dict[str, list[float]] = {}
    wanted = ["-p", str(sizes["prefill"]), "-n", str(sizes["new"]), "-r", str(sizes["rounds"])]
    for test in json.loads(
        _output([str(folder / "llama-bench"), "-m", file, *wanted, "-o", "json"])
    ):
        rates["prefill" if test["n_prompt"] else "decode_1"] = test["samples_ts"]
    parallel = [batch for batch in sizes["batches"] if batch > 1]
    each, new = sizes["prompt"], sizes["new"]
    room = str(max(parallel, default=1) * (each + new))
    shape = ["-c", room, "-npp", str(each), "-ntg", str(new), "-npl", ",".join(map(str, parallel))]
    command = [str(folder / "llama-batched-bench"), "-m", file, *shape, "--output-format", "jsonl"]
    for _ in range(sizes["rounds"] if parallel else 0):
        for line in _output(command).splitlines():
            if line.startswith("{"):
                found = json.loads(line)
                rates.setdefault(f"decode_{found['pl']}", []).append(found["speed_tg"])
    return {"rates": rates}


def transformers(_: object, model: Model, precision: str, sizes: dict[str, Any]) -> Measured | None:
    """Plain transformers; bits below 16 need packages that have no kernels for processors."""
    if precision != "bfloat16":
        return None
    few = sizes | {"new": min(16, sizes["new"])}
    return _program("transformers", Path(sys.executable), model.folder, precision, few)


def openvino(python: Path, model: Model, precision: str, sizes: dict[str, Any]) -> Measured:
    """OpenVINO GenAI on what optimum-intel exported."""
    folder = model.openvino(python, _BITS[precision])
    return _program("openvino", python, folder, precision, sizes)


def vllm(python: Path, model: Model, precision: str, sizes: dict[str, Any]) -> Measured | None:
    """vLLM on a processor; it has no 8 and 4 bits for plain weights there."""
    if precision != "bfloat16":
        return None
    return _program("vllm", python, model.folder, precision, sizes)


PEERS: dict[str, Callable[[Any, Model, str, dict[str, Any]], Measured | None]] = {
    "llama-cpp": llama_cpp,
    "transformers": transformers,
    "openvino": openvino,
    "vllm": vllm,
}


def _program(
    name: str, python: Path, model: Path, precision: str, sizes: dict[str, Any]
) -> Measured:
    script = str(PROGRAMS / f"{name}_program.py")
    printed = _output([str(python), script, str(model), precision, json.dumps(sizes)])
    measured: Measured = json.loads(printed.splitlines()[-1])
    return measured


def _output(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
