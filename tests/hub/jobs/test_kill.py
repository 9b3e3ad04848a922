"""Workers as processes of their own: killed in the middle, and told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from paddock.hub.context import Hub
from paddock.hub.jobs.listing import JobRecord, get_job
from tests.conftest import REPOSITORY
from tests.hub.jobs.conftest import put

LEASE_SECONDS = 2.0


def start_worker(hub: Hub, folder: Path) -> subprocess.Popen[bytes]:
    url = hub.database._writes.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.hub.jobs.worker_process",
            str(folder),
            url,
            str(LEASE_SECONDS),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "PADDOCK_LOG_LEVEL": "error"},
    )


def wait_for_lines(journal: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = journal.read_text().splitlines() if journal.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"the job did not get that far: {journal}")


def job_of(hub: Hub, job_id: int) -> JobRecord:
    with hub.database.read() as conn:
        return get_job(conn, job_id)


def test_the_job_of_a_killed_worker_is_taken_again_when_its_lease_ends(
    hub: Hub, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    job_id = put(hub, "test.slow", journal=str(journal), seconds=1.0)
    first = start_worker(hub, tmp_path)
    second = start_worker(hub, tmp_path)
    [begun] = wait_for_lines(journal, 1)
    killed = int(begun.split()[1])
    os.kill(killed, signal.SIGKILL)
    lines = wait_for_lines(journal, 3)
    other = ({first.pid, second.pid} - {killed}).pop()
    assert lines == [f"begin {killed}", f"begin {other}", f"end {other}"]
    for process in (first, second):
        process.terminate()
        assert process.wait(30) == (-signal.SIGKILL if process.pid == killed else 0)
    job = job_of(hub, job_id)
    assert (job.state, job.attempts) == ("done", 2)


def test_a_worker_that_is_told_to_stop_ends_cleanly_and_its_job_with_it(
    hub: Hub, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    job_id = put(hub, "test.slow", journal=str(journal), seconds=0.7)
    process = start_worker(hub, tmp_path)
    wait_for_lines(journal, 1)
    process.terminate()
    assert process.wait(30) == 0
    assert len(wait_for_lines(journal, 2)) == 2
    job = job_of(hub, job_id)
    assert (job.state, job.attempts) == ("done", 1)
