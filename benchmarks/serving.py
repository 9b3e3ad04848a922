"""What the API costs over the engine alone: the same requests, at once, both ways.

A model in SmolLM's shape but for its vocabulary (one whose every token is text). The engine runs in
a process of its own and gets the prompts as tokens; the API gets them as JSON and streams every
token back to as many clients, which share the machine: one selector that counts bytes.

    python -m benchmarks.serving [--streams 32] [--new 128] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.engine_models import SHAPES
from benchmarks.engine_programs import __name__ as programs
from benchmarks.figures import Figure, best, paired, run
from benchmarks.llama_shaped import write_checkpoint

TOKENS = 300  # of the tokenizer that llama_shaped trains
CONTROL = 5  # ids below are control tokens
CHAT_TOKENS = 128  # at most, of a chat request's prompt
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
LAST_CHUNK = b"\r\n0\r\n\r\n"
START_SECONDS = 60.0
_PATHS = {"completions": "/v1/completions", "chat": "/v1/chat/completions"}


@contextmanager
def served(model: Path, options: argparse.Namespace, environment: dict[str, str]) -> Iterator[int]:
    """``paddock serve`` on a free port, with room for one round: memory that nobody has touched
    costs the first who does, which is no cost of the API."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "from paddock.cli import main; main()"
    room = max(options.prompt, CHAT_TOKENS) + options.new + 16
    wanted = ["serve", f"bench={model}", "--port", str(port), "--precision", options.precision]
    wanted += ["--sequences", str(options.streams), "--context", str(room)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *wanted], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("paddock serve did not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False


def request(kind: str, prompt: list[int], new: int) -> bytes:
    """A streamed request of so many tokens, to the letter."""
    asked = {"model": "bench", "max_tokens": new, "temperature": 0, "ignore_eos": True}
    said = {"prompt": prompt} if kind == "completions" else {}
    if kind == "chat":
        text = " ".join(random.Random(prompt[0]).choices(["fox", "dog", "quick"], k=40))
        said = {"messages": [{"role": "user", "content": text}]}
    body = json.dumps({**asked, **said, "stream": True}).encode()
    head = f"POST {_PATHS[kind]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def streamed_seconds(port: int, requests: list[bytes]) -> float:
    """From sending all requests at once until the last answer has ended."""
    waiting = selectors.DefaultSelector()
    began = time.perf_counter()
    for sent in requests:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(sent)
        waiting.register(connection, selectors.EVENT_READ, bytearray())
    while waiting.get_map():
        for key, _ in waiting.select():
            end = key.data
            part = key.fileobj.recv(1 << 16)
            end[:] = (end + part)[-len(LAST_CHUNK) :] if len(part) < 8 else part[-len(LAST_CHUNK) :]
            if not part or end == LAST_CHUNK:
                if end != LAST_CHUNK:
                    raise RuntimeError("the server ended a stream early")
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    return time.perf_counter() - began


def alone(model: Path, options: argparse.Namespace, environment: dict[str, str]) -> list[float]:
    """Tokens in a second of the engine by itself, prompts included; a first time does not count."""
    sizes = {
        "rounds": 1, "streams": options.streams, "prompt": options.prompt,
        "new": options.new, "tokens": TOKENS,
    }  # fmt: skip
    command = [sys.executable, "-m", f"{programs}.crowd_program", str(model), options.precision]
    done = subprocess.run(
        [*command, json.dumps(sizes)], check=True, capture_output=True, text=True, env=environment
    )
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    environment = os.environ | {"PADDOCK_PACKED_FOLDER": str(folder / "packed")}
    model = folder / "model"
    write_checkpoint(model, replace(SHAPES[options.shape], vocab_size=TOKENS, context=4096))
    (model / "chat_template.jinja").write_text(TEMPLATE)
    of = f"{options.streams} streams of {options.new}"
    draw = random.Random(1)
    rates: dict[str, list[float]] = {"engine alone": []} | {kind: [] for kind in options.kinds}
    with served(model, options, environment) as port:
        for _ in range(options.rounds):  # in turns: the machine is not the same for long
            rates["engine alone"] += alone(model, options, environment)
            for kind in options.kinds:
                streamed_rate(port, kind, options, draw)
                rates[kind].append(streamed_rate(port, kind, options, draw))
    figures = {what: best(f"{of}: {what}", "tokens/s", found) for what, found in rates.items()}
    engine = figures.pop("engine alone")
    return [engine, *(paired(figure, engine) for figure in figures.values())]


def streamed_rate(port: int, kind: str, options: argparse.Namespace, draw: random.Random) -> float:
    """Tokens in a second that all clients are sent together."""
    asked = [
        [draw.randrange(CONTROL, TOKENS) for _ in range(options.prompt)]
        for _ in range(options.streams)
    ]
    requests = [request(kind, prompt, options.new) for prompt in asked]
    return options.streams * options.new / streamed_seconds(port, requests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=list(SHAPES), default="135M")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--kinds", nargs="+", choices=list(_PATHS), default=list(_PATHS))
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--prompt", type=int, default=128, help="tokens of each prompt")
    parser.add_argument("--new", type=int, default=128, help="tokens of each answer")
    parser.add_argument("--rounds", type=int, default=3)
    run("The API over the engine", parser, measure)


if __name__ == "__main__":
    main()
