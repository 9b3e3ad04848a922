"""``paddock admin jobs``: the queue of background work of a hub on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock import clock
from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit

if TYPE_CHECKING:
    from paddock.hub.jobs.listing import JobRecord

_SHOWN_ERROR_CHARS = 120
_id_argument = click.argument("job_id", metavar="ID", type=click.IntRange(min=1))


@click.group(help="Background work: what waits, what failed.")
def command() -> None:
    pass


@command.command("list", help="Jobs, the newest first.")
@data_option
@click.option("--state", help="waiting, running, failed, done or cancelled.")
@click.option("--kind", help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
def list_jobs(
    data: Path | None, state: str | None, kind: str | None, limit: int, as_json: bool
) -> None:
    from paddock.hub.jobs import listing

    with open_hub_database(data).read() as conn:
        found = listing.list_jobs(conn, listing.Filters(state, kind), limit)
    text = "\n".join(_line(job) for job in found) or "no jobs"
    emit({"jobs": [_as_json(job) for job in found]}, text, as_json=as_json)


@command.command("retry", help="Let a job that failed, was cancelled or waits be tried now.")
@_id_argument
@data_option
@json_option
def retry(job_id: int, data: Path | None, as_json: bool) -> None:
    from paddock.hub.jobs.listing import retry_job

    with open_hub_database(data).write() as conn:
        job = retry_job(conn, job_id)
    emit(_as_json(job), f"job {job.id} ({job.kind}) will be tried now", as_json=as_json)


@command.command("cancel", help="Let a job not be tried again.")
@_id_argument
@data_option
@json_option
def cancel(job_id: int, data: Path | None, as_json: bool) -> None:
    from paddock.hub.jobs.listing import cancel_job

    with open_hub_database(data).write() as conn:
        job = cancel_job(conn, job_id)
    emit(_as_json(job), f"job {job.id} ({job.kind}) is cancelled", as_json=as_json)


def _line(job: JobRecord) -> str:
    tried = f"tried {job.attempts}x" if job.attempts else "not tried"
    when = clock.to_text(job.not_before if job.state == "waiting" else job.created_at)
    error = f"  {job.last_error[:_SHOWN_ERROR_CHARS]}" if job.last_error else ""
    return f"{job.id:>8}  {job.state:<9}  {when}  {tried:<9}  {job.kind}{error}"


def _as_json(job: JobRecord) -> dict[str, Any]:
    moments = ("not_before", "lease_until", "created_at", "started_at", "finished_at")
    fields = {name: getattr(job, name) for name in job.__slots__}
    return {
        name: clock.to_text(value) if name in moments and value else value
        for name, value in fields.items()
    }
