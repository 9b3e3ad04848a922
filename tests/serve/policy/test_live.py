"""A policy behind the real server, read by the official client."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openai
import pytest
import structlog
from structlog.testing import capture_logs

from paddock.serve.models.native import NativeLoader, NativeOptions
from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.models.sources import PathSource, Source
from paddock.serve.models.verifying import Rules
from paddock.serve.policy.loading import Bench, PolicedLoader
from paddock.starter import starter_folder
from tests.serve.api.live_api import LiveApi, live_api

TEAPOT = [{"role": "user", "content": "What is the teapot made of?"}]
RULES = """\
apiVersion: paddock/v1
kind: Policy
refusal: "We do not talk about that."
categories:
  crockery: {description: How much a pot holds}
rules:
  - {id: cups, category: crockery, phrases: ["four cups"], stages: [after]}
  - {id: kettles, category: S9, phrases: ["red kettle"], stages: [before]}
  - {id: price, category: S7, patterns: ['\\b\\d{1,4} dollars\\b'], action: redact, stages: [after]}
"""


@contextmanager
def served_under(policy: str, folder: Path) -> Iterator[LiveApi]:
    path = folder / "policy.yaml"
    path.write_text(policy)

    def find(model: str) -> Source:
        return PathSource(Path(model), Rules(), created=0)

    def loader() -> PolicedLoader:
        bench = Bench(NativeLoader(NativeOptions(max_sequences=2)), find)
        bench.residents = Residents(bench._loader, ResidentLimits(1 << 30))
        return PolicedLoader(NativeLoader(NativeOptions(max_sequences=4)), bench, str(path))

    with live_api(loader) as api:
        yield api


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    with served_under(RULES, tmp_path_factory.mktemp("policy")) as api:
        yield api


@pytest.fixture
def client(ruled: LiveApi) -> openai.OpenAI:
    return ruled.openai()


def test_a_blocked_answer_is_the_refusal_alone(ruled: LiveApi, client: openai.OpenAI) -> None:
    done = client.chat.completions.create(model=ruled.model, messages=TEAPOT, temperature=0)
    choice = done.choices[0]
    assert choice.finish_reason == "content_filter"
    assert choice.message.content == choice.message.refusal == "We do not talk about that."


def test_a_stream_ends_with_the_refusal_and_never_shows_the_phrase(
    ruled: LiveApi, client: openai.OpenAI
) -> None:
    stream = client.chat.completions.create(
        model=ruled.model, messages=TEAPOT, temperature=0, stream=True
    )
    chunks = [chunk.choices[0] for chunk in stream if chunk.choices]
    text = "".join(chunk.delta.content or "" for chunk in chunks)
    assert chunks[-1].finish_reason == "content_filter"
    shown, _, rest = text.partition("We do not talk about that.")
    assert "The teapot is made of stoneware, and it holds ".startswith(shown)
    assert rest == ""


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "I want a RED  kéttle"}],
        [{"role": "user", "content": [{"type": "text", "text": "a red\u200b kettle"}]}],
        [
            {"role": "user", "content": "Look it up."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "find", "arguments": '{"what": "\\u0072ed kettle"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "nothing"},
        ],
        [
            {"role": "user", "content": "Look it up."},
            {"role": "assistant", "content": "I will."},
            {"role": "tool", "tool_call_id": "c1", "content": '{"found": "a red kettle"}'},
        ],
    ],
)
def test_every_part_of_a_prompt_is_looked_at(
    ruled: LiveApi, client: openai.OpenAI, messages: list[dict[str, object]]
) -> None:
    done = client.chat.completions.create(model=ruled.model, messages=messages)
    assert done.choices[0].finish_reason == "content_filter"
    assert done.choices[0].message.refusal == "We do not talk about that."
    assert done.usage and done.usage.completion_tokens == 0


def test_completions_responses_and_embeddings_are_under_it_too(
    ruled: LiveApi, client: openai.OpenAI
) -> None:
    done = client.completions.create(
        model=ruled.model, prompt="The teapot is made of", temperature=0, max_tokens=40
    )
    assert done.choices[0].finish_reason == "content_filter"
    assert "four cups" not in done.choices[0].text
    response = client.responses.create(model=ruled.model, input="a red kettle")
    assert response.output[0].content[0].type == "refusal"
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=ruled.model, input="a red kettle")
    assert refused.value.code == "content_filter"


def test_what_is_redacted_is_replaced(ruled: LiveApi, client: openai.OpenAI) -> None:
    done = client.chat.completions.create(
        model=ruled.model,
        messages=[{"role": "user", "content": "How much is the wool scarf?"}],
        temperature=0,
    )
    assert done.choices[0].finish_reason == "stop"
    assert "[removed]" in (done.choices[0].message.content or "")
    assert "dollars" not in (done.choices[0].message.content or "")


def test_decisions_are_counted_and_logged_without_content(ruled: LiveApi) -> None:
    structlog.reset_defaults()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        ruled.post(
            "/v1/chat/completions", messages=[{"role": "user", "content": "one red kettle, Nora"}]
        )
    told = [each for each in logs if each["event"] == "the use policy decided"]
    assert [(each["rule"], each["category"], each["action"]) for each in told] == [
        ("kettles", "S9", "block")
    ]
    assert told[0]["request_id"].startswith("req_")
    assert "kettle," not in repr(told)
    assert "Nora" not in repr(logs)
    figures = ruled.http.get("/metrics").text
    assert 'action="block",category="S9"' in figures


def test_models_tell_the_digest_of_their_policy(ruled: LiveApi) -> None:
    ruled.post("/v1/completions", prompt="x", max_tokens=1)
    listed = ruled.http.get("/v1/models").json()["data"][0]
    assert listed["policy"].startswith("sha256:")


@contextmanager
def moderation(answer: dict[str, object], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.extend(body["input"])
            sent = json.dumps({"results": [answer for _ in body["input"]]}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/moderations", asked
    finally:
        server.shutdown()
        server.server_close()


def judged_by(url: str, more: str = "") -> str:
    return (
        "apiVersion: paddock/v1\nkind: Policy\nwindow: 20\n"
        f"judges:\n  - {{id: far, url: '{url}', names: {{violence: S1}}, threshold: 0.6{more}}}\n"
    )


@pytest.mark.parametrize(("score", "finish"), [(0.7, "content_filter"), (0.5, "stop")])
def test_an_endpoint_of_openais_shape_judges(score: float, finish: str, tmp_path: Path) -> None:
    with moderation({"category_scores": {"violence": score, "unknown": 1.0}}) as (url, asked):
        with served_under(judged_by(url), tmp_path) as api:
            done = api.openai().chat.completions.create(
                model=api.model, messages=TEAPOT, temperature=0
            )
        assert done.choices[0].finish_reason == finish
        assert asked[0] == TEAPOT[0]["content"]
        if finish == "stop":
            assert len(asked) >= 2  # the answer, at once or window by window
            assert asked[-1].endswith("dollars.")


@pytest.mark.parametrize(("failing", "finish"), [("closed", "content_filter"), ("open", "stop")])
def test_a_judge_that_fails_refuses_unless_told_otherwise(
    failing: str, finish: str, tmp_path: Path
) -> None:
    with moderation({}, status=500) as (url, _):
        policy = judged_by(url) + f"on_failure: {{before: {failing}, after: open}}\n"
        with served_under(policy, tmp_path) as api:
            done = api.openai().chat.completions.create(
                model=api.model, messages=TEAPOT, temperature=0
            )
    assert done.choices[0].finish_reason == finish


_OWN_TEMPLATE = "{{ bos_token }}{{ categories | join }}{{ messages[-1].content }}"


@pytest.mark.parametrize("template", ["", _OWN_TEMPLATE])
@pytest.mark.parametrize(("threshold", "finish"), [(1e-9, "content_filter"), (1.0, "stop")])
def test_a_guard_model_judges_by_the_same_engine(
    threshold: float, finish: str, template: str, tmp_path: Path
) -> None:
    """The starter model knows no hazards: any score is over one threshold, and under the other."""
    judge = tmp_path / "judge"
    shutil.copytree(starter_folder(), judge)
    config = json.loads((judge / "config.json").read_text())
    (judge / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    if template:
        (judge / "chat_template.jinja").write_text(template)
    policy = (
        "apiVersion: paddock/v1\nkind: Policy\n"
        "categories: {S1: {description: Crimes}}\n"
        f"judges:\n  - {{id: guard, llama_guard: '{judge}', stages: [before], "
        f"threshold: {threshold:.10f}, tells_categories: true}}\n"
    )
    with served_under(policy, tmp_path) as api:
        messages = [{"role": "user", "content": "Hi"}]
        done = api.openai().chat.completions.create(
            model=api.model,
            messages=messages,
            temperature=0,
        )
    assert done.choices[0].finish_reason == finish
