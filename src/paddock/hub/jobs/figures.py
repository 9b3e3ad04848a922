"""The queue in Prometheus' text format: how much there is, and how long the oldest waits.

Taken from the rows at the moment of asking, so every server tells the same and none counts alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from paddock import clock
from paddock.hub.jobs.listing import QueueFigure, queue_figures


def render_figures(conn: sa.Connection) -> bytes:
    """Gauges by kind and state, to be put behind those of the process."""
    registry = CollectorRegistry()
    registry.register(_Figures(queue_figures(conn)))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: list[QueueFigure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("paddock_jobs", "Jobs in the queue.", labels=["kind", "state"])
        late = GaugeMetricFamily(
            "paddock_jobs_late_seconds", "How long the first job is overdue.", labels=["kind"]
        )
        now = clock.now()
        for figure in self._figures:
            jobs.add_metric([figure.kind, figure.state], figure.jobs)
            if figure.due_since is not None:
                late.add_metric([figure.kind], max(0.0, (now - figure.due_since).total_seconds()))
        yield jobs
        yield late
