"""Packs that no git would send: refused in a sentence, within bounds, and nothing is kept."""

from __future__ import annotations

import base64
import hashlib
import itertools
import struct
import time
import zlib
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from paddock.hub.git.objects import ObjectType, object_oid
from paddock.hub.git_http import pack_bytes, pack_reading
from paddock.hub.git_http.deltas import entry_head, make_delta
from paddock.hub.git_http.pkt_lines import pkt
from paddock.hub.tables import git_objects
from tests.hub.git_http.workshop import Workshop

COMMIT, TREE, BLOB, TAG = ObjectType.COMMIT, ObjectType.TREE, ObjectType.BLOB, ObjectType.TAG
NOTHING = "0" * 40
WHO = b"A U Thor <a@example.org> 1700000000 +0000"


def entry(type_: int, content: bytes, *, size: int | None = None) -> bytes:
    head = entry_head(type_, len(content) if size is None else size)
    return head + zlib.compress(content)


def ref_delta(base: str, delta: bytes) -> bytes:
    return entry_head(7, len(delta)) + bytes.fromhex(base) + zlib.compress(delta)


def pack_of(*entries: bytes, count: int | None = None) -> bytes:
    body = b"PACK" + struct.pack(">II", 2, len(entries) if count is None else count)
    body += b"".join(entries)
    return body + hashlib.sha1(body).digest()


def commit_of(tree: str, *parents: str, who: bytes = WHO, more: bytes = b"") -> bytes:
    lines = [b"tree %s\n" % tree.encode(), *(b"parent %s\n" % p.encode() for p in parents)]
    return b"".join([*lines, b"author %s\ncommitter %s\n%s\nmessage\n" % (who, who, more)])


def tree_of(*items: tuple[bytes, bytes, str]) -> bytes:
    return b"".join(b"%s %s\0" % (mode, name) + bytes.fromhex(oid) for mode, name, oid in items)


def history_of(tree: bytes, *others: bytes) -> tuple[str, bytes]:
    """A commit of this root folder, and the pack with both."""
    commit = commit_of(object_oid(TREE, tree))
    return object_oid(COMMIT, commit), pack_of(entry(COMMIT, commit), entry(TREE, tree), *others)


def push(shop: Workshop, new: str, pack: bytes, *, ref: str = "refs/heads/hostile") -> str:
    """Send it by hand; what the hub reports, after a look that the ref did not move."""
    command = f"{NOTHING} {new} {ref}".encode() + b"\0report-status atomic"
    answer = httpx.post(
        f"{shop.server.url}/{shop.repo_id}/git-receive-pack",
        content=pkt(command) + b"0000" + pack,
        headers={"Content-Type": "application/x-git-receive-pack-request"},
        auth=("x", shop.token),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def refused(shop: Workshop, new: str, pack: bytes) -> str:
    before = kept_objects(shop)
    said = push(shop, new, pack)
    assert "ng refs/heads/hostile" in said, said
    assert {b.name for b in shop.hf.list_repo_refs(shop.repo_id).branches} == {"main"}
    assert kept_objects(shop) == before, "nothing of it is kept"
    return said


def kept_objects(shop: Workshop) -> int:
    with shop.server.hub.database.read() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(git_objects)).scalar_one())


@pytest.fixture
def blob() -> tuple[str, bytes]:
    return object_oid(BLOB, b"x"), entry(BLOB, b"x")


def test_an_honest_pack_made_by_hand_is_taken(shop: Workshop, blob: tuple[str, bytes]) -> None:
    head, pack = history_of(tree_of((b"100644", b"a.txt", blob[0])), blob[1])
    assert "ok refs/heads/hostile" in push(shop, head, pack)
    assert shop.hub_head("hostile") == head


@pytest.mark.parametrize(
    ("mode", "name", "reason"),
    [
        (b"100644", b"..", "'..'"),
        (b"40000", b".", "'.'"),
        (b"100644", b".git", "git's own"),
        (b"40000", b".GIT", "git's own"),
        (b"100644", b"git~1", "git's own"),
        (b"40000", ".g\u200cit".encode(), "git's own"),
        (b"100644", b".git ", "git's own"),
        (b"100644", b"a/b", "slash"),
        (b"100644", b"a\\b", "backslash"),
        (b"100644", b"a\nb", "control character"),
        (b"100644", b"\xff\xfe", "not UTF-8"),
        (b"100644", b"x" * 256, "longer than"),
        (b"100644", b"", "empty"),
        (b"100664", b"a", "mode"),
        (b"100600", b"a", "mode"),
        (b"0100644", b"a", "mode"),
        (b"040000", b"a", "mode"),
        (b"170000", b"a", "mode"),
        (b"120000", b".gitmodules", "symbolic link"),
        (b"120000", b".gitattributes", "symbolic link"),
    ],
)
def test_a_name_or_mode_that_git_would_not_write(
    shop: Workshop, blob: tuple[str, bytes], mode: bytes, name: bytes, reason: str
) -> None:
    empty = entry(TREE, b"")
    oid = object_oid(TREE, b"") if mode.endswith(b"40000") else blob[0]
    head, pack = history_of(tree_of((mode, name, oid)), blob[1], empty)
    assert reason in refused(shop, head, pack)


