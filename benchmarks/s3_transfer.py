"""A large file into an S3 bucket and out of it: through paddock, and by obstore straight.

    python -m benchmarks.s3_transfer [--large-bytes N] [--rounds N]

The store is the Swift of ``scripts/swift.sh``, on this machine and in one Python process: it takes
most of the time and of the processor, so the ratio says what paddock adds, and nothing about S3.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import httpx
import obstore

from benchmarks.figures import Figure, best, compared, run
from benchmarks.hub_transfer import curl, write_noise
from benchmarks.servers import Hub, MemoryWatch, cpu_seconds, paddock_up
from paddock import clock
from paddock.storage.s3_address import Allowed, Bucket, sign_address
from paddock.storage.s3_connection import S3Connection

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large-bytes", type=int, default=1_000_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    run("Transfers to and from S3 (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    bucket = new_bucket()
    os.environ |= {
        "PADDOCK_S3_BUCKET": bucket.name,
        "PADDOCK_S3_ENDPOINT": bucket.endpoint,
        "PADDOCK_S3_ACCESS_KEY": bucket.access_key or "",
        "PADDOCK_S3_SECRET_KEY": bucket.secret_key or "",
    }
    ups, downs, through_up, through_down = [], [], [], []
    spent_up, spent_down = [], []
    connection = S3Connection(bucket)
    with paddock_up(folder / "hub") as hub, MemoryWatch(hub.pid) as memory:
        for number in range(options.rounds):
            path = folder / f"{number}.bin"
            write_noise(path, options.large_bytes)
            ups.append(put_straight(connection, path))
            downs.append(get_straight(connection, path))
            before = cpu_seconds(hub.pid)
            through_up.append(put_through(hub, path))
            middle = cpu_seconds(hub.pid)
            through_down.append(get_through(hub, path))
            spent_up.append(middle - before)
            spent_down.append(cpu_seconds(hub.pid) - middle)
            path.unlink()
    straight_up = best("upload: obstore to the bucket", "s", ups)
    straight_down = best("download: obstore from the bucket", "s", downs)
    up = replace(
        best("upload: curl through paddock (LFS)", "s", through_up),
        server_cpu_seconds=min(spent_up),
    )
    down = replace(
        best("download: curl through paddock", "s", through_down),
        server_cpu_seconds=min(spent_down),
    )
    return [
        straight_up,
        compared(up, straight_up),
        straight_down,
        compared(down, straight_down),
        best("most memory over idle, during all of this", "MB", [memory.over_idle_bytes / 1e6]),
    ]


def new_bucket() -> Bucket:
    """A new bucket in the Swift that is started for it unless one runs."""
    printed = subprocess.run(
        [ROOT / "scripts/swift.sh", "url"], check=True, stdout=subprocess.PIPE, text=True
    )
    url = urlsplit(printed.stdout.strip())
    bucket = Bucket(
        f"bench-{secrets.token_hex(6)}",
        f"http://{url.hostname}:{url.port}",
        access_key=unquote(url.username or ""),
        secret_key=url.password,
    )
    address = sign_address(bucket, Allowed("PUT", ""), now=clock.now(), seconds=60)
    urlopen(Request(address, method="PUT", data=b"")).close()
    return bucket


def put_straight(connection: S3Connection, path: Path) -> float:
    started = time.perf_counter()
    obstore.put(connection.downloads, f"straight/{path.name}", path, chunk_size=8 << 20)
    return time.perf_counter() - started


def get_straight(connection: S3Connection, path: Path) -> float:
    started = time.perf_counter()
    answer = obstore.get(connection.downloads, f"straight/{path.name}")
    count = sum(len(chunk) for chunk in answer.stream(min_chunk_size=1 << 20))
    assert count == path.stat().st_size
    return time.perf_counter() - started


def put_through(hub: Hub, path: Path) -> float:
    """Seconds of the PUT, which ends when the object is in the bucket and proven."""
    with path.open("rb") as file:
        oid = hashlib.file_digest(file, "sha256").hexdigest()
    named = {"oid": oid, "size": path.stat().st_size}
    with httpx.Client(base_url=hub.url, headers=_credentials(hub), timeout=60) as http:
        http.post("/api/repos/create", json={"name": "large", "exist_ok": True})
        asked = {"operation": "upload", "transfers": ["basic"], "objects": [named]}
        told = http.post("/admin/large.git/info/lfs/objects/batch", json=asked).json()
        seconds = curl("-T", str(path), told["objects"][0]["actions"]["upload"]["href"])
        line = '{"key":"header","value":{"summary":"large"}}\n{"key":"lfsFile","value":'
        line += f'{{"path":"{path.name}","algo":"sha256","oid":"{oid}","size":{named["size"]}}}}}'
        http.post("/api/models/admin/large/commit/main", content=line).raise_for_status()
    return seconds


def get_through(hub: Hub, path: Path) -> float:
    return curl("-o", "/dev/null", f"{hub.url}/admin/large/resolve/main/{path.name}")


def _credentials(hub: Hub) -> dict[str, str]:
    return {"Authorization": f"Bearer {hub.token}"}


if __name__ == "__main__":
    main()
