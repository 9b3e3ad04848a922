"""Listings held against a simple look at everything, and the plans that keep them fast."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.catalogue import listing
from paddock.hub.catalogue.cursors import SORTS
from paddock.hub.catalogue.filters import Wanted, parse_parameters
from paddock.hub.catalogue.listing import Listing, list_repositories
from paddock.hub.catalogue.tables import repository_terms, repository_texts
from paddock.hub.catalogue.words import words_asked, words_of
from paddock.hub.people.accounts import create_org, create_user
from paddock.hub.tables import repositories, repository_tags
from paddock.hub.types import ANONYMOUS, Account, Caller, Kind, Token
from paddock.storage.database import Database

TYPED = ("teapot", "tea kettle", "grosse", "GRÖSSE", "很好", "llama tea", "ama", "shop", "o'c",
         "te", "qwen-ti", "zebra", "a")  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("llama", "qwen", "tiny", "large", "chat", "7b", "a_b", "x.y")
TAGS = ("en", "license:mit", "gguf", "dataset:lab/orders")
TERMS = ("family:llama", "gate:passed", "openness:3")
PROSE = ("teapot", "teapots", "kettle", "größe", "模型很好", "a", "shop2", "o'clock")


@dataclass(frozen=True)
class Known:
    """What a test knows of a repository."""

    id: int
    full_name: str
    owner: str
    is_private: bool
    gated: str | None
    tags: frozenset[str]
    terms: frozenset[str]
    words: tuple[str, ...]
    is_read: bool
    parameters: int | None
    values: dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A database with repositories, and who asks for them."""

    database: Database
    accounts: dict[str, Account]
    known: list[Known]

    def caller(self, name: str) -> Caller:
        if name == "stranger":
            return ANONYMOUS
        account = self.accounts[name]
        role = "admin" if account.is_admin else "read"
        return Caller(account, Token(1, "t", role, START))

    def sees(self, name: str, repo: Known) -> bool:
        mine = {"alice": {"alice", "lab"}, "bob": {"bob"}, "boss": {"alice", "bob", "lab"}}
        return not repo.is_private or repo.owner in mine.get(name, set())

    def walk(self, caller: Caller, asked: Listing) -> list[str]:
        """Every page, to the end."""
        found: list[str] = []
        while True:
            with self.database.read() as conn:
                page = list_repositories(conn, caller, asked)
            assert len(page.items) <= asked.limit
            found += [repo.full_name for repo in page.items]
            if page.next_cursor is None:
                return found
            asked = replace(asked, cursor=page.next_cursor)


@pytest.fixture
def filled(database: Database) -> Filled:
    with database.write() as conn:
        accounts = {name: create_user(conn, name) for name in ("alice", "bob")}
        accounts["boss"] = create_user(conn, "boss", is_admin=True)
        accounts["lab"] = create_org(conn, "lab", owner=accounts["alice"])
        chance = random.Random(1)
        known = [make(conn, accounts, number, chance) for number in range(80)]
    return Filled(database, accounts, known)


