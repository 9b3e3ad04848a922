"""``paddock serve`` as a process, over the bundled model: crowds, slow readers, and the end."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from openai import OpenAI

from paddock.kernels.step_library import step_library
from tests.serve.process import STARTER, RunningServer, running_server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Two models by name, loaded on demand."""
    folder = tmp_path_factory.mktemp("serve")
    with running_server(folder, f"one={STARTER}", f"two={STARTER}") as running:
        yield running


def quiet(server: RunningServer) -> bool:
    names = ("running", "waiting", "blocks_used")
    return all(server.figure(f"paddock_engine_{name}") == 0 for name in names)


def test_models_are_loaded_when_they_are_asked_for(server: RunningServer) -> None:
    assert server.figure("paddock_model_loads_total") == 0
    client = OpenAI(base_url=f"{server.url}/v1", api_key="-")
    assert {model.id for model in client.models.list()} == {"one", "two"}
    first = client.completions.create(model="one", prompt="The teapot", temperature=0, max_tokens=8)
    second = client.completions.create(
        model="two", prompt="The teapot", temperature=0, max_tokens=8
    )
    assert first.choices[0].text == second.choices[0].text
    # The same file under two names is one model in memory.
    assert server.figure("paddock_model_loads_total") == 1


def test_a_thousand_clients_that_leave_leave_nothing(server: RunningServer) -> None:
    server.complete("one")
    asyncio.run(_crowd(server.url, 1000))
    until(lambda: quiet(server), 60)
    assert server.complete("one").status_code == 200


async def _crowd(url: str, count: int) -> None:
    """Some leave before the body is there, some before the answer, some in the middle of it."""
    parts = urlsplit(url)
    body = json.dumps({"model": "one", "prompt": "The", "max_tokens": 400, "stream": True}).encode()
    head = _head(body)
    turns = asyncio.Semaphore(100)

    async def visit(number: int) -> None:
        async with turns:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            sent = head + body
            writer.write(sent[: len(head) + 5] if number % 3 == 0 else sent)
            await writer.drain()
            if number % 3 == 2:
                await reader.read(10)
            writer.transport.abort()

    await asyncio.gather(*(visit(number) for number in range(count)))


def test_a_reader_that_stops_holds_no_cache(server: RunningServer) -> None:
    server.complete("one")
    before = server.figure("paddock_engine_step_tokens_total")
    parts = urlsplit(server.url)
    body = {"model": "one", "prompt": "The", "max_tokens": 480, "stream": True, "ignore_eos": True}
    raw = json.dumps(body).encode()
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.sendall(_head(raw) + raw)
        # The answer is computed to its end and waits for its reader.
        until(lambda: server.figure("paddock_engine_step_tokens_total") > before + 450, 60)
        until(lambda: quiet(server), 20)
        assert server.complete("one").status_code == 200


def test_being_told_to_stop_lets_answers_end_and_takes_no_new_ones(tmp_path: Path) -> None:
    with running_server(tmp_path, STARTER, "--context", "500") as server:
        body = {"model": "model", "prompt": "The", "max_tokens": 450, "stream": True}
        body["ignore_eos"] = True
        told = []
        with httpx.stream("POST", f"{server.url}/v1/completions", json=body, timeout=60) as answer:
            lines = answer.iter_lines()
            told.append(next(lines))
            server.process.send_signal(signal.SIGTERM)
            until(lambda: _status(server, "/readyz") in {503, None}, 20)
            with suppress(httpx.ConnectError):  # the answer has ended meanwhile, and the server
                assert server.complete().status_code == 503
            told += list(lines)
        assert told[-2] == "data: [DONE]" or told[-1] == "data: [DONE]"
        assert server.process.wait(30) == 0
        assert "stopped" in server.text


def test_answers_that_take_too_long_are_ended(tmp_path: Path) -> None:
    with running_server(tmp_path, STARTER, "--drain-seconds", "0") as server:
        body = {"model": "model", "prompt": "The", "max_tokens": 450, "stream": True}
        body |= {"ignore_eos": True, "n": 8}
        told: list[str] = []
        whole: list[httpx.Response] = []

        def read() -> None:
            with httpx.stream(
                "POST", f"{server.url}/v1/completions", json=body, timeout=60
            ) as answer:
                told.extend(answer.iter_lines())

        def ask() -> None:
            asked = {**body, "stream": False, "n": 1}
            whole.append(httpx.post(f"{server.url}/v1/completions", json=asked, timeout=60))

        readers = [threading.Thread(target=target) for target in (read, ask)]
        for reader in readers:
            reader.start()
        until(lambda: server.figure("paddock_engine_running") > 8, 20)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        for reader in readers:
            reader.join(10)
        assert "finish_reason" in "".join(told) or "error" in "".join(told)
        assert whole[0].status_code == 503 and whole[0].headers["retry-after"]
        assert whole[0].json()["error"]["code"] == "answer_cut_off"


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path, STARTER, "--drain-seconds", "600") as server:
        held = threading.Event()
        body = {"model": "model", "prompt": "x", "max_tokens": 450, "n": 16, "ignore_eos": True}

        def ask() -> None:
            held.set()
            with suppress(httpx.HTTPError):
                httpx.post(f"{server.url}/v1/completions", json=body, timeout=60)

        asking = threading.Thread(target=ask)
        asking.start()
        held.wait()
        until(lambda: server.figure("paddock_engine_running") > 0, 20)
        os.kill(server.process.pid, signal.SIGINT)
        until(lambda: "draining" in server.text, 20)
        os.kill(server.process.pid, signal.SIGINT)
        assert server.process.wait(20) == 0
        asking.join(10)


@pytest.fixture
def never_loads(tmp_path: Path) -> Iterator[Path]:
    """A home where packing the starter waits for another process that packs it, for minutes."""
    home = tmp_path / "home"
    with running_server(home, STARTER, env={"XDG_CACHE_HOME": str(home)}):
        packed = next(home.rglob("*.packed"))
    packed.unlink()
    with packed.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield home


@pytest.mark.skipif(step_library() is None, reason="the step is not compiled")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_while_a_model_is_loaded_ends_it(
    never_loads: Path, number: signal.Signals
) -> None:
    env = {"XDG_CACHE_HOME": str(never_loads)}
    with running_server(never_loads, STARTER, env=env, wait=False) as server:
        until(lambda: "loading model" in server.text)
        until(lambda: _waits_for_lock(server.process.pid, never_loads))
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        until(lambda: "stopped" in server.text, 5)
    with running_server(never_loads, f"a={STARTER}", "b=tests", env=env) as server:
        asking: list[int] = []
        thread = threading.Thread(target=lambda: asking.append(server.complete("a").status_code))
        thread.start()
        until(lambda: _waits_for_lock(server.process.pid, never_loads))
        server.process.send_signal(number)
        thread.join(20)
        assert asking == [503]  # nobody waits half a minute for what will not come
        assert server.process.wait(20) == 0
    assert not list(never_loads.rglob("*.partial"))


def _waits_for_lock(process_id: int, home: Path) -> bool:
    """The lock is looked at again and again, so that it is open now and then."""
    descriptors = Path(f"/proc/{process_id}/fd")
    for each in descriptors.iterdir():
        with suppress(OSError):
            if each.readlink().suffix == ".lock" and each.readlink().is_relative_to(home):
                return True
    return False


def _head(body: bytes) -> bytes:
    lines = f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    return f"{lines}\r\n\r\n".encode()


def _status(server: RunningServer, path: str) -> int | None:
    try:
        return server.client.get(path).status_code
    except httpx.HTTPError:
        return None
