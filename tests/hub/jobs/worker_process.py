"""``paddock worker`` with a job to be killed in: ``python -m tests.hub.jobs.worker_process``.

The job writes a line when it begins and one when it ends, and takes as long as its payload says.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from paddock.config import Settings
from paddock.hub.context import Hub
from paddock.hub.jobs import worker
from paddock.hub.jobs.handlers import handler
from paddock.web import server


@handler("test.slow")
def slow(hub: Hub, payload: dict[str, Any]) -> None:
    write(payload["journal"], f"begin {os.getpid()}")
    time.sleep(payload["seconds"])
    write(payload["journal"], f"end {os.getpid()}")


def write(journal: str, line: str) -> None:
    with Path(journal).open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    data, database_url, lease_seconds = sys.argv[1:]
    real = worker.Worker

    def short_lease(*args: Any, **options: Any) -> worker.Worker:
        return real(*args, **options, lease_seconds=float(lease_seconds))

    setattr(server, "Worker", short_lease)  # noqa: B010  (mypy knows no such attribute)
    settings = Settings(data=Path(data), database_url=database_url)
    server.work(settings, kinds=["test.slow"], threads=1)
