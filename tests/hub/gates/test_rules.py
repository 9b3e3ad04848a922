"""Rules of a gate by country and by domain: they decide, and say why to those who may know."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.gates.rules import COUNTRY, DENY, DOMAIN, ONLY, REVIEW, Known, Rule, judge
from paddock.hub.tables import accounts
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import visit

CARD = "---\nlicense: mit\nextra_gated_fields:\n  Country: country\n---\n"
FRANCE = {"Country": "FR"}


@pytest.mark.parametrize(
    ("rules", "known", "status"),
    [
        ([], Known(), "accepted"),
        ([Rule(COUNTRY, DENY, "France")], Known(("France",)), "rejected"),
        ([Rule(COUNTRY, DENY, "France")], Known(("Spain",)), "accepted"),
        ([Rule(COUNTRY, DENY, "France")], Known(), "pending"),
        ([Rule(COUNTRY, ONLY, "France")], Known(("France",)), "accepted"),
        ([Rule(COUNTRY, ONLY, "France")], Known(("Spain",)), "rejected"),
        ([Rule(COUNTRY, ONLY, "France")], Known(("France", "Spain")), "rejected"),
        ([Rule(COUNTRY, ONLY, "France")], Known(), "rejected"),
        ([Rule(COUNTRY, REVIEW, "France")], Known(("France",)), "pending"),
        ([Rule(DOMAIN, ONLY, "lab.org")], Known((), "lab.org"), "accepted"),
        ([Rule(DOMAIN, ONLY, "lab.org")], Known((), "sub.lab.org"), "rejected"),
        ([Rule(DOMAIN, ONLY, "*.lab.org")], Known((), "sub.lab.org"), "accepted"),
        ([Rule(DOMAIN, ONLY, "*.lab.org")], Known((), "evillab.org"), "rejected"),
        ([Rule(DOMAIN, ONLY, "lab.org")], Known(), "rejected"),
        ([Rule(DOMAIN, REVIEW, "mail.org")], Known((), "lab.org"), "accepted"),
        (
            [Rule(DOMAIN, ONLY, "lab.org"), Rule(COUNTRY, REVIEW, "France")],
            Known(("France",), "lab.org"),
            "pending",
        ),
        (
            [Rule(DOMAIN, DENY, "lab.org"), Rule(COUNTRY, REVIEW, "France")],
            Known(("France",), "lab.org"),
            "rejected",
        ),
    ],
)
def test_the_strictest_rule_that_holds_decides(
    rules: list[Rule], known: Known, status: str
) -> None:
    assert judge(rules, known, opens_itself=True).status == status
    assert judge(rules[::-1], known, opens_itself=True) == judge(rules, known, opens_itself=True)
    expected = "pending" if status == "accepted" else status
    assert judge(rules, known, opens_itself=False).status == expected


def prove(server: LiveServer, name: str, email: str, *, proven: bool = True) -> str:
    token = server.user(name)
    with server.hub.database.write() as conn:
        values = {"email": email, "email_verified_at": clock.now() if proven else None}
        conn.execute(sa.update(accounts).where(accounts.c.key == name).values(values))
    return token


def gated(server: LiveServer, name: str, *rules: tuple[str, str, str]) -> str:
    owner = server.api(server.user("owner"))
    repo = f"owner/{name}"
    owner.create_repo(repo)
    owner.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id=repo)
    owner.update_repo_settings(repo, gated="auto")
    named = [dict(zip(("subject", "effect", "value"), rule, strict=True)) for rule in rules]
    done = call(
        server, "PUT", f"/api/models/{repo}/access-rules", owner.token, json={"rules": named}
    )
    assert done.status_code == 200, done.text
    return repo


def ask(server: LiveServer, repo: str, token: str, **answers: Any) -> Any:
    return call(server, "POST", f"/{repo}/ask-access", token, json=answers or FRANCE).json()


def requests_of(server: LiveServer, repo: str, status: str) -> dict[str, dict[str, Any]]:
    path = f"/api/models/{repo}/user-access-request/{status}"
    return {
        one["user"]["user"]: one for one in call(server, "GET", path, server.user("owner")).json()
    }


def test_a_proven_address_counts_and_another_does_not(server_on_each: LiveServer) -> None:
    server = server_on_each
    repo = gated(server, "domains", (DOMAIN, ONLY, "@LAB.org"), (DOMAIN, REVIEW, "*.lab.org"))
    assert ask(server, repo, prove(server, "ann", "ann@lab.org")) == {"status": "accepted"}
    ben = prove(server, "ben", "ben@lab.org", proven=False)
    assert ask(server, repo, ben) == {"status": "rejected"}
    rejected = requests_of(server, repo, "rejected")
    assert rejected["ben"]["rule"] == "no address was proven"
    refused = call(server, "GET", f"/{repo}/resolve/main/README.md", ben)
    assert "has been rejected" in refused.json()["error"] and "proven" not in refused.text
    page = visit(server, "ben").get(f"/{repo}/ask-access").text
    assert "rules of this gate do not let you in" in page and "proven" not in page
    assert "no address was proven" in visit(server, "owner").get(
        f"/{repo}/access?show=rejected"
    ).text  # fmt: skip


def test_a_country_may_be_refused_or_looked_at(shared_server: LiveServer) -> None:
    server = shared_server
    repo = gated(server, "countries", (COUNTRY, DENY, "FR"), (COUNTRY, REVIEW, "Spain"))
    assert ask(server, repo, server.user("cleo")) == {"status": "rejected"}
    again = call(server, "POST", f"/{repo}/ask-access", server.user("cleo"), json={"Country": "DE"})
    assert again.status_code == 403  # another answer does not help
    assert ask(server, repo, server.user("dora"), Country="ES") == {"status": "pending"}
    assert requests_of(server, repo, "pending")["dora"]["rule"] == "the country Spain is looked at"
    assert ask(server, repo, server.user("eva"), Country="DE") == {"status": "accepted"}


def test_the_page_keeps_rules_and_says_what_is_wrong_with_them(shared_server: LiveServer) -> None:
    repo = gated(shared_server, "page")
    boss = visit(shared_server, "owner")
    path = f"/{repo}/access/rules"
    sent = {"country-deny": "FR\n\nspain", "domain-only": "*.Example.ORG"}
    assert boss.post(path, **sent).headers["location"].endswith("/access/rules?done=saved")
    page = boss.get(f"{path}?done=saved").text
    assert "France\nSpain" in page and "*.example.org" in page and "are saved" in page
    for wrong, said in (
        ({"country-deny": "Atlantis<b>"}, "is not a country"),
        ({"domain-deny": "nodots"}, "is not a domain"),
        ({"domain-deny": "a.org\r\nBcc: x@y.org"}, "is not a domain"),
        ({"country-deny": "FR", "country-only": "France"}, "two rules about"),
        ({"domain-deny": "\n".join(f"d{n}.org" for n in range(301))}, "at most"),
    ):
        answer = boss.post(path, **wrong)
        assert answer.status_code == 400 and said in answer.text, wrong
        assert "<b>" not in answer.text.split("<main")[1]
    assert "France\nSpain" in boss.get(path).text
    assert boss.post(path, **{**sent, "form_key": ""}).status_code == 403
