"""``paddock serve --engine vllm`` over a program that speaks as vLLM does, and misbehaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from paddock.serve.vllm.process import Command, NoVllm, VllmFailed, start_vllm
from tests.conftest import REPOSITORY
from tests.serve.process import STARTER, RunningServer, running_server, until

FAKE = REPOSITORY / "tests" / "fakes" / "vllm.py"


@dataclass
class Vllm:
    """The folder of a fake: what it is told, and what it did."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        program = self.folder / "vllm"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
        program.chmod(0o755)
        folder = str(self.folder)
        return {"PADDOCK_VLLM": str(program), "FAKE_VLLM": folder, "TMPDIR": folder}

    def tell(self, words: str) -> None:
        (self.folder / "words").write_text(words)

    def told(self, beginning: str) -> list[str]:
        file = self.folder / "log"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.removeprefix(beginning) for line in lines if line.startswith(beginning)]

    def start(self, *arguments: str, wait: bool = True) -> AbstractContextManager[RunningServer]:
        engine = ["--engine", "vllm", "--scan", "never"]
        return running_server(self.folder, STARTER, *engine, *arguments, env=self.env, wait=wait)


@pytest.fixture
def vllm(tmp_path: Path) -> Vllm:
    return Vllm(tmp_path)


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Vllm:
    return Vllm(tmp_path_factory.mktemp("vllm"))


@pytest.fixture(scope="module")
def server(fake: Vllm) -> Iterator[RunningServer]:
    """One for all that need no other; it is slow to start."""
    fake.tell("slow")
    with fake.start("--vllm-arg=--max-num-seqs=7") as running:
        fake.tell("")
        yield running


def test_the_same_api_over_vllm(server: RunningServer, fake: Vllm) -> None:
    fake.tell("")
    client = OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0)
    answer = client.completions.create(
        model="model", prompt="The teapot", max_tokens=4, temperature=0.5, seed=7, logprobs=1
    )
    assert answer.usage is not None and answer.usage.completion_tokens == 4
    assert "".join(answer.choices[0].text.split()) and answer.choices[0].finish_reason == "length"
    asked = json.loads(fake.told("request ")[0])
    assert asked["seed"] == 7 and asked["temperature"] == 0.5
    assert all(isinstance(token, int) for token in asked["prompt"])
    assert "--max-num-seqs=7" in json.loads(fake.told("start ")[0])
    pieces = client.chat.completions.create(
        model="model", messages=[{"role": "user", "content": "Hi"}], max_tokens=3, stream=True
    )
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "length"


def test_choices_are_requests_of_their_own(server: RunningServer, fake: Vllm) -> None:
    fake.tell("")
    client = OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0)
    asked = {"model": "model", "prompt": "The teapot is made of", "max_tokens": 5}
    answer = client.completions.create(n=3, seed=1, **asked)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.text for choice in answer.choices}) == 3
    assert answer.usage.completion_tokens == 15
    alone = client.completions.create(seed=3, **asked)
    assert alone.choices[0].text == answer.choices[2].text
    best = client.completions.create(n=1, best_of=3, seed=1, **asked)
    assert len(best.choices) == 1
    seen: dict[int, str] = {}
    messages = [{"role": "user", "content": "Hi"}]
    for chunk in client.chat.completions.create(
        model="model",
        messages=messages,
        n=2,
        max_tokens=4,
        stream=True,
    ):
        for choice in chunk.choices:
            seen[choice.index] = seen.get(choice.index, "") + (choice.delta.content or "")
    assert len(seen) == 2 and all(seen.values())


def test_embeddings_are_of_a_vllm_of_their_own(server: RunningServer, fake: Vllm) -> None:
    fake.tell("")
    client = OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0)
    for _ in range(2):
        answer = client.embeddings.create(model="model", input=["a teapot", "The red kettle"])
        vectors = [each.embedding for each in answer.data]
        assert [len(each) for each in vectors] == [2, 2] and vectors[0] != vectors[1]
        assert sum(number**2 for number in vectors[0]) == pytest.approx(1)
    started = [json.loads(each) for each in fake.told("start ")]
    assert ["pooling" in each for each in started] == [False, True]
    assert all("--max-num-seqs=7" in each for each in started)
    fake.tell("garbage")
    answer = server.client.post("/v1/embeddings", json={"model": "model", "input": "a teapot"})
    assert answer.status_code == 500
    assert server.complete().status_code == 500


