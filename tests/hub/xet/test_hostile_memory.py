"""What bombs and swollen claims cost the server's process: bounded memory, whatever is sent."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import lz4.frame
import pytest

from tests.hub.xet.messages import BOOKEND, TAG, frame_of
from tests.process import RunningHub, running_hub

AT_ONCE = 2
MIB = 1 << 20
MOST_MIB = 300  # over what it had: two bodies of 64 MiB at once, each parsed once

_BOMB = frame_of(lz4.frame.compress(bytes(131_072)), 1, 131_072)
_LIAR = frame_of(lz4.frame.compress(bytes(32 << 20))[:200_000], 1, 131_072)
_EMPTY = bytes(48 * 8192)
_HEAD = TAG + struct.pack("<QQ", 2, 0)

BODIES = {
    # A gigabyte of zeros in five megabytes, under a name that is not its own.
    "v1/xorbs/default/" + "1" * 64: _BOMB * 8192,
    "v1/xorbs/default/" + "2" * 64: _LIAR,
    "v1/shards": _HEAD + bytes(32) + struct.pack("<IIQ", 1 << 31, 1 << 18, 0) + bytes(30 << 20),
    "v2/shards": _HEAD + BOOKEND + (bytes(32) + struct.pack("<IIQ", 0, 8192, 0) + _EMPTY) * 160,
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("memory")) as running:
        yield running


def test_no_message_makes_the_server_grow_without_bound(hub: RunningHub) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    api = httpx.Client(base_url=hub.url, headers=headers, timeout=60)
    with api:
        assert api.post("/api/repos/create", json={"name": "memory"}).is_success
        url = f"/api/models/{hub.admin}/memory/xet-write-token/main"
        grant = api.get(url).raise_for_status().json()
    allowed = {"Authorization": f"Bearer {grant['accessToken']}"}

    def send(path: str) -> int:
        with httpx.Client(base_url=grant["casUrl"], headers=allowed, timeout=120) as cas:
            return cas.post(path, content=BODIES[path]).status_code

    assert send("v1/xorbs/default/" + "2" * 64) == 400  # everything is loaded now
    before = _peak_mib(hub.process.pid)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for path in BODIES:
            assert set(threads.map(send, [path] * AT_ONCE)) == {400}
    assert _peak_mib(hub.process.pid) - before < MOST_MIB


def _peak_mib(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        pytest.skip("the system does not tell a process's peak")
    return int(found[1]) * 1024 // MIB
