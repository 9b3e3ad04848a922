"""A scan in processes of their own, whose memory, time and network are bounded.

Trusts nothing that a process says, nor that it says anything: what is missing in its answer is the
reason ``unfinished``. After a process ended at a file, another one goes on behind it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.isolated.process import ProcessEnded, run_job
from paddock.checkpoint.scan.isolated.wire import Begun, Compared, Finished, Job
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Reason, Report, ScannedFile
from paddock.checkpoint.scan.walking import walk

MAX_PROCESSES = 12
Progress = Callable[[int, int, str], None]  # files done, all of them, the name of the next


def scan(path: Path, limits: Limits | None = None, progress: Progress | None = None) -> Report:
    """Scan a file or a folder with all that is in it, hidden files too."""
    limits = limits or Limits()
    found = walk(path, limits)
    report = scan_isolated(found.entries, limits, progress)
    files = sorted((*report.files, *found.refused), key=lambda file: file.path)
    return Report(tuple(files), report.across)


def scan_isolated(
    entries: Sequence[Entry], limits: Limits | None = None, progress: Progress | None = None
) -> Report:
    """Scan these files; never raises for what is in them."""
    run = _Run(tuple(entries), limits or Limits(), progress or (lambda done, count, name: None))
    if not entries:
        return Report(())
    with tempfile.TemporaryDirectory(prefix="paddock-scan-", ignore_cleanup_errors=True) as folder:
        for _ in range(MAX_PROCESSES):
            if run.across is not None or not run.advance(Path(folder)):
                break
    return run.report()


def compare_isolated(entries: Sequence[Entry], limits: Limits | None = None) -> tuple[Reason, ...]:
    """What these files show together, for whoever knows already what each of them is."""
    everything = frozenset(range(len(entries)))
    if not entries:
        return ()
    why = "the process said nothing"
    with tempfile.TemporaryDirectory(prefix="paddock-scan-", ignore_cleanup_errors=True) as folder:
        job = Job(tuple(entries), everything, frozenset(), limits or Limits(), Path(folder))
        try:
            for answer in run_job(job):
                if isinstance(answer, Compared):
                    return answer.reasons
        except ProcessEnded as e:
            why = str(e)
        except OSError as e:
            why = f"no process could be started: {e.strerror}"
    return (Reason("unfinished", "", f"the files were not compared with each other: {why}"),)


@dataclass(slots=True)
class _Run:
    entries: tuple[Entry, ...]
    limits: Limits
    progress: Progress
    files: dict[int, ScannedFile] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    across: tuple[Reason, ...] | None = None
    why: str = "too many processes ended early"

    def advance(self, folder: Path) -> bool:
        """Let one process do what it can; False when another would not come further."""
        current: int | None = None
        known = len(self.files)
        job = Job(self.entries, frozenset(self.files), frozenset(self.broken), self.limits, folder)
        try:
            for answer in run_job(job):
                if isinstance(answer, Begun):
                    current = answer.place
                    self.progress(len(self.files), len(self.entries), self._name(current))
                elif isinstance(answer, Finished):
                    self.files[answer.place], current = answer.file, None
                else:
                    self.across = answer.reasons
        except ProcessEnded as e:
            self.why = str(e)
        except OSError as e:
            self.why = f"no process could be started: {e.strerror}"
        if current is not None:
            self.broken.add(current)
            self.files[current] = self._unfinished(current)
        return len(self.files) > known

    def report(self) -> Report:
        """What was found; whatever nobody told of is unfinished."""
        files = [
            self.files.get(index) or self._unfinished(index) for index in range(len(self.entries))
        ]
        across = self.across
        if len(self.files) < len(files) or across is None:
            message = f"the files were not compared with each other: {self.why}"
            across = (*(across or ()), Reason("unfinished", "", message))
        return Report(tuple(files), across)

    def _name(self, index: int) -> str:
        return self.entries[index].path

    def _unfinished(self, index: int) -> ScannedFile:
        entry = self.entries[index]
        try:
            size_bytes = entry.file.stat().st_size
        except OSError:
            size_bytes = 0
        reason = Reason("unfinished", entry.path, f"the scan of it was ended: {self.why}")
        return ScannedFile(entry.path, str(Kind.UNKNOWN), size_bytes, (reason,))
