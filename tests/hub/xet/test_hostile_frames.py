"""Whatever form of chunk the hub takes, the stock client can read: nobody can plant what it cannot.

A xorb is stored once, in the form in which it came first. So a form that our decoder understands
and a client's does not would harm everybody who has the same chunks.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import hf_xet
import httpx
import lz4.frame
import pytest

from tests.attacks.xet.lz4_bytes import Header, block, frame, literals, match, stored_block
from tests.hub.xet.messages import Xorb, frame_of, group_by_four, shard, whole_file
from tests.live import LiveServer

TEXT = b"the same again and again " * 40
NOISE = os.urandom(5000)

UNUSUAL = {
    "a content size": (TEXT, 1, lz4.frame.compress(TEXT, store_size=True)),
    "no content size": (TEXT, 1, lz4.frame.compress(TEXT, store_size=False)),
    "a content checksum": (TEXT, 1, lz4.frame.compress(TEXT, content_checksum=True)),
    "linked blocks": (TEXT * 90, 1, lz4.frame.compress(TEXT * 90, block_linked=True)),
    "blocks of 4 MiB": (TEXT * 90, 1, lz4.frame.compress(TEXT * 90, block_size=7)),
    "blocks of a byte": (TEXT[:9], 1, frame(b"".join(stored_block(bytes([c])) for c in TEXT[:9]))),
    "stored blocks": (NOISE, 1, frame(stored_block(NOISE))),
    "literals alone": (NOISE, 1, frame(block(literals(NOISE)))),
    "a long copy": (b"x" * 70_001 + b"tail", 1, frame(
        block(match(b"x", 1, 65_531 - 5) + literals(b"xxxxx")) + block(
            match(b"x", 1, 4460) + literals(b"xxxxxxxxtail")), Header(block_size=4))),
    "grouped bytes": (NOISE, 2, lz4.frame.compress(group_by_four(NOISE))),
    "grouped bytes of no multiple of four": (
        NOISE[:-1], 2, lz4.frame.compress(group_by_four(NOISE[:-1]))
    ),
    "a packed chunk larger than it was": (NOISE, 1, lz4.frame.compress(NOISE, block_size=4)),
}  # fmt: skip


@pytest.fixture(scope="module")
def grant(shared_server: LiveServer) -> dict[str, str]:
    token = shared_server.user("reader")
    shared_server.api(token).create_repo("reader/unusual")
    url = f"{shared_server.url}/api/models/reader/unusual/xet-write-token/main"
    told: dict[str, str] = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    return told


@pytest.mark.filterwarnings("ignore:hf_xet.download_files:DeprecationWarning")
@pytest.mark.parametrize("name", UNUSUAL)
def test_the_stock_client_reads_it(grant: dict[str, str], name: str, tmp_path: Path) -> None:
    content, scheme, payload = UNUSUAL[name]
    xorb = Xorb([content])
    file = whole_file(xorb)
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    with httpx.Client(base_url=grant["casUrl"], headers=headers, timeout=60) as cas:
        body = frame_of(payload, scheme, len(content))
        put = cas.post(f"v1/xorbs/default/{xorb.hash}", content=body)
        assert put.status_code == 200, put.text
        assert cas.post("v1/shards", content=shard([file], [xorb])).status_code == 200
    target = tmp_path / "got"
    wanted = hf_xet.PyXetDownloadInfo(str(target), file.hash, len(content))
    until = int(time.time()) + 3000
    hf_xet.download_files([wanted], grant["casUrl"], (grant["accessToken"], until), None, None)
    assert target.read_bytes() == content
