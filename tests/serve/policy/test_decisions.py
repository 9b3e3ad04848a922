"""What is told of decisions: everything but a word of what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from tests.serve.policy.scripted import Policed, policed

POLICY = """\
rules:
  - {id: kettles, category: S9, phrases: ["red kettle"]}
  - {id: prices, category: S7, patterns: ['\\d{2,4} dollars'], stages: [after], action: redact}
  - {id: pots, category: S1, phrases: [teapot], action: log}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policed]:
    with policed(POLICY, tmp_path_factory.mktemp("policy")) as running:
        yield running


def decisions(served: Policed, asked: str, said: str, **more: Any) -> list[dict[str, Any]]:
    served.model.script = lambda _asked: said
    structlog.reset_defaults()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        messages = [{"role": "user", "content": asked}]
        served.api.post("/v1/chat/completions", messages=messages, **more)
    for word in ("Nora", "kettle", "dollars", "4711"):
        assert word not in repr(logs).replace("'kettles'", ""), word
    return [each for each in logs if each["event"] == "the use policy decided"]


@pytest.mark.parametrize(
    ("asked", "said", "expected"),
    [
        ("Nora's red kettle", "-", [("before", "kettles", "S9", "block")]),
        ("I am Nora", "a red kettle, Nora", [("after", "kettles", "S9", "block")]),
        ("I am Nora", "4711 dollars, Nora", [("after", "prices", "S7", "redact")]),
        ("A teapot for Nora", "Yes, Nora", [("before", "pots", "S1", "log")]),
        ("I am Nora", "Yes, Nora", []),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_decision_is_told_without_a_word(
    served: Policed, asked: str, said: str, expected: list[tuple[str, ...]], *, stream: bool
) -> None:
    told = decisions(served, asked, said, stream=stream)
    assert [(each["stage"], each["rule"], each["category"], each["action"]) for each in told] == (
        expected
    )
    for each in told:
        assert each["request_id"].startswith("req_")
        assert set(each) == {
            "event", "log_level", "room", "request_id", "policy", "stage", "category", "rule",
            "action", "text_digest", "ms",
        }  # fmt: skip


def test_the_same_text_has_the_same_digest_and_another_one_in_the_next_process(
    served: Policed, tmp_path: Path
) -> None:
    first, second, other = (
        decisions(served, asked, "-")[0]["text_digest"]
        for asked in ("a red kettle", "a red kettle", "a red kettle!")
    )
    assert first == second != other
    import hashlib

    assert first != hashlib.blake2b(b"a red kettle", digest_size=8).hexdigest()  # it is salted


def test_decisions_are_figures_too(served: Policed) -> None:
    decisions(served, "a red kettle", "-")
    figures = served.api.http.get("/metrics").text
    assert 'paddock_policy_decisions_total{action="block",category="S9"' in figures
    assert "kettle" not in figures
