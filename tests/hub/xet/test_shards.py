"""A shard is a claim: its bounds are met before anything is made of it."""

from __future__ import annotations

import pytest

from paddock.hub.xet.shards import MAX_FILES, MAX_XORBS, BadShard, parse_shard
from tests.hub.xet.messages import BOOKEND, TAG

HEADER = TAG + (2).to_bytes(8, "little") + bytes(8)
FILE_WITHOUT_TERMS = bytes(32) + (1 << 31).to_bytes(4, "little") + bytes(12)
XORB_WITHOUT_CHUNKS = bytes(48)


@pytest.mark.parametrize(
    ("sections", "what"),
    [
        (FILE_WITHOUT_TERMS * (MAX_FILES + 1) + BOOKEND + BOOKEND, "files"),
        (BOOKEND + XORB_WITHOUT_CHUNKS * (MAX_XORBS + 1) + BOOKEND, "xorbs"),
    ],
)
def test_a_shard_of_empty_claims_is_refused(sections: bytes, what: str) -> None:
    with pytest.raises(BadShard, match=what):
        parse_shard(memoryview(HEADER + sections))


def test_as_many_as_allowed_are_read() -> None:
    sections = FILE_WITHOUT_TERMS * 3 + BOOKEND + XORB_WITHOUT_CHUNKS * MAX_XORBS + BOOKEND
    shard = parse_shard(memoryview(HEADER + sections))
    assert (len(shard.files), len(shard.xorbs)) == (3, MAX_XORBS)
