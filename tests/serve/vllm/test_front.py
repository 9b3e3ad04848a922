"""``paddock serve --engine vllm`` over a program that speaks as vLLM does, and misbehaves."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from tests.conftest import REPOSITORY
from tests.serve.process import STARTER, RunningServer, running_server, until

Start = Callable[..., RunningServer]
FAKE = REPOSITORY / "tests" / "fakes" / "vllm.py"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    program = tmp_path / "vllm"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    environ = {"PADDOCK_VLLM": str(program), "FAKE_VLLM_LOG": str(tmp_path / "log")}
    environ["PADDOCK_SERVE_SCAN"] = "never"
    with ExitStack() as stack:

        def started(
            words: str = "", *arguments: str, seconds: float = 0.0, wait: bool = True
        ) -> RunningServer:
            env = {**environ, "FAKE_VLLM": words, "FAKE_VLLM_SECONDS": str(seconds)}
            running: AbstractContextManager[RunningServer] = running_server(
                tmp_path, STARTER, "--engine", "vllm", *arguments, env=env, wait=wait
            )
            return stack.enter_context(running)

        yield started


@pytest.fixture
def told(tmp_path: Path) -> Callable[[str], list[str]]:
    def lines(beginning: str) -> list[str]:
        file = tmp_path / "log"
        found = file.read_text().splitlines() if file.exists() else []
        return [line.removeprefix(beginning) for line in found if line.startswith(beginning)]

    return lines


def test_the_same_api_over_vllm(start: Start, told: Callable[[str], list[str]]) -> None:
    server = start("slow", "--vllm-arg=--max-num-seqs=7")
    client = OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0)
    answer = client.completions.create(
        model="model", prompt="The teapot", max_tokens=4, temperature=0.5, seed=7, logprobs=1
    )
    assert answer.usage is not None and answer.usage.completion_tokens == 4
    assert "".join(answer.choices[0].text.split()) and answer.choices[0].finish_reason == "length"
    asked = json.loads(told("request ")[0])
    assert asked["seed"] == 7 and asked["temperature"] == 0.5
    assert all(isinstance(token, int) for token in asked["prompt"])
    assert "--max-num-seqs=7" in json.loads(told("start ")[0])
    pieces = client.chat.completions.create(
        model="model", messages=[{"role": "user", "content": "Hi"}], max_tokens=3, stream=True
    )
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "length"


def test_a_client_that_leaves_cancels_at_vllm(
    start: Start, told: Callable[[str], list[str]]
) -> None:
    server = start(seconds=0.02)
    body = {"model": "model", "prompt": "The", "max_tokens": 100, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/completions", json=body) as answer:
        next(answer.iter_lines())
    until(lambda: told("cancelled"), 20)
    assert not told("finished")


@pytest.mark.parametrize("word", ["garbage", "cut", "strange"])
def test_what_vllm_garbles_is_a_failure_and_no_crash(start: Start, word: str) -> None:
    server = start(word)
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


def test_a_refusal_of_vllms_is_the_clients_fault(start: Start) -> None:
    refused = start("refuses").complete()
    assert refused.status_code == 400
    assert "no such thing" in refused.json()["error"]["message"]


def test_one_that_dies_is_started_again_after_a_while(
    start: Start, told: Callable[[str], list[str]]
) -> None:
    server = start("crash")
    assert server.complete().status_code == 503
    until(lambda: server.complete().status_code == 503 and len(told("start ")) == 2, 20)
    assert server.complete().headers["retry-after"]
    assert server.client.get("/healthz").status_code == 200


def test_one_that_cannot_start_is_told_in_a_sentence(start: Start) -> None:
    server = start("dies", wait=False)
    assert server.process.wait(60) == 1
    assert "there is no GPU here" in server.text


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    env = {"PADDOCK_VLLM": str(tmp_path / "nothing"), "PADDOCK_SERVE_SCAN": "never"}
    with running_server(tmp_path, STARTER, "--engine", "vllm", env=env, wait=False) as server:
        assert server.process.wait(60) == 1
        assert "PADDOCK_VLLM" in server.text


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_it_ends_with_us_and_so_does_what_it_started(
    start: Start, told: Callable[[str], list[str]], how: str
) -> None:
    server = start("child")
    pids = [int(told("pid ")[0]), int(told("child ")[0])]
    getattr(server.process, how)()
    server.process.wait(30)
    until(lambda: not any(_runs(pid) for pid in pids), 30)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
