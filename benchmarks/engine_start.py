"""From starting a process to a model's first token: packed already or not, files cached or not.

    python -m benchmarks.engine_start [--shape llama-3.2-1b | --gigabytes G] [--rounds N]
        [--precision int8]... [--without-transformers]

Random weights in bfloat16, a prompt of 16 tokens. The floor is Python importing the engine and
doing nothing; ``cold`` is after the system was asked to drop the files' pages (``posix_fadvise``),
so that they come from the disk. The peer is ``transformers`` with the same checkpoint and prompt.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, best, compared, run
from benchmarks.llama_shaped import of_size, write_checkpoint
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.engine.precision import Precision

PROMPT_TOKENS = 16
IMPORTS = "import paddock.engine.opening, paddock.engine.native.runner"

OURS = f"""
import sys
from pathlib import Path
import numpy as np
from paddock.engine.native.pack_cache import PackCache
from paddock.engine.opening import OpenOptions, open_model
from paddock.engine.precision import Precision
from paddock.engine.request import GREEDY
from paddock.engine.step import Row, Step
model, precision, packed = sys.argv[1:]
options = OpenOptions(Precision(precision), "native", packed=PackCache(Path(packed), 1 << 40))
runner = open_model(Path(model), options)
runner.reserve(64)
n = {PROMPT_TOKENS}
array = lambda *values: np.array(values, np.int32)
step = Step(array(*range(1, n + 1)), array(0, n), array(n), array(0, 1)[None], array(-1),
            array(n - 1))
print("token", runner.choose(runner.logits(step), [Row(GREEDY, n)])[0].token_id, flush=True)
"""

THEIRS = f"""
import sys, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.bfloat16)
tokens = torch.arange(1, {PROMPT_TOKENS} + 1)[None]
print("token", int(model.generate(tokens, max_new_tokens=1, do_sample=False)[0, -1]), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=list(PUBLISHED), default="llama-3.2-1b")
    parser.add_argument("--gigabytes", type=float, help="of bfloat16, instead of a shape")
    parser.add_argument("--precision", choices=list(Precision), action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-transformers", action="store_true")
    run("Start to the first token (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    model = folder / "model"
    write_checkpoint(
        model, of_size(options.gigabytes) if options.gigabytes else PUBLISHED[options.shape]
    )
    os.sync()
    rounds = range(options.rounds)
    figures = [best("floor: imports", "s", [seconds(IMPORTS) for _ in rounds])]
    peer = None
    if not options.without_transformers:
        theirs = [seconds(THEIRS, model) for _ in rounds]
        peer = best("transformers, cached", "s", theirs)
        figures.append(peer)
    for precision in options.precision or (Precision.AUTO, Precision.INT8, Precision.INT4):
        for figure in ours(precision, model, folder, options.rounds):
            figures.append(compared(figure, peer) if peer else figure)
    return figures


def ours(precision: str, model: Path, folder: Path, rounds: int) -> list[Figure]:
    """The first start, which packs, and later ones with files cached and not."""
    packed = folder / f"packed-{precision}"
    first = seconds(OURS, model, precision, packed)
    again = [seconds(OURS, model, precision, packed) for _ in range(rounds)]
    cold = []
    for _ in range(rounds):
        drop_pages(packed, model)
        cold.append(seconds(OURS, model, precision, packed))
    for path in packed.iterdir():
        path.unlink()
    return [
        best(f"{precision}, first start (packs)", "s", [first]),
        best(f"{precision}, packed, cached", "s", again),
        best(f"{precision}, packed, cold", "s", cold),
    ]


def seconds(program: str, *arguments: object) -> float:
    """Until the program has printed its last line and is gone."""
    command = [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def drop_pages(*folders: Path) -> None:
    """Ask the system to forget what it has read of these files; it may refuse."""
    for folder in folders:
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
