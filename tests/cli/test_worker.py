"""``paddock worker`` beside a server, and ``paddock admin jobs``, in a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paddock.hub.jobs.listing import get_job
from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.sweeping import SWEEP
from paddock.storage.database import Database
from tests.cli.at_hand import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    done(tmp_path / "data", "admin", "init")
    return tmp_path / "data"


def environ(data: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(data.parent)}


def paddock(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(data.parent, *arguments, "--data", str(data))


def done(data: Path, *arguments: str) -> str:
    answer = paddock(data, *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def add_job(data: Path, kind: str) -> int:
    database = Database(f"sqlite:///{data}/paddock.db")
    with database.write() as conn:
        job_id = enqueue(conn, kind, {})
    database.dispose()
    return job_id


def state(data: Path, job_id: int) -> str:
    database = Database(f"sqlite:///{data}/paddock.db")
    with database.read() as conn:
        found = get_job(conn, job_id).state
    database.dispose()
    return found


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_does_what_waits_and_stops_when_told(data: Path, stop: signal.Signals) -> None:
    job_id = add_job(data, SWEEP)
    process = subprocess.Popen(
        [sys.executable, "-m", "paddock", "worker", "--data", str(data), "--kinds", SWEEP],
        env=environ(data),
        cwd=data.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while state(data, job_id) != "done":
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, stop)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stopped" in said


def test_a_kind_that_nobody_does_is_refused(data: Path) -> None:
    answer = paddock(data, "worker", "--kinds", "nonsense")
    assert answer.returncode == 2
    assert "no job is of kind 'nonsense'" in answer.stderr
    assert SWEEP in answer.stderr


def test_jobs_are_listed_cancelled_and_retried(data: Path) -> None:
    assert done(data, "admin", "jobs", "list") == "no jobs\n"
    first, second = add_job(data, "a.kind"), add_job(data, "b.kind")
    assert "b.kind" in done(data, "admin", "jobs", "list").splitlines()[0]
    assert (
        done(data, "admin", "jobs", "cancel", str(first)) == f"job {first} (a.kind) is cancelled\n"
    )
    listed = json.loads(done(data, "admin", "jobs", "list", "--state", "waiting", "--json"))
    assert [job["id"] for job in listed["jobs"]] == [second]
    assert (
        json.loads(done(data, "admin", "jobs", "retry", str(first), "--json"))["state"] == "waiting"
    )
    missing = paddock(data, "admin", "jobs", "retry", "999")
    assert (missing.returncode, missing.stderr) == (1, "error: there is no job 999\n")
    odd = paddock(data, "admin", "jobs", "list", "--state", "odd")
    assert "no job is in state 'odd'" in odd.stderr
    assert "hint: use one of waiting, running," in odd.stderr


def test_a_worker_of_a_folder_without_a_hub_says_so_and_makes_none(tmp_path: Path) -> None:
    lost = paddock(tmp_path / "typo", "worker")
    assert (lost.returncode, lost.stdout) == (1, "")
    assert "there is no hub in" in lost.stderr
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "nothing.bundle"), "'nothing.bundle' does not exist"),
        (("export", "a/b", "-o", "nowhere/b.bundle"), "there is no folder 'nowhere'"),
    ],
    ids=["import", "export"],
)
def test_a_mistyped_file_of_a_bundle_is_a_mistake_of_the_command_line(
    data: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    wrong = paddock(data, *arguments)
    assert wrong.returncode == 2
    assert sentence in wrong.stderr
    assert "medium" not in wrong.stderr
