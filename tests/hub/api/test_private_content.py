"""Somebody with the exact bytes of private content learns from no answer that it is here."""

from __future__ import annotations

import os
from typing import Any

import httpx

from tests.hub.api.cas_people import (
    Person,
    are_same,
    random_chunks,
    read_told,
)
from tests.hub.xet.messages import File, Xorb, shard, whole_file


def test_of_a_private_chunk_nothing_is_told_to_who_has_the_very_bytes(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    secret, unknown = Xorb(random_chunks(9000, 5000)), Xorb(random_chunks(9000, 5000))
    owner.upload(owner.repo(private=True), secret)
    mine = other.repo()
    assert are_same(*[other.query(mine, xorb.chunks[0]) for xorb in (secret, unknown)])
    for path in ("/v1/xorbs/default/", "/v1/xorbs/other/"):
        assert are_same(*[other.ask(mine, "HEAD", path + xorb.hash) for xorb in (secret, unknown)])
    # A claim with every hash right is answered like one of something that nobody sent.
    for version in ("v1", "v2"):
        said = []
        for xorb in (secret, unknown):
            answer = other.register(mine, whole_file(xorb), version=version)
            told = answer.text.replace(xorb.hash, "X").replace(whole_file(xorb).hash, "F")
            said.append((answer.status_code, told))
        assert said[0] == said[1] and said[0][0] == 400
    described = [
        other.ask(mine, "POST", "/v1/shards", content=shard([], [xorb]))
        for xorb in (secret, unknown)
    ]
    assert [answer.status_code for answer in described] == [400, 400]


def test_sending_what_is_here_in_private_is_like_sending_what_is_new(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    secret, unknown = (Xorb(random_chunks(*[131_072] * 40)) for _ in range(2))
    terms = 14  # more than is read between two lines of progress
    owner_repo, mine = owner.repo(private=True), other.repo()
    owner.send(owner_repo, secret)
    files = [
        File([xorb.term()] * terms, b"".join(xorb.chunks) * terms) for xorb in (secret, unknown)
    ]
    assert owner.register(owner_repo, files[0]).json() == {"result": 1}
    assert are_same(*[other.send(mine, xorb) for xorb in (secret, unknown)])
    answers = [other.register(mine, file, version="v2") for file in files]
    assert answers[0].content.count(b"\n") > 1  # it is read, as what is new is
    assert are_same(*answers)


def _terms(person: Person, repo: str, file: File) -> list[Any]:
    """A file's terms and where its bytes lie, as its reconstruction says it."""
    told = person.ask(repo, "GET", f"/v1/reconstructions/{file.hash}", kind="read").json()
    lies = {x: [each["url_range"] for each in some] for x, some in told["fetch_info"].items()}
    return [told["terms"], lies]


def test_a_reconstruction_does_not_tell_that_others_had_the_file_before(
    strangers_on_each: tuple[Person, Person],
) -> None:
    owner, other = strangers_on_each
    chunks = random_chunks(9000, 5000, 7000)
    packed, alone = Xorb([*random_chunks(3000), *chunks, *random_chunks(4000)]), Xorb(chunks)
    source, mine = owner.repo(private=True), other.repo()
    first = File([packed.term(1, 4)], b"".join(chunks))
    assert owner.send(source, packed).status_code == 200
    assert owner.register(source, first).json() == {"result": 1}
    second = other.upload(mine, alone)
    assert second.hash == first.hash  # the same bytes
    ((theirs,), _), ((own,), lies) = _terms(owner, source, first), _terms(other, mine, second)
    assert (theirs["hash"], theirs["range"]) == (packed.hash, {"start": 1, "end": 4})
    assert (own["hash"], own["range"]) == (alone.hash, {"start": 0, "end": 3})
    assert lies == {alone.hash: [{"start": 0, "end": len(alone.body) - 1}]}
    # Nor does a chunk query; and another machine of theirs still sends nothing.
    (told,) = read_told(other.query(mine, chunks[0]))
    assert told.xorb == alone.raw_hash
    # Nor does a copy.
    copy = other.repo()
    wanted = {"type": "model", "name": copy}
    asked = {"target": wanted, "files": [{"sha256": second.sha256, "xetHash": second.hash}]}
    bearer = {"Authorization": f"Bearer {other.token}"}
    done = other.http.post(f"/api/models/{mine}/lfs-files/duplicate", json=asked, headers=bearer)
    assert done.status_code == 200, done.text
    assert _terms(other, copy, second) == [[own], lies]


def test_a_file_of_others_that_may_be_read_is_kept_in_their_terms(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    chunks = random_chunks(9000, 5000)
    packed, alone = Xorb([*random_chunks(3000), *chunks]), Xorb(chunks)
    source, mine = owner.repo(), other.repo()
    first = File([packed.term(1, 3)], b"".join(chunks))
    owner.send(source, packed)
    owner.register(source, first)
    second = other.upload(mine, alone)
    assert _terms(other, mine, second)[0] == _terms(owner, source, first)[0]


def test_a_xorb_that_others_packed_otherwise_is_as_its_sender_packed_it(
    strangers_on_each: tuple[Person, Person],
) -> None:
    owner, other = strangers_on_each
    chunks = [bytes(20_000) + os.urandom(1000), bytes(9000) + os.urandom(100)]
    theirs, own = Xorb(chunks, [1, 2]), Xorb(chunks)
    source, mine = owner.repo(private=True), other.repo()
    file = owner.upload(source, theirs)
    assert other.upload(mine, own).hash == file.hash
    whole = {"start": 0, "end": len(own.body) - 1}
    assert _terms(other, mine, file)[1] == {own.hash: [whole]}
    assert _terms(owner, source, file)[1][own.hash][0]["end"] == len(theirs.body) - 1
    (fetch,) = other.ask(mine, "GET", f"/v1/reconstructions/{file.hash}").json()["fetch_info"][
        own.hash
    ]
    got = httpx.get(fetch["url"], headers={"Range": f"bytes=0-{whole['end']}"})
    assert got.content == own.body
    head = other.ask(mine, "HEAD", f"/v1/xorbs/default/{own.hash}")
    assert head.headers["Content-Length"] == str(len(own.body))
    # In every repository that the sender gives it to, whoever sends it again, and in copies.
    second = other.repo()
    assert other.register(second, file).json() == {"result": 1}
    assert other.send(second, own).status_code == 200
    assert _terms(other, second, file)[1] == {own.hash: [whole]}
    copy = other.repo()
    asked = {"target": {"type": "model", "name": copy}, "files": [{"sha256": file.sha256}]}
    bearer = {"Authorization": f"Bearer {other.token}"}
    done = other.http.post(f"/api/models/{mine}/lfs-files/duplicate", json=asked, headers=bearer)
    assert done.status_code == 200, done.text
    assert _terms(other, copy, file)[1] == {own.hash: [whole]}


def test_by_git_lfs_nobody_learns_it_either(strangers: tuple[Person, Person]) -> None:
    owner, other = strangers
    content = b"".join(random_chunks(5000, 3000))
    cut = Xorb([content])  # no chunk ends within the first 8 KiB of a file
    packed = Xorb([*random_chunks(3000), *cut.chunks])
    source, mine = owner.repo(private=True), other.repo()
    owner.send(source, packed)
    first = File([packed.term(1, 2)], content)
    assert owner.register(source, first).json() == {"result": 1}
    _put_by_lfs(other, mine, first)
    ((own,), _) = _terms(other, mine, first)
    assert (own["hash"], own["range"]) == (cut.hash, {"start": 0, "end": 1})
    assert _terms(owner, source, first)[0][0]["hash"] == packed.hash


def test_by_git_lfs_a_xorb_that_others_packed_is_as_the_bytes_came(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    content = bytes(6000) + os.urandom(100)
    theirs, plain = Xorb([content], [1]), Xorb([content])
    source, mine = owner.repo(private=True), other.repo()
    file = owner.upload(source, theirs)
    _put_by_lfs(other, mine, file)
    whole = {"start": 0, "end": len(plain.body) - 1}
    told = other.ask(mine, "GET", f"/v1/reconstructions/{file.hash}").json()
    (fetch,) = told["fetch_info"][plain.hash]
    assert fetch["url_range"] == whole
    got = httpx.get(fetch["url"], headers={"Range": f"bytes=0-{whole['end']}"})
    assert got.content == plain.body
    assert _terms(owner, source, file)[1][plain.hash][0]["end"] == len(theirs.body) - 1


def _put_by_lfs(person: Person, repo: str, file: File) -> None:
    bearer = {"Authorization": f"Bearer {person.token}"}
    named = {"oid": file.sha256, "size": len(file.content)}
    asked = {"operation": "upload", "transfers": ["basic"], "objects": [named]}
    url = f"/{repo}.git/info/lfs/objects/batch"
    (told,) = person.http.post(url, json=asked, headers=bearer).json()["objects"]
    put = person.http.put(told["actions"]["upload"]["href"], content=file.content)
    assert put.status_code == 200, put.text
