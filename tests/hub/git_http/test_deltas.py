"""Deltas: what they make is what was meant, and git reads the entries."""

from __future__ import annotations

import hashlib
import struct
import subprocess
from pathlib import Path

from dulwich.pack import apply_delta
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.git.objects import ObjectType, object_oid
from paddock.hub.git_http.deltas import MAX_CHAIN, Entries, Placed, common_ends, make_delta

lines = st.lists(
    st.sampled_from([b"alpha beta\n", b"gamma\n", b"\n", b"delta epsilon zeta\n", b"x"])
)
texts = st.one_of(
    st.binary(max_size=400), lines.map(b"".join), lines.map(lambda x: b"".join(x) * 40)
)


@given(texts, texts)
def test_a_delta_makes_the_content_from_its_base(base: bytes, content: bytes) -> None:
    assert b"".join(apply_delta(base, make_delta(base, content))) == content


@given(texts, texts, texts, texts)
def test_an_edit_in_the_middle_is_found(start: bytes, old: bytes, new: bytes, end: bytes) -> None:
    base, content = start + old + end, start + new + end
    first, last = common_ends(base, content)
    assert base[:first] == content[:first]
    assert base[len(base) - last :] == content[len(content) - last :]
    assert first + last <= min(len(base), len(content))
    assert first + last >= min(len(start) + len(end), len(base), len(content))
    assert b"".join(apply_delta(base, make_delta(base, content))) == content


def test_a_delta_of_a_large_content_copies_in_legal_pieces() -> None:
    base = bytes(range(256)) * 80_000  # 20 MB: over what one copy can say
    content = base[:-5] + b"other" + b"!"
    delta = make_delta(base, content)
    assert len(delta) < 60
    assert b"".join(apply_delta(base, delta)) == content


def test_git_reads_a_pack_of_versions_by_offset_and_by_id(tmp_path: Path) -> None:
    text = b"".join(b"line %d of a longer text\n" % number for number in range(100))
    versions = [text.replace(b"line %d " % n, b"changed %d " % n) for n in range(2 * MAX_CHAIN)]
    for by_offset in (True, False):
        entries = Entries(by_offset=by_offset)
        body, base, chains = b"", None, []
        for content in versions:
            oid = bytes.fromhex(object_oid(ObjectType.BLOB, content))
            entry, base = entries.version(ObjectType.BLOB, oid, content, base)
            assert isinstance(base, Placed)
            chains.append(base.chain)
            body += entry
        pack = b"PACK" + struct.pack(">II", 2, len(versions)) + body
        pack += hashlib.sha1(pack).digest()
        folder = tmp_path / str(by_offset)
        subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
        unpack = ["git", "-C", folder, "index-pack", "--stdin", "--strict"]
        subprocess.run(unpack, input=pack, check=True, capture_output=True)
        for content in versions:
            show = ["git", "-C", folder, "cat-file", "blob", object_oid(ObjectType.BLOB, content)]
            assert subprocess.run(show, capture_output=True, check=True).stdout == content
        assert max(chains) == MAX_CHAIN
        assert len(pack) < sum(map(len, versions)) / 10
