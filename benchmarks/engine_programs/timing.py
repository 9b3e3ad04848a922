"""What every program measures, from when its tokens came. Needs nothing but Python."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

# A program's work: prompts and new tokens in, the moments at which each prompt's tokens came out.
Generate = Callable[[list[list[int]], int], list[list[float]]]


def arguments() -> tuple[str, str, dict]:
    """The model's path, the precision and the sizes."""
    return sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


def prompts(
    count: int, tokens: int, *, vocabulary: int, seed: int, first: int = 300
) -> list[list[int]]:
    """Prompts that share nothing."""
    draw = random.Random(seed)
    return [[draw.randrange(first, vocabulary) for _ in range(tokens)] for _ in range(count)]


def measure(generate: Generate, sizes: dict, vocabulary: int) -> None:
    """Run every case as often as wanted and print the rates, best first, and the peak of memory."""
    seeds = iter(range(1_000_000))

    def of(count: int, tokens: int) -> list[list[int]]:
        return prompts(count, tokens, vocabulary=vocabulary, seed=next(seeds))

    generate(of(1, 16), 2)
    found: dict[str, list[float]] = {"first_token_seconds": [process_seconds()]}
    for _ in range(sizes["rounds"]):
        began = time.perf_counter()
        first = generate(of(1, sizes["prefill"]), 1)[0][0]
        found.setdefault("prefill", []).append(sizes["prefill"] / (first - began))
        for batch in sizes["batches"]:
            before = sizes["prompt"] if batch > 1 else 16
            times = generate(of(batch, before), sizes["new"] + 1)
            found.setdefault(f"decode_{batch}", []).append(decode_rate(times))
    print(json.dumps({"rates": found, "peak_bytes": peak_bytes()}))


def process_seconds() -> float:
    """How long this process has been there: Python's start and all imports count."""
    after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(after_name[19]) / os.sysconf("SC_CLK_TCK")  # field 22, since the machine's start
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def peak_bytes() -> int:
    """Of memory, mapped files included; getrusage would count what the parent held at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def decode_rate(times: list[list[float]]) -> float:
    """Tokens in a second from when all prompts were read until the first of them is done."""
    begin = max(each[0] for each in times)
    end = min(each[-1] for each in times)
    return sum(begin < moment <= end for each in times for moment in each) / (end - begin)