def test_a_bad_name_further_down_is_told_with_its_folder(
    shop: Workshop, blob: tuple[str, bytes]
) -> None:
    inner = tree_of((b"100644", b".git", blob[0]))
    outer = tree_of((b"40000", b"models", object_oid(TREE, inner)))
    head, pack = history_of(outer, entry(TREE, inner), blob[1])
    assert "in 'models/'" in refused(shop, head, pack)


def test_folders_out_of_order_or_with_a_name_twice(shop: Workshop, blob: tuple[str, bytes]) -> None:
    empty = object_oid(TREE, b"")
    for tree in (
        tree_of((b"100644", b"b", blob[0]), (b"100644", b"a", blob[0])),
        tree_of((b"100644", b"a", blob[0]), (b"100644", b"a", blob[0])),
        tree_of((b"100644", b"a", blob[0]), (b"100644", b"a.b", blob[0]), (b"40000", b"a", empty)),
        tree_of((b"40000", b"a", empty), (b"100644", b"a.b", blob[0])),
    ):
        head, pack = history_of(tree, blob[1], entry(TREE, b""))
        assert "twice or out of order" in refused(shop, head, pack)
    head, pack = history_of(tree_of((b"100644", b"a", blob[0]))[:-3], blob[1])
    assert "in the middle of an entry" in refused(shop, head, pack)
    head, pack = history_of(tree_of((b"100644", b"a", NOTHING)))
    assert "names no object" in refused(shop, head, pack)


@pytest.mark.parametrize(
    "who",
    [
        b"No address 1700000000 +0000",
        b"A <a@example.org 1700000000 +0000",
        b"A <a@example.org> 01 +0000",
        b"A <a@example.org> 99999999999999999 +0000",
        b"A <a@example.org> 1700000000 0000",
        b"A\0B <a@example.org> 1700000000 +0000",
        b"<a@example.org> 1700000000 +0000",
    ],
)
def test_a_commit_that_git_would_not_write(shop: Workshop, who: bytes) -> None:
    commit = commit_of(object_oid(TREE, b""), who=who)
    said = refused(
        shop, object_oid(COMMIT, commit), pack_of(entry(COMMIT, commit), entry(TREE, b""))
    )
    assert "a commit is" in said


def test_what_is_missing_is_named(shop: Workshop, blob: tuple[str, bytes]) -> None:
    tree = tree_of((b"100644", b"a.txt", blob[0]))
    for head, pack in (
        history_of(tree),  # the file
        history_of(tree_of((b"40000", b"a", "1" * 40))),  # a folder
        (head_with_parent := object_oid(COMMIT, commit_of(object_oid(TREE, b""), "2" * 40)),
         pack_of(entry(COMMIT, commit_of(object_oid(TREE, b""), "2" * 40)), entry(TREE, b""))),
        ("3" * 40, pack_of()),
    ):  # fmt: skip
        assert "not here" in refused(shop, head, pack)
    assert head_with_parent


def test_an_object_used_as_what_it_is_not(shop: Workshop, blob: tuple[str, bytes]) -> None:
    head, pack = history_of(tree_of((b"40000", b"a", blob[0])), blob[1])
    assert "is used as something that it is not" in refused(shop, head, pack)
    assert "must lead to a commit" in refused(shop, blob[0], pack_of(blob[1]))
    main = shop.hub_head()  # here before, and a commit, not a folder
    head, pack = history_of(tree_of((b"40000", b"a", main)))
    assert "is used as something that it is not" in refused(shop, head, pack)


def test_an_object_of_another_repository_is_not_here(
    shop: Workshop, blob: tuple[str, bytes]
) -> None:
    other = f"{shop.user}/private-other"
    shop.hf.create_repo(other, private=True)
    shop.hf.upload_file(path_or_fileobj=b"a secret", path_in_repo="s.txt", repo_id=other)
    secret = object_oid(BLOB, b"a secret")
    head, pack = history_of(tree_of((b"100644", b"mine.txt", secret)))
    assert "not here" in refused(shop, head, pack)
    delta = ref_delta(secret, make_delta(b"a secret", b"a secret, and more of it"))
    assert "not here" in refused(shop, head, pack_of(delta))


