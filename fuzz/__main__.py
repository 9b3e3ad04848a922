"""``python -m fuzz --all --inputs 1000000`` or ``python -m fuzz READER --seconds 60``."""

from __future__ import annotations

import argparse
import os
import sys
import time

from fuzz import guided
from fuzz.campaign import FINDINGS, MEMORY_BYTES, SECONDS, Share, Tally, input_number, run

DEFAULT_INPUTS = 100_000
_SHARE_INPUTS = 20_000  # of one process: short enough that all end together


def main() -> int:
    """Print what came of every reader; 1 when there was a finding."""
    arguments = _parse(sys.argv[1:])
    if not arguments.all and guided.is_available() and not arguments.plain:
        guided.run_guided(arguments.reader, arguments.runs, arguments.seconds or 0)
    from fuzz.targets import TARGETS

    readers = list(TARGETS) if arguments.all else [arguments.reader]
    if unknown := set(readers) - TARGETS.keys():
        sys.exit(f"{unknown.pop()} is no reader; known are {', '.join(TARGETS)}")
    inputs = arguments.inputs or arguments.runs or DEFAULT_INPUTS
    seconds = arguments.seconds or float("inf")
    began = time.monotonic()
    tallies = {reader: Tally(reader) for reader in readers}
    for tally in run(_shares(readers, inputs, seconds), arguments.processes):
        tallies[tally.reader].add(tally)
    _print_table(list(tallies.values()), time.monotonic() - began)
    return 1 if _keep_findings(tallies) else 0


def _parse(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("reader", nargs="?", help="one reader, guided by atheris where it is there")
    parser.add_argument("--all", action="store_true", help="every reader, without atheris")
    parser.add_argument("--plain", action="store_true", help="one reader without atheris")
    parser.add_argument("--inputs", type=int, default=0, help="of all readers together")
    parser.add_argument("--runs", type=int, default=0, help="of the one reader")
    parser.add_argument("--seconds", type=int, default=0, help="for each process, at most")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args(given)
    if bool(arguments.reader) == arguments.all:
        parser.error("name a reader, or say --all")
    return arguments


def _shares(readers: list[str], inputs: int, seconds: float) -> list[Share]:
    each = -(-inputs // len(readers))
    return [
        Share(reader, first, min(_SHARE_INPUTS, each - first), seconds)
        for reader in readers
        for first in range(0, each, _SHARE_INPUTS)
    ]


def _print_table(tallies: list[Tally], seconds: float) -> None:
    print(f"limits for an input: {SECONDS:g} s of the processor, {MEMORY_BYTES >> 20} MB")
    print(
        f"{'reader':18}{'inputs':>10}{'accepted':>10}{'refused':>10}"
        f"{'slowest ms':>12}{'peak MB':>9}{'findings':>10}"
    )
    total = Tally("all")
    for tally in tallies:
        total.add(tally)
    for tally in [*tallies, total]:
        print(
            f"{tally.reader:18}{tally.inputs:>10,}{tally.accepted:>10,}{tally.refused:>10,}"
            f"{tally.slowest_seconds * 1000:>12.1f}{tally.peak_bytes >> 20:>9}"
            f"{len(tally.findings):>10}"
        )
    print(f"{total.inputs / seconds:,.0f} inputs a second, {seconds:,.0f} s")


def _keep_findings(tallies: dict[str, Tally]) -> int:
    """Print each finding and keep its input in a file; how many there are."""
    count = 0
    for reader, tally in tallies.items():
        for finding in tally.findings:
            FINDINGS.mkdir(parents=True, exist_ok=True)
            path = FINDINGS / f"{reader}-{finding.number}.bin"
            path.write_bytes(input_number(reader, finding.number))
            print(f"{path}: {finding.what}")
            count += 1
    return count


if __name__ == "__main__":
    sys.exit(main())
