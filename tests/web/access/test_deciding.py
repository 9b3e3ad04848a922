"""The Access tab, as those use it who decide: one by one, many at once, until a day."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import create_user, get_account, new_public_id
from paddock.hub.people.leaving import delete_account
from paddock.hub.tables import access_grants, accounts
from paddock.hub.types import Kind
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import Visiting, visit

CARD = "---\nextra_gated_fields:\n  '=Company<b>': text\n---\n"


@pytest.fixture(scope="module")
def boss(shared_server: LiveServer) -> Visiting:
    return visit(shared_server, "owner")


def gated(server: LiveServer, name: str) -> str:
    api = server.api(server.user("owner"))
    api.create_repo(f"owner/{name}")
    api.upload_file(
        path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id=f"owner/{name}"
    )
    api.update_repo_settings(f"owner/{name}", gated="manual")
    return f"/owner/{name}"


def ask(server: LiveServer, repo: str, *names: str) -> None:
    for name in names:
        body = {"=Company<b>": "=1+1<script>"}
        answer = call(server, "POST", f"{repo}/ask-access", server.user(name), json=body)
        assert answer.status_code == 200, answer.text


def ids(page: str) -> list[str]:
    return re.findall(r'name="request" value="(\w+)"', page)


def counts(page: str) -> dict[str, int]:
    found = re.findall(r"\?show=(\w+)[^>]*>[^<]*<span>(\d+)</span>", page)
    return {show: int(many) for show, many in found}


def test_many_are_let_in_at_once_and_one_is_rejected_with_a_reason(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "many")
    ask(shared_server, repo, "ann", "ben", "cleo")
    page = boss.get(f"{repo}/access").text
    assert "<script>" not in page.split("<main")[1] and "=Company&lt;b&gt;" in page
    assert counts(page)["pending"] == 3
    *others, one = ids(page)  # who has waited longest is first
    done = boss.post(f"{repo}/access/decide", request=others, decide="accepted", ends="2999-12-31")
    assert done.status_code == 303
    reads = [
        call(shared_server, "GET", f"{repo}/resolve/main/README.md", shared_server.user(name))
        for name in ("ann", "ben", "cleo")
    ]
    assert [answer.status_code for answer in reads] == [200, 200, 403]
    assert "2999-12-31" in boss.get(f"{repo}/access?show=accepted").text
    # A row's own button decides about that row, whatever boxes are checked.
    why = "we <i>know</i> you not"
    boss.post(f"{repo}/access/decide", request=others, decide=f"rejected {one}", reason=why)
    page = boss.get(f"{repo}/access?show=rejected").text
    assert counts(page) == {
        "pending": 0, "accepted": 2, "expired": 0, "terms_changed": 0, "appealed": 0,
        "rejected": 1, "reset": 0, "all": 3,
    }  # fmt: skip
    cleo = visit(shared_server, "cleo").get(f"{repo}/ask-access").text
    assert "we &lt;i&gt;know&lt;/i&gt; you not" in cleo and "/ask-access/form" not in cleo
    report = boss.get(f"{repo}/user-access-report?format=csv").text
    rows = list(csv.DictReader(report.splitlines()))
    assert {row["status"] for row in rows} == {"accepted", "rejected"}
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_access_is_given_until_a_day_ends_and_is_renewed(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "until")
    shared_server.user("dora")
    granted = boss.post(f"{repo}/access/grant", who="Dora", ends="2999-01-01")
    assert granted.status_code == 303
    with shared_server.hub.database.write() as conn:
        past = clock.now() - timedelta(days=1)
        conn.execute(access_grants.update().values(expires_at=past))
    dora = visit(shared_server, "dora")
    assert "Your access ended" in dora.get(f"{repo}/ask-access").text
    assert "Ask again" in dora.get("/settings/access").text
    assert dora.get(f"{repo}/resolve/main/README.md").status_code == 403
    page = boss.get(f"{repo}/access?show=expired").text
    (one,) = ids(page)
    boss.post(f"{repo}/access/decide", request=[one], decide="renew", ends="2999-01-01")
    assert dora.get(f"{repo}/resolve/main/README.md").status_code == 200
    boss.post(f"{repo}/access/decide", decide=f"reset {one}")
    assert "taken back" in dora.get(f"{repo}/ask-access").text
    sent = dora.post(f"{repo}/ask-access/form", **{"answer:=Company<b>": "ACME"})
    assert sent.status_code == 303
    assert "awaiting a review" in dora.get(f"{repo}/ask-access").text
    withdrawn = dora.post(f"{repo}/ask-access/withdraw")
    assert withdrawn.headers["location"] == "/settings/access?done=withdrawn"
    assert counts(boss.get(f"{repo}/access").text)["all"] == 0


def test_what_cannot_be_decided_is_said(shared_server: LiveServer, boss: Visiting) -> None:
    repo = gated(shared_server, "wrong")
    ask(shared_server, repo, "eva")
    (one,) = ids(boss.get(f"{repo}/access").text)
    for fields, said in (
        ({"decide": "accepted"}, "nobody was chosen"),
        ({"decide": f"crowned {one}"}, "nothing that can be decided"),
        ({"decide": f"accepted {one}", "ends": "soon"}, "is not a date"),
        ({"decide": f"accepted {one}", "ends": "1999-01-01"}, "ended already"),
        ({"decide": "accepted", "request": [f"{n:024x}" for n in range(101)]}, "at most"),
        ({"decide": f"rejected {one}", "reason": "x" * 1001}, "the reason"),
    ):
        answer = boss.post(f"{repo}/access/decide", **fields)
        assert answer.status_code == 400 and said in answer.text, fields
    for who in ("nobody-here", "", "<script>"):
        answer = boss.post(f"{repo}/access/grant", who=who)
        assert answer.status_code == 404 and "<script>" not in answer.text.split("<main")[1]
    assert counts(boss.get(f"{repo}/access").text)["pending"] == 1


def test_two_who_decide_at_once_and_somebody_who_is_gone_by_then(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "race")
    ask(shared_server, repo, "fay", "gil", "hal")
    chosen = ids(boss.get(f"{repo}/access").text)
    with shared_server.hub.database.write() as conn:
        delete_account(conn, get_account(conn, "fay"))
    again = visit(shared_server, "owner")
    first = boss.post(f"{repo}/access/decide", request=chosen[:2], decide="accepted")
    second = again.post(f"{repo}/access/decide", request=chosen, decide="accepted")
    assert [a.headers["location"].partition("done=")[2] for a in (first, second)] == [
        "some",
        "some",
    ]
    third = again.post(f"{repo}/access/decide", request=chosen[1:], decide="rejected")
    assert "done=rejected" in third.headers["location"]
    assert counts(boss.get(f"{repo}/access").text)["all"] == 2


def test_ten_thousand_who_wait_come_in_pages_and_are_found_by_name(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "crowd")
    with shared_server.hub.database.write() as conn:
        named = find_repository(conn, RepositoryName(Kind.MODEL, "owner", "crowd"))
        assert named is not None
        sample = create_user(conn, "crowd-0")
        row = dict(
            conn.execute(sa.select(accounts).where(accounts.c.id == sample.id)).mappings().one()
        )
        del row["id"]
        people = [
            {**row, "public_id": new_public_id(), "name": f"crowd-{n}x", "key": f"crowd-{n}x"}
            for n in range(10_000)
        ]
        conn.execute(accounts.insert(), people)
        wanted = sa.select(accounts.c.id).where(accounts.c.key.like("crowd-%x"))
        moment = clock.now()
        conn.execute(
            access_grants.insert(),
            [
                {"repo_id": named.id, "user_id": user, "public_id": new_public_id(),
                 "status": "pending", "created_at": moment, "is_email_shared": True}
                for user in conn.execute(wanted).scalars()
            ],
        )  # fmt: skip
    first = boss.get(f"{repo}/access").text
    assert counts(first)["pending"] == 10_000 and len(ids(first)) == 50
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = boss.get(f"{repo}/access" + following[1].replace("&amp;", "&")).text
    assert len(ids(second)) == 50 and not set(ids(first)) & set(ids(second))
    assert len(ids(boss.get(f"{repo}/access?q=crowd-777x").text)) == 1
    assert boss.get(f"{repo}/access?after=nonsense").status_code == 400
    assert len(boss.get(f"{repo}/user-access-report?format=csv").text.splitlines()) == 10_001


def test_who_downloaded_what_is_shown_and_exported(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "taken")
    ask(shared_server, repo, "ida")
    (one,) = ids(boss.get(f"{repo}/access").text)
    boss.post(f"{repo}/access/decide", decide=f"accepted {one}")
    ida = visit(shared_server, "ida")
    assert ida.get(f"{repo}/resolve/main/README.md").status_code == 200
    shared_server.hub.download_log.flush(shared_server.hub.database)
    page = boss.get(f"{repo}/access/downloads").text
    assert ">ida</a>" in page and "README.md" in page
    assert ">ida</a>" not in boss.get(f"{repo}/access/downloads?user=owner").text
    table = list(csv.reader(boss.get(f"{repo}/access/downloads.csv").text.splitlines()))
    assert table[0][:3] == ["time", "user", "file"] and table[1][1:3] == ["ida", "README.md"]
    for path in ("/access", "/access/downloads", "/access/downloads.csv"):
        assert ida.get(repo + path).status_code == 403
        assert httpx.get(shared_server.url + repo + path).status_code == 401


def test_a_repository_without_a_gate_has_nobody_who_asks(
    shared_server: LiveServer, boss: Visiting
) -> None:
    repo = gated(shared_server, "opened")
    ask(shared_server, repo, "jan")
    (one,) = ids(boss.get(f"{repo}/access").text)
    boss.post(f"{repo}/settings/gate", gate="off")
    page = boss.get(f"{repo}/access").text
    assert "nobody has to ask" in page and not ids(page)
    assert boss.post(f"{repo}/access/decide", decide=f"accepted {one}").status_code == 400
    assert boss.post(f"{repo}/access/grant", who="jan").status_code == 400