def make(
    conn: sa.Connection, accounts: dict[str, Account], number: int, chance: random.Random
) -> Known:
    """A repository of chance, straight into the tables."""
    owner = chance.choice(("alice", "bob", "lab"))
    name = f"{owner}/{chance.choice(WORDS)}-{chance.choice(WORDS)}-{number}"
    row = {
        "public_id": f"{number:024x}",
        "kind": "model",
        "namespace_id": accounts[owner].id,
        "full_name": name,
        "key": name.lower(),
        "is_private": chance.random() < 0.3,
        "gated": chance.choice((None, None, None, "auto")),
        "created_at": START + timedelta(days=chance.randrange(5)),
        "updated_at": START + timedelta(seconds=chance.randrange(9)),
        "downloads": chance.randrange(4),
        "likes": chance.randrange(3),
        "trending": chance.randrange(2),
        "parameters": chance.choice((None, 10**9, 7 * 10**9)),
    }
    insert = repositories.insert().values(row).returning(repositories.c.id)
    repo_id = conn.execute(insert).scalar_one()
    tags = frozenset(tag for tag in TAGS if chance.random() < 0.4)
    terms = frozenset(term for term in TERMS if chance.random() < 0.4)
    words = tuple(words_of(word for word in PROSE if chance.random() < 0.3))
    if tags:
        rows = [{"repo_id": repo_id, "tag": tag} for tag in sorted(tags)]
        conn.execute(repository_tags.insert(), rows)
    if terms:
        rows = [{"repo_id": repo_id, "term": term} for term in sorted(terms)]
        conn.execute(repository_terms.insert(), rows)
    if number % 10:  # one in ten was never read
        text = "".join(f" {word}" for word in words)
        head = " _model " + re.sub("[/._-]", " ", name.lower())
        conn.execute(repository_texts.insert().values(repo_id=repo_id, head=head, words=text))
    values = {sort: row[column.key] for sort, column in SORTS.items()}
    return Known(repo_id, name, owner, row["is_private"], row["gated"], tags, terms,
                 words, number % 10 != 0, row["parameters"], values)  # fmt: skip


def passes(repo: Known, wanted: Wanted) -> bool:
    words = [word for text in wanted.search for word in text.lower().split()]
    return (
        all(word in repo.full_name.lower() for word in words)
        and is_told(repo, wanted.text)
        and set(wanted.terms) <= repo.tags
        and set(wanted.seen) <= repo.terms
        and wanted.private in {None, repo.is_private}
        and wanted.gate in {None, repo.gated}
        and (wanted.author is None or wanted.author.lower() == repo.owner)
        and (wanted.gated is None or wanted.gated is (repo.gated is not None))
        and (
            wanted.parameters is None
            or (
                repo.parameters is not None
                and wanted.parameters[0] <= repo.parameters <= wanted.parameters[1]
            )
        )
    )


def is_told(repo: Known, typed: str) -> bool:
    """Whether words of the name or of the text begin with each word of what is typed."""
    words = [*repo.words, *words_of([repo.full_name])] if repo.is_read else []
    return all(any(w.startswith(asked) for w in words) for asked in words_asked(typed)[:8])


def some_wanted(chance: random.Random) -> Wanted:
    def perhaps(make: Callable[[], Any], default: Any) -> Any:
        return make() if chance.random() < 0.35 else default

    return Wanted(
        kind=Kind.MODEL,
        search=perhaps(lambda: tuple(chance.sample((*WORDS, "b", "-1", "LLAMA tiny"), 1)), ()),
        author=perhaps(lambda: chance.choice(("LAB", "bob", "nobody")), None),
        text=perhaps(lambda: chance.choice(TYPED), ""),
        terms=perhaps(lambda: tuple(chance.sample(TAGS, chance.randrange(1, 3))), ()),
        seen=perhaps(lambda: (chance.choice(TERMS),), ()),
        private=perhaps(lambda: chance.random() < 0.5, None),
        gate=perhaps(lambda: chance.choice(("auto", "manual")), None),
        gated=perhaps(lambda: chance.random() < 0.5, None),
        parameters=perhaps(lambda: (2 * 10**9, 2**63 - 1), None),
    )


