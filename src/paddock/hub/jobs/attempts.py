"""One attempt at a job: the handler runs, and how it ended is noted.

Knows outcomes and retries; does not know where jobs come from. Nothing that a handler raises gets
out of here. When the outcome cannot be noted, the lease ends by itself and the job runs again.
"""

from __future__ import annotations

import random
import time

import prometheus_client
import structlog

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub.audit_log.acting import Actor, acting
from paddock.hub.context import Hub
from paddock.hub.jobs import leases
from paddock.hub.jobs.backoff import MAX_ATTEMPTS, retry_delay
from paddock.hub.jobs.handlers import Handler
from paddock.hub.jobs.leases import Job
from paddock.hub.jobs.queue import GiveUp
from paddock.hub.jobs.stopping import HandedBack
from paddock.log import get_logger

log = get_logger("hub")

_ended = prometheus_client.Counter("paddock_job_attempts_total", "Attempts.", ["kind", "outcome"])
_seconds = prometheus_client.Histogram("paddock_job_seconds", "Time of an attempt.", ["kind"])


def attempt(hub: Hub, handler: Handler, job: Job) -> None:
    """Run the job and note whether it is done, failed, or waits for another attempt."""
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(job_id=job.id, kind=job.kind):
        try:
            _note(hub, job, _run(hub, handler, job))
        except PaddockError as e:
            log.warning("a job's end was not noted: it will run again", reason=e.message)
    _seconds.labels(job.kind).observe(time.perf_counter() - started)


def _run(hub: Hub, handler: Handler, job: Job) -> BaseException | None:
    try:
        with acting(lambda: Actor(way=f"job {job.kind}")):
            handler(hub, job.payload)
    except BaseException as e:  # not even SystemExit may end the worker's thread
        return e
    return None


def _note(hub: Hub, job: Job, error: BaseException | None) -> None:
    moment = clock.now()
    with hub.database.write() as conn:
        if error is None:
            outcome = "done"
            leases.finish(conn, job, moment)
        elif isinstance(error, HandedBack):
            outcome = "handed back"
            leases.give_back(conn, job, moment)
        elif isinstance(error, GiveUp) or job.attempts >= MAX_ATTEMPTS:
            outcome = "failed"
            leases.fail(conn, job, moment, _reason(error))
        else:
            outcome = "to be retried"
            delay = retry_delay(job.attempts, random.random())  # noqa: S311  (no secret)
            leases.retry_later(conn, job, moment + delay, _reason(error))
    _ended.labels(job.kind, outcome).inc()
    if outcome in {"failed", "to be retried"}:
        foreseen = isinstance(error, PaddockError)
        told = log.warning if foreseen else log.error
        told(
            f"a job {'failed' if outcome == 'failed' else 'will be retried'}",
            attempts=job.attempts,
            reason=_reason(error),
            exc_info=None if foreseen else error,
        )


def _reason(error: BaseException | None) -> str:
    text = error.message if isinstance(error, PaddockError) else f"{type(error).__name__}: {error}"
    # Whatever is in it, a database must be able to keep it.
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
