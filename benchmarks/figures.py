"""A measured figure, and how figures are shown: a table for people, JSON for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """``value`` is the best of ``rounds``; ``against`` names what ``ratio`` compares it with."""

    what: str
    value: float
    unit: str
    rounds: list[float]
    ratio: float | None = None  # above 1 is better than what it is compared with
    against: str = ""
    server_cpu_seconds: float | None = None  # what paddock itself spent, at the least


def best(what: str, unit: str, rounds: list[float]) -> Figure:
    """The figure of several measurements: what else ran on the machine can only have hurt."""
    rounded = [round(value, 4) for value in rounds]
    return Figure(what, max(rounded) if unit.endswith("/s") else min(rounded), unit, rounded)


def compared(figure: Figure, other: Figure) -> Figure:
    """The figure with its ratio to another of the same unit (time, or a rate)."""
    faster = figure.value / other.value
    ratio = faster if figure.unit.endswith("/s") else 1 / faster
    return replace(figure, ratio=round(ratio, 2), against=other.what)


def paired(figure: Figure, other: Figure) -> Figure:
    """The figure with the median ratio of its rounds to those of another that were taken beside
    them: what the machine does meanwhile then happens to both."""
    both = zip(figure.rounds, other.rounds, strict=False)
    faster = median(ours / theirs for ours, theirs in both)
    ratio = faster if figure.unit.endswith("/s") else 1 / faster
    return replace(figure, ratio=round(ratio, 2), against=other.what)


def machine() -> dict[str, Any]:
    """Where and under what load the figures were taken."""
    return {
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def render(title: str, figures: list[Figure]) -> str:
    """A Markdown table."""
    lines = [f"### {title}", ""]
    lines += ["| figure | value | rounds | ratio | server's CPU |", "|---|---|---|---|---|"]
    for figure in figures:
        rounds = " ".join(f"{value:.3g}" for value in figure.rounds)
        ratio = f"{figure.ratio:g} of {figure.against}" if figure.ratio is not None else ""
        cpu = f"{figure.server_cpu_seconds:.2f} s" if figure.server_cpu_seconds else ""
        value = f"{figure.value:.3g} {figure.unit}"
        lines.append(f"| {figure.what} | {value} | {rounds} | {ratio} | {cpu} |")
    return "\n".join([*lines, ""])


Measure = Callable[[argparse.Namespace, Path], list[Figure]]


def run(title: str, parser: argparse.ArgumentParser, measure: Measure) -> None:
    """The whole of a benchmark's command: measure in a folder of its own, print, write."""
    parser.add_argument("--folder", type=Path, help="where the bytes go (the system's default)")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory(prefix="paddock-bench-", dir=options.folder) as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's workers may be another user
        figures = measure(options, folder)
    print(render(title, figures))
    print(f"load before {before['load_1m']}, after {machine()['load_1m']}, {before['cpus']} CPUs\n")
    if options.json:
        content = {"title": title, **before, "figures": [asdict(figure) for figure in figures]}
        options.json.write_text(json.dumps(content, indent=2) + "\n")
