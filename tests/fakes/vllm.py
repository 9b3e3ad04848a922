"""A program that speaks as ``vllm serve`` 0.32 does, and misbehaves as it is told to.

In the folder ``FAKE_VLLM`` the file ``words`` says how, and may change meanwhile: ``slow`` (healthy
after a while, and a little while for each token), ``dies`` (at the start), ``garbage`` (events that
are none), ``cut`` (streams that end early), ``torn`` (what follows an answer is garbage),
``strange`` (tokens of no model), ``refuses`` (each request), ``late`` (refuses in the stream, as
the real one does where it finds a form wrong), ``crash`` (ends itself at a request), ``stays`` (is
deaf to SIGTERM). An answer repeats the prompt's tokens, beginning where the seed says. It starts a
process of its own.
The file ``log`` gets a line for what happens.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

FOLDER = Path(os.environ["FAKE_VLLM"])
STARTED = time.monotonic()
EMBEDS = "pooling" in sys.argv


def words() -> set[str]:
    file = FOLDER / "words"
    return set(file.read_text().split()) if file.exists() else set()


def log(line: str) -> None:
    with (FOLDER / "log").open("a") as file:
        file.write(line + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        ready = "slow" not in words() or time.monotonic() - STARTED > 0.7
        self.answer(200 if ready else 503, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        log("request " + json.dumps(body))
        if self.headers["authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}":
            self.answer(401, {"error": "Unauthorized"})
        elif self.path != ("/v1/embeddings" if EMBEDS else "/v1/completions"):
            self.answer(404, {"detail": "Not Found"})
        elif "crash" in words():
            os._exit(9)
        elif "refuses" in words():
            self.answer(400, {"error": error(400, "no such thing")})
        elif EMBEDS:
            vector = [float("nan") if "garbage" in words() else 3.0, float(len(body["input"]))]
            self.answer(200, {"data": [{"index": 0, "embedding": vector}]})
        elif body["stream"]:
            self.stream(body)
        else:
            self.answer(200, {"choices": [whole(body)], "usage": usage(body)})

    def stream(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for event in events(body):
                self.wfile.write(b"data: " + event + b"\n\n")
                self.wfile.flush()
                time.sleep(0.02 if "slow" in words() else 0)
            log("finished")
        except OSError:
            log("cancelled")
        self.close_connection = True

    def answer(self, status: int, value: dict[str, Any]) -> None:
        raw = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


def error(status: int, message: str) -> dict[str, Any]:
    return {"message": message, "type": "BadRequestError", "param": None, "code": status}


def usage(body: dict[str, Any]) -> dict[str, Any]:
    count = len(body["prompt"])
    return {"prompt_tokens": count, "prompt_tokens_details": {"cached_tokens": count // 16 * 16}}


def events(body: dict[str, Any]) -> Any:
    if "late" in words():
        yield json.dumps({"error": error(400, "Grammar error: no such form")}).encode()
        yield b"[DONE]"
        return
    begin = body["seed"] % len(body["prompt"])
    prompt = body["prompt"][begin:] + body["prompt"][:begin]
    for number in range(body["max_tokens"]):
        if "garbage" in words() and number == 2:
            yield b"{not json"
        token = 10**9 if "strange" in words() else prompt[number % len(prompt)]
        if "cut" in words() and number == 2:
            return
        is_last = number == body["max_tokens"] - 1
        choice = {"index": 0, "text": "?", "token_ids": [token]}
        choice["finish_reason"] = "length" if is_last else None
        if "logprobs" in body:
            choice["logprobs"] = {
                "token_logprobs": [-0.5],
                "top_logprobs": [{f"token_id:{token}": -0.5, "token_id:7": -1.5}],
            }
        yield json.dumps({"choices": [choice]}).encode()
    if "torn" in words():
        yield b"{not json"
        return
    if body.get("stream_options", {}).get("include_usage"):
        yield json.dumps({"choices": [], "usage": usage(body)}).encode()
    yield b"[DONE]"


def whole(body: dict[str, Any]) -> dict[str, Any]:
    scores = [{str(token): {"logprob": -1.0}} for token in body["prompt"]]
    return {
        "text": "?",
        "token_ids": body["prompt"][:1],
        "finish_reason": "length",
        "prompt_logprobs": [None, *scores[1:]],
    }


def main() -> None:
    arguments = sys.argv[1:]
    log("start " + json.dumps(arguments))
    if "dies" in words():
        sys.exit("there is no GPU here")
    log(f"child {subprocess.Popen(['sleep', '600']).pid}")
    if "stays" in words():
        signal.signal(signal.SIGTERM, lambda *_: log("deaf"))
    else:
        signal.signal(signal.SIGTERM, lambda *_: (log("ended"), os._exit(0)))
    log(f"pid {os.getpid()}")
    Server(arguments[arguments.index("--uds") + 1], Handler).serve_forever()


if __name__ == "__main__":
    main()
