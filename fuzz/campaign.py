"""Many inputs for each reader, in processes of their own under limits, and what came of them.

A process has so much address space beyond what it began with and, for each input, so many seconds
of its processor. What breaks a limit, leaves as another error or ends the process is a finding; its
input is kept in a file.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from fuzz.mutation import draw, mutated

SECONDS = 2.0
WALL_SECONDS = 20.0  # for an input that waits instead of working
MEMORY_BYTES = 512 << 20
FINDINGS = Path("build/fuzz")
_MAX_FINDINGS = 20  # different ones of a reader, after which it is left alone
_SPECIAL_TARGETS = 2  # of three inputs, so many are packed where a reader has a packed form


class Share(NamedTuple):
    """The inputs of one process: ``first`` to ``first + inputs`` of a reader, or as time allows."""

    reader: str
    first: int
    inputs: int
    seconds: float


class Finding(NamedTuple):
    """Something else than a refusal."""

    number: int
    what: str


@dataclass(slots=True)
class Tally:
    """What came of a reader's inputs."""

    reader: str
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    slowest_seconds: float = 0.0
    peak_bytes: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Together with what another process saw of the same reader."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.refused += other.refused
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.seconds += other.seconds
        self.findings += other.findings


class TooSlow(BaseException):
    """Not an ``Exception``, so that no reader can take it for one of its own."""


def run(shares: Sequence[Share], processes: int) -> Iterator[Tally]:
    """Give every share to a process, so many at a time; tallies come as they end."""
    context = multiprocessing.get_context("fork")  # readers are imported once
    waiting, running = list(shares), []
    while waiting or running:
        while waiting and len(running) < processes:
            share = waiting.pop(0)
            progress = tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="fuzz-")  # noqa: SIM115
            progress.write(bytes(8))
            progress.flush()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=work, args=(share, progress.name, sender))
            process.start()
            sender.close()
            running.append((share, process, receiver, progress))
        each = running.pop(0)
        share, process, receiver, progress = each
        if not receiver.poll(0.1):
            running.append(each)
            continue
        try:
            tally = receiver.recv()
        except EOFError:
            process.join()
            number = int.from_bytes(Path(progress.name).read_bytes(), "little")
            what = f"the process ended with {process.exitcode}"
            tally = Tally(share.reader, number - share.first, findings=[Finding(number, what)])
        process.join()
        progress.close()
        yield tally


def input_number(reader: str, number: int) -> bytes:
    """The input with this number, the same each time."""
    from fuzz.targets import TARGETS

    return _input(Random(), TARGETS[reader].samples(), TARGETS[reader].pack, reader, number)


def _input(random: Random, samples: list[bytes], pack: object, reader: str, number: int) -> bytes:
    random.seed(f"{reader} {number}")
    content = mutated(random.choice(samples), draw(random), random.choice(samples))
    if not callable(pack):
        return content
    if number % (_SPECIAL_TARGETS + 1) < _SPECIAL_TARGETS:
        return bytes(pack(content))
    return mutated(pack(random.choice(samples)), draw(random), content)


def work(share: Share, progress: str, sender: Connection) -> None:
    """A process's whole life."""
    from fuzz.targets import TARGETS, is_accepted

    target = TARGETS[share.reader]
    samples, random, tally = target.samples(), Random(), Tally(share.reader)
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        Path(progress).open("r+b") as file,
        mmap.mmap(file.fileno(), 8) as place,
    ):
        for sample in samples:
            content = target.pack(sample) if target.pack else sample
            if not is_accepted(target, content, Path(folder)):
                raise AssertionError(f"a sample of {share.reader} is not valid")
        watch = _Watch()
        began, before = time.monotonic(), _peak_bytes()
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEMORY_BYTES,) * 2)
        for number in range(share.first, share.first + share.inputs):
            if time.monotonic() - began > share.seconds or len(tally.findings) >= _MAX_FINDINGS:
                break
            place[:] = number.to_bytes(8, "little")
            content = _input(random, samples, target.pack, share.reader, number)
            tally.inputs += 1
            watch.start()
            try:
                if is_accepted(target, content, Path(folder)):
                    tally.accepted += 1
                else:
                    tally.refused += 1
            except (Exception, TooSlow) as e:
                watch.stop()
                _note(tally, number, e)
            tally.slowest_seconds = max(tally.slowest_seconds, watch.stop())
        tally.seconds, tally.peak_bytes = time.monotonic() - began, _peak_bytes() - before
    sender.send(tally)


class _Watch:
    """Ends an input that takes more of the processor than it may."""

    def __init__(self) -> None:
        self._cpu = self._wall = 0.0
        signal.signal(signal.SIGALRM, self._alarm)

    def start(self) -> None:
        self._cpu, self._wall = time.process_time(), time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def stop(self) -> float:
        """Seconds of the processor since the start."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        return time.process_time() - self._cpu

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        used = time.process_time() - self._cpu
        if used < SECONDS and time.monotonic() - self._wall < WALL_SECONDS:
            signal.setitimer(signal.ITIMER_REAL, max(0.01, SECONDS - used))
            return
        raise TooSlow(f"{used:.1f} s")


def _note(tally: Tally, number: int, error: BaseException) -> None:
    """Keep a finding, unless another of the same line was seen."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}: {error!s:.80}"
    if any(f.what.partition(": ")[0] == what.partition(": ")[0] for f in tally.findings):
        return
    tally.findings.append(Finding(number, what))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
