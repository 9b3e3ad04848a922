"""Who is told that a chunk is here, and who may name it: what is readable, nothing beside it."""

from __future__ import annotations

import httpx
import pytest

from tests.hub.api.cas_people import (
    Person,
    name_of,
    random_chunks,
    read_told,
    two_people,
)
from tests.hub.xet.messages import File, Xorb, whole_file


def test_a_chunk_of_a_public_file_is_told_and_may_be_named_without_being_sent(
    strangers_on_each: tuple[Person, Person],
) -> None:
    owner, other = strangers_on_each
    xorb = Xorb(random_chunks(9000, 20_000, 3000))
    file = owner.upload(owner.repo(), xorb)
    copy = other.repo()
    (told,) = read_told(other.query(copy, xorb.chunks[0]))
    assert (told.xorb, told.sizes) == (xorb.raw_hash, [9000, 20_000, 3000])
    assert [told.recognises(chunk) for chunk in xorb.chunks] == [[0], [1], [2]]
    assert other.register(copy, file).json() == {"result": 1}
    assert other.ask(copy, "GET", f"/v2/reconstructions/{file.hash}").status_code == 200


def test_every_answer_has_a_key_of_its_own(strangers: tuple[Person, Person]) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(9000))
    owner.upload(owner.repo(), xorb)
    copy = other.repo()
    told = [read_told(other.query(copy, xorb.chunks[0]))[0] for _ in range(2)]
    assert told[0].key != told[1].key and told[0].tags != told[1].tags


def test_of_chunks_beside_the_readable_ones_nothing_is_told(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(1000, 2000, 3000, 4000, 5000))
    owner.upload(owner.repo(private=True), xorb)
    # The owner shows chunks 1 and 3; the rest stays private.
    part = File([xorb.term(1, 2), xorb.term(3, 4)], xorb.chunks[1] + xorb.chunks[3])
    assert owner.register(owner.repo(), part).json() == {"result": 1}
    mine = other.repo()
    (told,) = read_told(other.query(mine, xorb.chunks[1]))
    assert len(told.tags) == 4  # what follows is not even counted
    assert [told.recognises(chunk) for chunk in xorb.chunks] == [[], [1], [], [3], []]
    assert [told.sizes[1], told.sizes[3]] == [2000, 4000]
    assert told.sizes[0] == told.sizes[2] not in (1000, 3000)
    assert len(set(told.tags)) == 4
    assert other.register(mine, part).json() == {"result": 1}
    assert other.query(mine, xorb.chunks[0]).status_code == 404
    assert other.ask(mine, "HEAD", f"/v1/xorbs/default/{xorb.hash}").status_code == 404
    hidden = File([xorb.term(2, 4)], b"".join(xorb.chunks[2:4]))
    unknown = Xorb(random_chunks(3000, 4000))
    refused = other.register(mine, hidden), other.register(mine, whole_file(unknown))
    assert [answer.status_code for answer in refused] == [400, 400]
    assert owner.ask(owner.repo(), "HEAD", f"/v1/xorbs/default/{xorb.hash}").status_code == 200


def test_what_was_told_may_still_be_named_when_it_is_private_by_then(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(9000, 8000))
    source, copy = owner.repo(), other.repo()
    file = owner.upload(source, xorb)
    assert other.query(copy, xorb.chunks[0]).status_code == 200
    owner.server.api(owner.token).update_repo_settings(source, private=True)
    assert other.query(copy, xorb.chunks[0]).status_code == 404
    assert other.register(copy, file).json() == {"result": 1}
    third, _ = two_people(owner.server)
    assert third.query(third.repo(), xorb.chunks[0]).status_code == 200  # the copy is public
    third.http.close()


def test_a_gate_is_a_gate_for_chunks_too(strangers: tuple[Person, Person]) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(9000))
    gated, mine = owner.repo(gated="manual"), other.repo()
    file = owner.upload(gated, xorb)
    assert other.query(mine, xorb.chunks[0]).status_code == 404
    assert other.register(mine, file).status_code == 400
    owner.server.api(owner.token).grant_access(gated, other.name)
    assert other.query(mine, xorb.chunks[0]).status_code == 200
    assert other.register(mine, file).json() == {"result": 1}


def test_an_answer_reaches_over_the_file_from_the_chunk_on(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    xorbs = [Xorb(random_chunks(*[700] * 3)) for _ in range(5)]
    source = owner.repo()
    for xorb in xorbs:
        owner.send(source, xorb)
    content = b"".join(chunk for xorb in xorbs for chunk in xorb.chunks)
    assert owner.register(source, File([x.term() for x in xorbs], content)).status_code == 200
    tail = File([x.term() for x in xorbs[2:]], content[2 * 2100 :])
    assert owner.register(source, tail).status_code == 200
    told = read_told(other.query(other.repo(), xorbs[2].chunks[0]))
    assert [each.xorb for each in told][:3] == [x.raw_hash for x in xorbs[2:]]


def test_every_generation_of_clients_asks_in_its_own_words(
    strangers: tuple[Person, Person],
) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(9000))
    owner.upload(owner.repo(), xorb)
    mine, name = other.repo(), name_of(xorb.chunks[0])
    for path in ("/v1/chunks/default/", "/chunks/default/", "/chunk/default-merkledb/"):
        (told,) = read_told(other.ask(mine, "GET", path + name))
        assert told.xorb == xorb.raw_hash


def test_strangers_ask_about_what_is_public_and_are_remembered_nowhere(
    strangers: tuple[Person, Person],
) -> None:
    owner, _ = strangers
    public, secret = Xorb(random_chunks(9000)), Xorb(random_chunks(9000))
    source = owner.repo()
    owner.upload(source, public)
    owner.upload(owner.repo(private=True), secret)
    url = f"{owner.server.url}/api/models/{source}/xet-read-token/main"
    bearer = {"Authorization": f"Bearer {httpx.get(url).json()['accessToken']}"}
    for xorb, status in ((public, 200), (secret, 404)):
        where = f"{owner.server.url}/xet/v1/chunks/default-merkledb/{name_of(xorb.chunks[0])}"
        assert httpx.get(where, headers=bearer).status_code == status


@pytest.mark.parametrize("name", ["nonsense", "F" * 64, "0" * 63, "%00", "..%2F" * 5])
def test_a_chunk_that_can_be_none_is_unknown(strangers: tuple[Person, Person], name: str) -> None:
    owner, _ = strangers
    answer = owner.ask(owner.repo(), "GET", f"/v1/chunks/default/{name}")
    assert answer.status_code in (400, 404)
