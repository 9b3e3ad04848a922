"""Reconstructions of a file as large as one likes: rows as an upload writes them, and no bytes.

The file is what a tenth version looks like: runs of some 60 chunks, one in ten of them from a xorb
far away. One client, then eight ask for ranges from 4 KiB to 1 GiB at random places, as hf-xet
does.
"""

from __future__ import annotations

import hashlib
import math
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np

from benchmarks.figures import Figure, best
from benchmarks.light_client import Connection, percentile
from benchmarks.process_trees import TreeWatch
from benchmarks.servers import Hub, paddock_up
from paddock import clock
from paddock.hub.tables import large_files, repositories, repository_large_files
from paddock.hub.xet import hashes
from paddock.hub.xet.chunks import HEADER_BYTES
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.records import StoredXorb, XetFile, add_files, add_xorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.database import Database

CLIENTS, WARM_UP, CHUNKS_PER_XORB, RUN_CHUNKS = (1, 8), 400, 1000, 60
_ROWS = np.dtype([("hash", "V32"), ("unpacked", "<u4"), ("start", "<u4"), ("end", "<u4")])


def measure_reconstruction(folder: Path, size_bytes: int, requests: int) -> Iterator[Figure]:
    """Milliseconds to the first byte of the answer, and what the server's memory grows by."""
    data = folder / "reconstructed"
    with paddock_up(data) as hub:
        repository = {"name": "bench", "exist_ok": True}
        credentials = {"Authorization": f"Bearer {hub.token}"}
        with httpx.Client(base_url=hub.url, headers=credentials, timeout=60) as http:
            http.post("/api/repos/create", json=repository).raise_for_status()
            database = Database(f"sqlite:///{data / 'paddock.db'}")
            file = write_rows(database, size_bytes)
            database.dispose()
            told = http.get("/api/models/admin/bench/xet-read-token/main").json()
        what = f"{file.size_bytes / 1e9:.3g} GB in {len(file.terms)} runs"
        _ask(hub, told, file, WARM_UP, max(CLIENTS))
        with TreeWatch(hub.pid) as memory:
            for clients in CLIENTS:
                taken = _ask(hub, told, file, requests, clients)
                of = f"{what}, {clients} clients" if clients > 1 else f"{what}, 1 client"
                for percent in (50, 99):
                    figure = percentile(taken, percent) * 1000
                    yield best(f"{of}: first byte of a reconstruction, p{percent}", "ms", [figure])
        over = memory.over_idle_bytes / 1e6
        yield best(f"{what}: memory beyond the first requests'", "MB", [over])


def write_rows(database: Database, size_bytes: int) -> XetFile:
    """The rows of a file of at least this size in the only repository, and of its xorbs."""
    noise, chosen = np.random.default_rng(3), random.Random(3)
    chunk_bytes = 65_000 + HEADER_BYTES
    xorbs = [_xorb(noise) for _ in range(-(-size_bytes // (CHUNKS_PER_XORB * chunk_bytes)))]
    terms = Terms.of(_terms(xorbs, size_bytes, chosen))
    sha256 = hashlib.sha256(b"nothing").hexdigest()
    file = XetFile(hashes.to_text(chosen.randbytes(32)), sha256, terms)
    row = {"sha256": sha256, "size_bytes": file.size_bytes, "is_blob": False}
    with database.write() as conn:
        for xorb in xorbs:
            add_xorb(conn, xorb, None)
        add_files(conn, [file])
        conn.execute(large_files.insert().values(**row, xet_hash=file.hash))
        repo_id = conn.execute(repositories.select()).first()
        assert repo_id is not None
        link = {"repo_id": repo_id.id, "sha256": sha256, "pushed_at": clock.now()}
        conn.execute(repository_large_files.insert().values(link))
    return file


def _xorb(noise: np.random.Generator) -> StoredXorb:
    """A thousand chunks of 8 to 128 KiB that were never written."""
    rows = np.zeros(CHUNKS_PER_XORB, _ROWS)
    rows["hash"] = np.frombuffer(noise.bytes(32 * CHUNKS_PER_XORB), "V32")
    rows["unpacked"] = noise.integers(8 << 10, 122 << 10, CHUNKS_PER_XORB)
    rows["end"] = np.cumsum(rows["unpacked"] + HEADER_BYTES)
    rows["start"][1:] = rows["end"][:-1]
    blob = Blob(noise.bytes(32).hex(), int(rows["end"][-1]))
    return StoredXorb(hashes.to_text(noise.bytes(32)), blob, ChunkTable(rows.tobytes()))


def _terms(xorbs: list[StoredXorb], size_bytes: int, chosen: random.Random) -> Iterator[Term]:
    at = start = 0
    while size_bytes > 0:
        xorb = chosen.choice(xorbs) if chosen.random() < 0.1 else xorbs[at % len(xorbs)]
        end = min(start + chosen.randint(1, 2 * RUN_CHUNKS), CHUNKS_PER_XORB)
        unpacked_bytes = xorb.chunks.unpacked_bytes(start, end)
        yield Term(hashes.from_text(xorb.hash), unpacked_bytes, start, end)
        size_bytes -= unpacked_bytes
        at, start = (at + 1, 0) if end == CHUNKS_PER_XORB else (at, end)


def _ask(hub: Hub, told: dict[str, str], file: XetFile, requests: int, clients: int) -> list[float]:
    """Seconds to the first byte of each answer, sorted."""
    path = told["casUrl"].removeprefix(hub.url) + f"/v2/reconstructions/{file.hash}"
    taken: list[float] = []
    failed: list[int] = []

    def work(seed: int) -> None:
        chosen, connection = random.Random(seed), Connection(hub.url)
        for _ in range(requests // clients):
            length = round(math.exp(chosen.uniform(math.log(1 << 12), math.log(1 << 30))))
            length = min(length, file.size_bytes)
            start = chosen.randrange(file.size_bytes - length + 1)
            wanted = f"Range: bytes={start}-{start + length - 1}\r\n"
            began = time.perf_counter()
            status = connection.send(path, token=told["accessToken"], headers=wanted)
            taken.append(connection.first_byte_at - began)
            if status != httpx.codes.OK:
                failed.append(status)
                break
        connection.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"a reconstruction was answered with {failed[0]}")
    return sorted(taken)
