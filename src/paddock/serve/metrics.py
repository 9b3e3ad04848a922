"""The figures of serving, for Prometheus. Models are named as the operator named them, no others.

Times and tokens of requests are counted here as they pass; what engines hold is asked of them when
somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from paddock.engine.stats import EngineStats

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_GAPS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_MODEL: Final = ["model"]

first_token = Histogram(
    "paddock_time_to_first_token_seconds",
    "From a request to its first token.",
    _MODEL,
    buckets=_SECONDS,
)
queue_time = Histogram(
    "paddock_queue_seconds", "From a request to its first step.", _MODEL, buckets=_SECONDS
)
between_tokens = Histogram(
    "paddock_inter_token_seconds", "Between two tokens of an answer.", _MODEL, buckets=_GAPS
)
end_to_end = Histogram(
    "paddock_request_seconds", "From a request to its last token.", _MODEL, buckets=_SECONDS
)
prompt_tokens = Counter("paddock_prompt_tokens_total", "Tokens of prompts.", _MODEL)
cached_tokens = Counter(
    "paddock_cached_prompt_tokens_total", "Tokens of prompts that were in the cache.", _MODEL
)
generated_tokens = Counter("paddock_generated_tokens_total", "Tokens of answers.", _MODEL)
finished = Counter(
    "paddock_requests_finished_total", "Requests by how they ended.", ["model", "finish"]
)
refused = Counter("paddock_requests_refused_total", "Requests refused, by code.", ["code"])
policy_decisions = Counter(
    "paddock_policy_decisions_total",
    "What use policies found in prompts and answers, and did.",
    ["policy", "stage", "category", "action"],
)
loads = Counter("paddock_model_loads_total", "Models loaded.", _MODEL)
load_failures = Counter("paddock_model_load_failures_total", "Models not loaded.", _MODEL)
load_seconds = Histogram(
    "paddock_model_load_seconds", "Time to load a model.", _MODEL, buckets=_SECONDS
)
unloads = Counter("paddock_model_unloads_total", "Models let go, and why.", ["model", "why"])

_GAUGES: Final = {
    "waiting": "Requests that wait for the engine.",
    "running": "Requests that the engine computes.",
    "blocks_used": "Blocks of the KV cache in use.",
    "blocks_free": "Blocks of the KV cache that hold nothing.",
    "blocks_cached": "Blocks of the KV cache that hold a prefix nobody uses now.",
    "last_step_tokens": "Tokens of the last step.",
    "last_step_sequences": "Sequences of the last step.",
}
_COUNTERS: Final = {
    "steps": "Steps computed.",
    "step_tokens": "Tokens computed by all steps.",
    "preemptions": "Sequences set back for want of cache.",
    "proposed_tokens": "Tokens proposed by speculation.",
    "accepted_tokens": "Proposed tokens that were taken.",
    "failed_steps": "Steps that failed.",
}


def render_engines(engines: Mapping[str, EngineStats | None]) -> bytes:
    """What the loaded engines hold and have done, to be put behind the process's figures."""
    registry = CollectorRegistry()
    registry.register(_Engines(engines))
    return generate_latest(registry)


class _Engines(Collector):
    def __init__(self, engines: Mapping[str, EngineStats | None]) -> None:
        self._engines = engines

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        loaded = GaugeMetricFamily("paddock_model_loaded", "Models in memory.", labels=_MODEL)
        for model in self._engines:
            loaded.add_metric([model], 1)
        yield loaded
        known = {model: stats for model, stats in self._engines.items() if stats is not None}
        for name, meaning in _GAUGES.items():
            gauge = GaugeMetricFamily(f"paddock_engine_{name}", meaning, labels=_MODEL)
            for model, stats in known.items():
                gauge.add_metric([model], getattr(stats, name))
            yield gauge
        for name, meaning in _COUNTERS.items():
            counter = CounterMetricFamily(f"paddock_engine_{name}", meaning, labels=_MODEL)
            for model, stats in known.items():
                counter.add_metric([model], getattr(stats.counters, name))
            yield counter