@pytest.mark.parametrize("way", ["by the order", "by the fewest", "as it is"])
def test_every_listing_is_what_a_look_at_everything_finds(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way != "as it is":  # short walks, so that both ways and their borders are taken
        monkeypatch.setattr(listing, "FIRST_WALK", 3)
        monkeypatch.setattr(listing, "LATER_WALKS", (2, 7))
        monkeypatch.setattr(listing, "_FEW_AT_LEAST", 0 if way == "by the order" else 1000)
        monkeypatch.setattr(listing, "_MANY", 0)
        monkeypatch.setattr(listing, "_RARE", 1000 if way == "by the fewest" else 0)
    chance = random.Random(way)
    for _ in range(100):
        wanted, name = some_wanted(chance), chance.choice(("stranger", "alice", "bob", "boss"))
        sort, descending = chance.choice(list(SORTS)), chance.random() < 0.7
        asked = Listing(wanted, sort, descending, limit=chance.choice((1, 2, 7, 100)))
        expected = [r for r in filled.known if passes(r, wanted) and filled.sees(name, r)]
        expected.sort(key=lambda repo: (repo.values[sort], repo.id), reverse=descending)
        found = filled.walk(filled.caller(name), asked)
        assert found == [repo.full_name for repo in expected], (asked, name)


def test_what_stays_is_listed_once_while_others_come_and_go(filled: Filled) -> None:
    """Rows that are added, removed or counted anew between two pages disturb no others."""
    chance = random.Random(2)
    for descending in (True, False):
        asked = Listing(Wanted(Kind.MODEL), "likes", descending, limit=7)
        with filled.database.read() as conn:
            there = set(conn.execute(sa.select(repositories.c.full_name)).scalars())
        touched: set[str] = set()
        found: list[str] = []
        number = 1000 + 1000 * descending
        while True:
            with filled.database.read() as conn:
                page = list_repositories(conn, filled.caller("boss"), asked)
            found += [repo.full_name for repo in page.items]
            if page.next_cursor is None:
                break
            asked = replace(asked, cursor=page.next_cursor)
            victim = chance.choice(sorted(there - touched))
            touched.add(victim)
            with filled.database.write() as conn:
                for _ in range(3):
                    number += 1
                    make(conn, filled.accounts, number, chance)
                gone = repositories.c.full_name == victim
                conn.execute(repositories.delete().where(gone))
        stayed = [name for name in found if name in there - touched]
        assert sorted(stayed) == sorted(there - touched)


HOSTILE = ('"', "'", "tea OR kettle", "NEAR(tea kettle)", "tea* -kettle", "words:tea", "^tea",
           "tea\0pot", "\0", "' | 'tea", "tea':*", "\\", "*", ":*", "x" * 10_000, "tea " * 3_000,
           "\U0001f999", "\ud800")  # fmt: skip


def test_what_is_typed_is_words_and_nothing_else(filled: Filled) -> None:
    """Operators of an index are letters, or nothing at all, as they are for people."""
    for typed in HOSTILE:
        found = filled.walk(filled.caller("boss"), Listing(Wanted(Kind.MODEL, text=typed)))
        is_asked = bool(words_asked(typed[:300]))
        told = [repo for repo in filled.known if is_asked and is_told(repo, typed[:300])]
        assert set(found) == {repo.full_name for repo in told}, typed


def test_texts_are_found_after_they_changed_and_never_after_they_went(filled: Filled) -> None:
    boss, old = filled.caller("boss"), next(r for r in filled.known if r.id % 10 != 1)

    def search(word: str) -> list[str]:
        return filled.walk(boss, Listing(Wanted(Kind.MODEL, text=word)))

    with filled.database.write() as conn:
        own = repository_texts.update().where(repository_texts.c.repo_id == old.id)
        conn.execute(own.values(words=" samovar"))
    assert search("samo") == [old.full_name]
    with filled.database.write() as conn:
        conn.execute(repositories.delete().where(repositories.c.id == old.id))
    assert search("samo") == []


@pytest.mark.parametrize(
    "word", ["%", "_", "a_b", '"', "'", '"llama"', "lla*", "llama OR qwen", "NEAR(", "\\", "x.y",
             "-", "^llama", "łama", "key:llama", "\U0001f999"],
)  # fmt: skip
def test_a_search_is_for_letters_and_for_nothing_else(filled: Filled, word: str) -> None:
    wanted = Wanted(Kind.MODEL, search=(word,))
    expected = {repo.full_name for repo in filled.known if passes(repo, wanted)}
    assert set(filled.walk(filled.caller("boss"), Listing(wanted))) == expected


def test_names_are_found_after_they_changed(filled: Filled) -> None:
    old = filled.known[0]
    with filled.database.write() as conn:
        row = repositories.update().where(repositories.c.id == old.id)
        conn.execute(row.values(full_name="alice/Zebra", key="alice/zebra"))
        conn.execute(repositories.delete().where(repositories.c.id == filled.known[1].id))
    boss = filled.caller("boss")

    def search(word: str) -> list[str]:
        return filled.walk(boss, Listing(Wanted(Kind.MODEL, search=(word,))))

    assert search("zebr") == ["alice/Zebra"]
    assert search(old.full_name) == []
    assert search(filled.known[1].full_name) == []


def test_ranges_of_parameters_are_read_as_the_hub_writes_them() -> None:
    assert parse_parameters("min:6B,max:128B") == (6 * 10**9, 128 * 10**9)
    assert parse_parameters("min:0.5b") == (5 * 10**8, 2**63 - 1)
    assert parse_parameters("max:300M") == (0, 3 * 10**8)
    assert parse_parameters("min:999999999999999T")[0] == 2**63 - 1
    for wrong in ("", "6B", "min:", "min:x", "min:1e9", "least:6B", "min:-1"):
        with pytest.raises(BadInput):
            parse_parameters(wrong)


def plans(filled: Filled, name: str, asked: Listing) -> Iterator[str]:
    """How the database carries out each statement of a listing."""
    statements: list[tuple[str, Any]] = []
    with filled.database.read() as conn:
        sa.event.listen(
            conn, "before_cursor_execute",
            lambda _c, _cursor, sql, parameters, *_: statements.append((sql, parameters)),
        )  # fmt: skip
        list_repositories(conn, filled.caller(name), asked)
    is_sqlite = filled.database.is_sqlite
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    with filled.database.read() as conn:
        if not is_sqlite:  # a table of eighty rows is read as a whole, unless that is forbidden
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for sql, parameters in statements:
            if not sql.startswith("SELECT"):
                continue
            rows = conn.exec_driver_sql(explain + sql, parameters)
            yield "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("name", ["stranger", "alice", "boss"])
@pytest.mark.parametrize("sort", list(SORTS))
def test_a_page_is_read_along_the_index_of_its_order(filled: Filled, name: str, sort: str) -> None:
    index = f"ix_repositories_kind_is_private_{SORTS[sort].key}_id"
    asked = Listing(Wanted(Kind.MODEL), sort, limit=3)
    with filled.database.read() as conn:
        page = list_repositories(conn, filled.caller(name), asked)
    first, *_ = plans(filled, name, replace(asked, cursor=page.next_cursor))
    assert index in first
    assert "Sort" not in first and "TEMP B-TREE" not in first


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(Kind.MODEL, search=("zebra",)), "repository_search"),
        (Wanted(Kind.MODEL, text="größe"), "repository_search_texts"),
        (Wanted(Kind.MODEL, terms=("gguf",)), "ix_repository_tags_tag_repo_id"),
        (Wanted(Kind.MODEL, seen=("gate:passed",)), "ix_repository_terms_term_repo_id"),
        (Wanted(Kind.MODEL, author="bob"), "ix_repositories_namespace_id_kind_is_private"),
        (Wanted(Kind.MODEL, gated=True), "ix_repositories_kind_gated"),
        (Wanted(Kind.MODEL, parameters=(7 * 10**9,) * 2), "ix_repositories_kind_parameters"),
    ],
)  # fmt: skip
def test_what_few_have_is_found_by_an_index_and_nobody_else_is_looked_at(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, index: str
) -> None:
    monkeypatch.setattr(listing, "FIRST_WALK", 1)
    monkeypatch.setattr(listing, "_RARE", 1000)
    *_, counted, last = plans(filled, "stranger", Listing(wanted, limit=50))
    if filled.database.is_sqlite:  # PostgreSQL's choices depend on how much there is
        assert index in counted
        assert index in last or "INTEGER PRIMARY KEY" in last
    assert "Seq Scan" not in counted + last
    assert "SCAN repositories" not in counted + last
