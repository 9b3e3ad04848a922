"""The scanning process: reads one job, scans file after file, says what it finds.

Started by ``process`` as ``python -m``. Everything it will need is imported before it gives up what
``confinement`` takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from paddock.checkpoint.scan.isolated.confinement import confine
from paddock.checkpoint.scan.isolated.wire import (
    Answer,
    Begun,
    Compared,
    Finished,
    parse_job,
    render_answer,
)
from paddock.checkpoint.scan.scanning import scan_across, scan_file


def main() -> None:
    """Scan what standard input names."""
    job = parse_job(sys.stdin.buffer.readline())
    sizes = [_size_of(entry.file) for entry in job.entries] or [0]
    confine(job.folder, job.limits, max(sizes), sum(sizes))
    for index, entry in enumerate(job.entries):
        if index not in job.done:
            _say(Begun(index))
            _say(Finished(index, scan_file(entry, job.limits, job.folder)))
    sound = [entry for index, entry in enumerate(job.entries) if index not in job.broken]
    _say(Compared(scan_across(sound, job.limits, job.folder)))


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(render_answer(answer))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