def test_what_was_cached_is_told(server: RunningServer, fake: Vllm) -> None:
    fake.tell("")
    prompt = "The teapot is made of stoneware, and it holds four cups. It costs 29 dollars."
    for more in ({}, {"prompt_logprobs": 0}):
        usage = server.complete(prompt=prompt, **more).json()["usage"]
        assert usage["prompt_tokens_details"]["cached_tokens"] == 16


def test_what_is_garbled_behind_an_answer_takes_nothing_from_it(
    server: RunningServer, fake: Vllm
) -> None:
    fake.tell("torn")
    assert server.complete(max_tokens=4).json()["usage"]["completion_tokens"] == 4


def test_forms_are_those_of_our_own_engine(server: RunningServer, fake: Vllm) -> None:
    fake.tell("")
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    tool = {"type": "function", "function": {"name": "find", "parameters": schema}}
    asked = {"model": "model", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
    for more in ({"response_format": form}, {"tools": [tool], "tool_choice": "required"}):
        answer = server.client.post("/v1/chat/completions", json={**asked, **more})
        assert answer.status_code == 200, answer.text
    asked_for = [json.loads(each)["structured_outputs"] for each in fake.told("request ")[-2:]]
    assert all(each["json"]["x-guidance"]["whitespace_flexible"] is False for each in asked_for)
    before = len(fake.told("request "))
    refused = server.complete(structured_outputs={"regex": "((("})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_grammar")
    assert len(fake.told("request ")) == before  # vLLM was not asked


def test_a_client_that_leaves_cancels_at_vllm(server: RunningServer, fake: Vllm) -> None:
    fake.tell("slow")
    body = {"model": "model", "prompt": "The", "max_tokens": 100, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/completions", json=body) as answer:
        next(answer.iter_lines())
    until(lambda: fake.told("cancelled"), 20)


@pytest.mark.parametrize("word", ["garbage", "cut", "strange"])
def test_what_vllm_garbles_is_a_failure_and_no_crash(
    server: RunningServer, fake: Vllm, word: str
) -> None:
    fake.tell(word)
    refused = server.complete()
    assert refused.status_code == 500
    assert refused.json()["error"]["type"] == "server_error"
    with httpx.stream(
        "POST",
        f"{server.url}/v1/completions",
        json={"model": "model", "prompt": "The", "max_tokens": 9, "stream": True},
    ) as answer:
        assert '"error"' in "".join(answer.iter_lines()) or answer.status_code == 500
    assert server.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("word", "why"), [("refuses", "no such thing"), ("late", "no such form")])
def test_a_refusal_of_vllms_is_the_clients_fault(
    server: RunningServer, fake: Vllm, word: str, why: str
) -> None:
    fake.tell(word)
    for stream in (False, True):
        refused = server.complete(stream=stream)
        assert refused.status_code == 400
        assert why in refused.json()["error"]["message"]


def test_one_that_dies_is_started_again_and_all_of_it_ends_with_us(vllm: Vllm) -> None:
    with vllm.start() as server:
        vllm.tell("crash")
        assert server.complete().status_code == 503
        assert server.complete().headers["retry-after"]
        vllm.tell("")
        until(lambda: server.complete().status_code == 200, 30)
        pids = [int(each) for each in vllm.told("pid ") + vllm.told("child ")]
        assert len(pids) == 4
        server.process.terminate()
        assert server.process.wait(30) == 0
        until(lambda: not any(_runs(pid) for pid in pids), 30)


def test_it_ends_also_where_we_are_killed(vllm: Vllm) -> None:
    with vllm.start() as server:
        pids = [int(vllm.told("pid ")[0]), int(vllm.told("child ")[0])]
        server.process.kill()
        server.process.wait(30)
        until(lambda: not any(_runs(pid) for pid in pids), 30)


def test_answers_end_before_vllm_does_when_we_are_told_to(vllm: Vllm) -> None:
    with vllm.start() as server:
        vllm.tell("slow")
        body = {"model": "model", "prompt": "The teapot", "max_tokens": 40, "stream": True}
        with httpx.stream("POST", f"{server.url}/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.process.terminate()
            assert list(lines)[-2:] == ["data: [DONE]", ""]
        assert server.process.wait(30) == 0
        events = (vllm.folder / "log").read_text().split()
        assert "cancelled" not in events and events[-1] == "ended"
        assert not list(vllm.folder.glob("paddock-*"))  # nor is its socket left


def test_one_that_is_deaf_is_killed(vllm: Vllm, monkeypatch: pytest.MonkeyPatch) -> None:
    vllm.tell("stays")
    monkeypatch.setenv("FAKE_VLLM", str(vllm.folder))
    change = "from paddock.serve.vllm import leash; leash.GRACE_SECONDS = 0.3; leash.main"
    command = [vllm.env["PADDOCK_VLLM"], "serve", "--uds", str(vllm.folder / "s")]
    leash = subprocess.Popen(
        [sys.executable, "-c", f"{change}({command!r})"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    until(lambda: vllm.told("pid "), 30)
    pids = [int(vllm.told("pid ")[0]), int(vllm.told("child ")[0])]
    assert leash.stdin is not None
    leash.stdin.close()
    leash.wait(30)
    until(lambda: not any(_runs(pid) for pid in pids), 30)
    assert "deaf" in (vllm.folder / "log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_where_the_leash_is_killed_vllm_ends_and_is_started_again(vllm: Vllm) -> None:
    with vllm.start() as server:
        (first,) = (int(pid) for pid in vllm.told("pid "))
        leash = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(leash, signal.SIGKILL)
        until(lambda: not _runs(first), 30)
        until(lambda: server.complete().status_code == 200, 30)
        os.kill(int(vllm.told("child ")[0]), signal.SIGKILL)  # which the real one would have ended


POLICY = """\
apiVersion: paddock/v1
kind: Policy
refusal: Not here.
rules:
  - {id: kettles, category: S1, phrases: [red kettle], stages: [before]}
  - {id: pots, category: S1, phrases: [teapot], stages: [after]}
"""


def test_policies_hold_in_front_of_it(vllm: Vllm) -> None:
    """The fake repeats its prompt."""
    policy = vllm.folder / "policy.yaml"
    policy.write_text(POLICY)
    with vllm.start("--policy", str(policy)) as server:
        refused = server.complete(prompt="a red kettle").json()["choices"][0]
        assert (refused["text"], refused["finish_reason"]) == ("Not here.", "content_filter")
        assert vllm.told("request ") == []
        answer = server.complete(prompt="Our teapot is here", max_tokens=30, seed=0)
        choice = answer.json()["choices"][0]
        assert (choice["text"], choice["finish_reason"]) == ("Not here.", "content_filter")
        body = {"model": "model", "prompt": "Our teapot is here", "max_tokens": 30, "seed": 0}
        body["stream"] = True
        with httpx.stream("POST", f"{server.url}/v1/completions", json=body) as stream:
            assert "teapot" not in "".join(stream.iter_lines())
        assert server.complete(prompt="Our mugs", max_tokens=3).json()["choices"][0]["text"]
        embedded = {"model": "model", "input": "a red kettle"}
        assert server.client.post("/v1/embeddings", json=embedded).status_code == 400
        assert server.client.get("/v1/models").json()["data"][0]["policy"].startswith("sha256:")


def test_one_that_cannot_start_is_told_in_a_sentence(
    vllm: Vllm, monkeypatch: pytest.MonkeyPatch
) -> None:
    vllm.tell("dies")
    monkeypatch.setenv("FAKE_VLLM", str(vllm.folder))
    with pytest.raises(VllmFailed, match="there is no GPU here"):
        asyncio.run(start_vllm(Command(vllm.env["PADDOCK_VLLM"], Path("m"), ())))


def test_one_that_is_never_ready_is_ended(vllm: Vllm, monkeypatch: pytest.MonkeyPatch) -> None:
    vllm.tell("slow")
    monkeypatch.setenv("FAKE_VLLM", str(vllm.folder))
    with pytest.raises(VllmFailed, match="not ready within"):
        command = Command(vllm.env["PADDOCK_VLLM"], Path("m"), ())
        asyncio.run(start_vllm(command, start_seconds=0.6))
    until(lambda: not any(_runs(int(pid)) for pid in vllm.told("pid ")), 30)


def test_a_program_that_is_not_there_is_told(vllm: Vllm) -> None:
    with pytest.raises(NoVllm, match="no program"):
        asyncio.run(start_vllm(Command(str(vllm.folder / "nothing"), Path("m"), ())))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