def test_a_pack_that_is_damaged(shop: Workshop, blob: tuple[str, bytes]) -> None:
    head, pack = history_of(tree_of((b"100644", b"a.txt", blob[0])), blob[1])
    middle = len(pack) // 2
    damaged = {
        "cut off": pack[:middle],
        "nothing": b"",
        "no pack": b"x" * 100,
        "digest": pack[:-1] + bytes([pack[-1] ^ 1]),
        "a bit": pack[:middle] + bytes([pack[middle] ^ 1]) + pack[middle + 1 :],
        "more behind": pack + b"more",
        "too many said": pack_of(entry(BLOB, b"x"), count=2),
        "too few said": pack_of(entry(BLOB, b"x"), entry(BLOB, b"y"), count=1),
        "unknown type": pack_of(entry(5, b"x")),
        "longer than said": pack_of(entry(BLOB, b"x" * 100, size=10)),
        "shorter than said": pack_of(entry(BLOB, b"x" * 10, size=100)),
    }
    for name, sent in damaged.items():
        said = refused(shop, head, sent)
        assert said.startswith("00") and "unpack " in said and "unpack ok" not in said, (name, said)


def test_millions_of_objects_are_claimed(shop: Workshop) -> None:
    for count in (2**32 - 1, pack_bytes.MAX_OBJECTS + 1, 5000):
        said = refused(shop, "1" * 40, pack_of(entry(BLOB, b"x"), count=count))
        assert "objects" in said


def test_deltas_in_a_circle_and_of_nothing(shop: Workshop) -> None:
    first, second = object_oid(BLOB, b"first"), object_oid(BLOB, b"second")
    circle = pack_of(
        ref_delta(first, make_delta(b"first", b"second")),
        ref_delta(second, make_delta(b"second", b"first")),
    )
    assert "which is not here" in refused(shop, "1" * 40, circle)
    before_all = entry_head(6, 3) + b"\x7f" + zlib.compress(b"abc")
    assert "changes no object" in refused(shop, "1" * 40, pack_of(before_all))


def test_deltas_that_do_not_fit_their_base(shop: Workshop) -> None:
    base = object_oid(BLOB, b"the base")
    for delta in (
        b"\x07\x05\x91\x00\x05",  # of a base of 7 bytes
        b"\x08\x05\x91\x04\x7f",  # copies from behind the end
        b"\x08\x05\x05ab",  # inserts more than there is
        b"\x08\x05\x00",  # the reserved command
        b"\x08\x7f\x91\x00\x05",  # makes less than it says
        b"\x08\x02\x91\x00\x05",  # makes more than it says
        b"\x08",
        b"",
    ):
        pack = pack_of(entry(BLOB, b"the base"), ref_delta(base, delta))
        assert "unpack " in refused(shop, "1" * 40, pack)


