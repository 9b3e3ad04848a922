"""Which server sends a large file fastest: the figures of docs/adr/0003-sending-path.md.

    python -m benchmarks.sending_path [--bytes N] [--rounds N]

Serves one file by nginx (sendfile), by uvicorn with our zero-copy extension, by uvicorn with
ordinary body messages, and by granian's pathsend where it is installed; reads it with curl and
prints the best rate of each with its ratio to nginx.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from paddock.web.sendfile import EXTENSION, ZeroCopySend

_FILE = "PADDOCK_BENCHMARK_FILE"


async def plain(scope, receive, send) -> None:
    """Serve the file with whatever the server offers, else in 1 MiB messages."""
    path = Path(os.environ[_FILE])
    size_bytes = path.stat().st_size
    head = [(b"content-length", str(size_bytes).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    offered = scope.get("extensions", {})
    with path.open("rb") as file:
        if EXTENSION in offered:
            await send({"type": EXTENSION, "file": file, "offset": 0, "count": size_bytes})
        elif "http.response.pathsend" in offered:
            await send({"type": "http.response.pathsend", "path": str(path)})
        else:
            while size_bytes:
                piece = await anyio.to_thread.run_sync(file.read, 1 << 20)
                size_bytes -= len(piece)
                await send(
                    {"type": "http.response.body", "body": piece, "more_body": size_bytes > 0}
                )


zero_copy = ZeroCopySend(plain)


def commands(port: int, folder: Path) -> dict[str, list[str]]:
    """One server each, on consecutive ports."""
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{port}; "
        f"root {folder}; }} }}\n"
    )
    uvicorn = [sys.executable, "-m", "uvicorn", "--log-level", "error", "--loop", "uvloop"]
    found = {
        "nginx sendfile": ["nginx", "-c", str(conf), "-p", str(folder)],
        "uvicorn zero-copy": [
            *uvicorn,
            "--port",
            f"{port + 1}",
            "benchmarks.sending_path:zero_copy",
        ],
        "uvicorn messages": [*uvicorn, "--port", f"{port + 2}", "benchmarks.sending_path:plain"],
    }
    if importlib.util.find_spec("granian"):
        granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--log-level", "error"]
        target = "benchmarks.sending_path:plain"
        found["granian pathsend"] = [*granian, "--port", f"{port + 3}", target]
    return found


@contextmanager
def running(command: list[str], port: int, env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def rate(port: int) -> float:
    """Bytes a second that curl receives."""
    url = f"http://127.0.0.1:{port}/file.bin"
    answer = subprocess.run(
        ["curl", "-sf", "-o", "/dev/null", "-w", "%{speed_download}", url],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(answer.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=19100)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sending-"))
    try:
        folder.chmod(0o755)
        with (folder / "file.bin").open("wb") as file:
            for start in range(0, options.bytes, 1 << 24):
                file.write(os.urandom(min(1 << 24, options.bytes - start)))
        env = {**os.environ, _FILE: str(folder / "file.bin")}
        best: dict[str, float] = {}
        for at, (name, command) in enumerate(commands(options.port, folder).items()):
            with running(command, options.port + at, env):
                best[name] = max(rate(options.port + at) for _ in range(options.rounds))
        nginx = best["nginx sendfile"]
        rows = {
            n: {"GB/s": round(r / 1e9, 2), "of nginx": round(r / nginx, 2)} for n, r in best.items()
        }
        print(json.dumps(rows, indent=2))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
