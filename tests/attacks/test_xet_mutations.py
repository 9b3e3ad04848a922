"""Honest messages with a few bytes changed: refused in words, or taken and still true.

A shard that is taken although it was changed may have lost nothing but what nobody believes. Never
does the server stumble, and never does the repository hold other bytes under a name than it did.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.xet.chunks import BadXorb
from paddock.hub.xet.shards import BadShard, parse_shard
from paddock.hub.xet.xorbs import XorbParser
from tests.attacks.xet.footers import ShardFooter, XorbFooter
from tests.hub.xet.messages import File, Xorb, shard, whole_file
from tests.live import LiveServer

_XORB = Xorb([b"quiet " * 300, bytes(range(256)) * 9, b"end"], [1, 2, 0])
_FILES = [whole_file(_XORB), File([_XORB.term(0, 1), _XORB.term(1, 3)], whole_file(_XORB).content)]
_SHARD = shard(_FILES, [_XORB], ShardFooter.of(_FILES, [_XORB]).packed)


def changed(content: bytes, seed: int) -> bytes:
    """The content with one to four bytes, runs or numbers changed."""
    chance = random.Random(seed)
    raw = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw) or 1)
        size = chance.choice([1, 1, 2, 4, 8, 48])
        kind = chance.randrange(6)
        if kind == 0:
            raw[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del raw[at : at + size]
        elif kind == 2:
            raw[at:at] = raw[at : at + size]
        elif kind == 3:
            raw[at : at + size] = chance.choice([b"\0", b"\xff", b"\x7f"]) * size
        elif kind == 4:
            raw[at:] = b""
        else:
            other = chance.randrange(len(raw) or 1) // 4 * 4
            raw[at // 4 * 4 : at // 4 * 4 + size] = raw[other : other + size]
    return bytes(raw)


@settings(max_examples=400)
@given(st.integers(0, 2**40))
def test_a_changed_shard_is_read_or_refused_in_words(seed: int) -> None:
    try:
        told = parse_shard(memoryview(changed(_SHARD, seed)))
    except BadShard as error:
        assert error.message.isprintable()
        return
    assert sum(len(file.terms) for file in told.files) <= 10


@settings(max_examples=300)
@given(st.integers(0, 2**40), st.integers(1, 5000))
def test_a_changed_xorb_is_never_taken_under_its_old_name_with_other_chunks(
    seed: int, step: int
) -> None:
    honest = _XORB.body + XorbFooter(_XORB).packed
    body = changed(honest, seed)
    kept = bytearray()
    parser = XorbParser(kept.extend)
    try:
        for at in range(0, len(body), step):
            parser.feed(body[at : at + step])
        name, table = parser.finish()
    except BadXorb as error:
        assert error.message.isprintable()
        return
    same = table.hashes(0, len(table)) == b"".join(hash_ for hash_, _ in _XORB.entries)
    assert (name == _XORB.hash) == same
    assert re.fullmatch("[0-9a-f]{64}", name)


@dataclass
class Told:
    """A repository's CAS, and an honest shard of what was uploaded there."""

    cas: httpx.Client
    file: File
    message: bytes


@pytest.fixture(scope="module")
def told(shared_server: LiveServer) -> Iterator[Told]:
    token = shared_server.user("changer")
    api = shared_server.api(token)
    api.create_repo("changer/repo")
    url = f"{shared_server.url}/api/models/changer/repo/xet-write-token/main"
    grant = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    with httpx.Client(base_url=grant["casUrl"], headers=headers, timeout=60) as cas:
        xorb = Xorb([os.urandom(1000), os.urandom(2000), os.urandom(700)])
        assert cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success
        file = whole_file(xorb)
        footer = ShardFooter.of([file], [xorb]).packed
        yield Told(cas, file, shard([file], [xorb], footer))


@settings(max_examples=60)
@given(st.integers(0, 2**40), st.sampled_from(["v1", "v2"]))
def test_a_changed_shard_makes_no_file_that_is_not_so(told: Told, seed: int, route: str) -> None:
    answer = told.cas.post(f"{route}/shards", content=changed(told.message, seed))
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["error"]
        return
    found = told.cas.get(f"v2/reconstructions/{told.file.hash}")
    if found.status_code == 200:
        [term] = found.json()["terms"]
        assert term["unpacked_length"] == len(told.file.content)
