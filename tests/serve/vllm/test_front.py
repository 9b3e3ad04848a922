"""``paddock serve --engine vllm`` over a program that speaks as vLLM does, and misbehaves."""

from __future__ import annotations

import asyncio
import json
import os
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
        return {"PADDOCK_VLLM": str(program), "FAKE_VLLM": str(self.folder)}

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


def test_a_refusal_of_vllms_is_the_clients_fault(server: RunningServer, fake: Vllm) -> None:
    fake.tell("refuses")
    refused = server.complete()
    assert refused.status_code == 400
    assert "no such thing" in refused.json()["error"]["message"]


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