def test_a_few_bytes_that_unpack_to_gigabytes(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = b"\0" * (40 << 20)
    bombs = pack_of(*[entry(BLOB, zeros)] * 3)
    assert len(bombs) < 200_000
    monkeypatch.setattr(pack_reading, "MAX_UNPACKED_BYTES", 100 << 20)
    assert "unpacks to more than" in refused(shop, "1" * 40, bombs)
    huge = pack_of(entry(BLOB, b"x", size=2 << 40))
    assert "over the limit" in refused(shop, "1" * 40, huge)
    # Deltas of a few bytes that each make a megabyte.
    base = b"\0" * (1 << 20)
    delta = make_delta(base, base + b"1")
    many = [ref_delta(object_oid(BLOB, base), delta)] * 200
    assert "unpacks to more than" in refused(shop, "1" * 40, pack_of(entry(BLOB, base), *many))


def test_a_long_chain_of_deltas_is_resolved_in_little_memory(shop: Workshop) -> None:
    versions = [b"%07d" % n + b"x" * 20_000 for n in range(3000)]
    entries = [entry(BLOB, versions[0])]
    for old, new in itertools.pairwise(versions):
        entries.append(ref_delta(object_oid(BLOB, old), make_delta(old, new)))
    tree = tree_of((b"100644", b"a.txt", object_oid(BLOB, versions[-1])))
    head, _ = history_of(tree)
    commit = commit_of(object_oid(TREE, tree))
    pack = pack_of(*reversed(entries), entry(COMMIT, commit), entry(TREE, tree))
    assert "ok refs/heads/hostile" in push(shop, head, pack)


def test_folders_that_unfold_without_end(shop: Workshop, blob: tuple[str, bytes]) -> None:
    """Ten folders, each ten times in the next: a few hundred bytes, ten billion files."""
    tree = tree_of(*((b"100644", b"f%d" % n, blob[0]) for n in range(10)))
    entries = [entry(TREE, tree)]
    for _ in range(9):
        tree = tree_of(*((b"40000", b"d%d" % n, object_oid(TREE, tree)) for n in range(10)))
        entries.append(entry(TREE, tree))
    started = time.perf_counter()
    head, pack = history_of(tree, blob[1], *entries[:-1])
    assert "more than 1000000 files" in refused(shop, head, pack)
    assert time.perf_counter() - started < 10


def test_empty_folders_that_unfold_without_end(shop: Workshop) -> None:
    """Thirty folders, each twice in the next, and no file in any: two billion folders."""
    tree = tree_of()
    entries = [entry(TREE, tree)]
    for _ in range(30):
        tree = tree_of(*((b"40000", name, object_oid(TREE, tree)) for name in (b"a", b"b")))
        entries.append(entry(TREE, tree))
    head, pack = history_of(tree, *entries[:-1])
    assert "more than 1000000 files and folders" in refused(shop, head, pack)


def test_folders_that_are_too_deep(shop: Workshop, blob: tuple[str, bytes]) -> None:
    tree = tree_of((b"100644", b"f", blob[0]))
    entries = []
    for _ in range(2000):
        entries.append(entry(TREE, tree))
        tree = tree_of((b"40000", b"d", object_oid(TREE, tree)))
    head, pack = history_of(tree, blob[1], *entries)
    assert "folders deep" in refused(shop, head, pack)


def test_tags_of_tags_and_of_files(shop: Workshop, blob: tuple[str, bytes]) -> None:
    text = b"object %s\ntype %s\ntag t\ntagger " + WHO + b"\n\nwhy\n"
    of_blob = text % (blob[0].encode(), b"blob")
    said = push(
        shop, object_oid(TAG, of_blob), pack_of(entry(TAG, of_blob), blob[1]), ref="refs/tags/t"
    )
    assert "must lead to a commit" in said
    target, type_, entries = shop.hub_head(), b"commit", []
    for _ in range(100):
        tag = text % (target.encode(), type_)
        entries.append(entry(TAG, tag))
        target, type_ = object_oid(TAG, tag), b"tag"
    said = push(shop, target, pack_of(*entries), ref="refs/tags/t")
    assert "a tag names a tag" in said
    nested = object_oid(TAG, text % (shop.hub_head().encode(), b"commit"))
    assert "ok refs/tags/t" in push(shop, nested, pack_of(entries[0]), ref="refs/tags/t")


def test_commands_that_no_git_sends(shop: Workshop) -> None:
    address = f"{shop.server.url}/{shop.repo_id}/git-receive-pack"
    kind = {"Content-Type": "application/x-git-receive-pack-request"}
    for body in (
        b"garbage",
        pkt(b"one two three") + b"0000",
        pkt(f"{NOTHING} {NOTHING} refs/heads/x".encode()) + b"0000",
        pkt(f"{NOTHING} {'1' * 40} refs/heads/x".encode()) * 2 + b"0000",
    ):
        assert (
            httpx.post(address, content=body, headers=kind, auth=("x", shop.token)).status_code
            == 400
        )
    many = b"".join(pkt(f"{NOTHING} {'1' * 40} refs/heads/b{n}".encode()) for n in range(5001))
    sent = httpx.post(address, content=many + b"0000", headers=kind, auth=("x", shop.token))
    assert sent.status_code == 413


def test_a_body_that_announces_too_much_is_refused_before_it_is_read(shop: Workshop) -> None:
    host = shop.server.url.removeprefix("http://")
    connection = HTTPConnection(host, timeout=30)
    connection.putrequest("POST", f"/{shop.repo_id}/git-receive-pack")
    who = base64.b64encode(f"x:{shop.token}".encode()).decode()
    connection.putheader("Authorization", f"Basic {who}")
    connection.putheader("Content-Type", "application/x-git-receive-pack-request")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_any_bytes_for_a_pack_are_refused_with_a_reason(tmp_path: Path) -> None:
    from hypothesis import given
    from hypothesis import strategies as st

    from paddock.errors import PaddockError

    base, other = b"the base", b"the bass"
    delta = ref_delta(object_oid(BLOB, base), make_delta(base, other))
    honest = pack_of(entry(BLOB, base), delta)

    @given(st.lists(st.tuples(st.integers(12, len(honest) - 21), st.integers(0, 255)), max_size=6))
    def check(changes: list[tuple[int, int]]) -> None:
        body = bytearray(honest[:-20])
        for at, value in changes:
            body[at] = value
        with (tmp_path / "pack").open("w+b") as file, (tmp_path / "spool").open("w+b") as spool:
            file.write(bytes(body) + hashlib.sha1(body).digest())
            try:
                pack = pack_reading.IncomingPack(file, 0, lambda _oids: (), spool)
            except PaddockError:
                return
            for oid in pack.index:
                assert object_oid(ObjectType(pack.type_of(oid)), pack.content(oid)) == oid.hex()

    check()
