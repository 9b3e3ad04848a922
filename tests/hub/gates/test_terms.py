"""Terms that a gate binds people to: accepted with their words, and again when they change."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import GatedRepoError

from paddock.hub.people.accounts import get_account, set_role
from tests.hub.gates.test_ending import ways
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import visit

LICENCE, POLICY = "You may use it.\n", "# Use policy\n\nNo **spam**. <script>alert(1)</script>\n"
WEIGHTS = b"weights" * 40_000


def card(**keys: object) -> str:
    lines = [f"{key}: {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(["---", "license: mit", *lines, "---", ""])


def owner_of(server: LiveServer) -> HfApi:
    return server.api(server.user("owner"))


@pytest.fixture
def owner(server_on_each: LiveServer) -> HfApi:
    return owner_of(server_on_each)


def commit(api: HfApi, repo: str, **files: str | bytes | None) -> None:
    """Let files be so; ``_`` stands for a dot."""
    operations = [
        CommitOperationDelete(name.replace("_", "."))
        if content is None
        else CommitOperationAdd(
            name.replace("_", "."), content.encode() if isinstance(content, str) else content
        )
        for name, content in files.items()
    ]
    api.create_commit(repo, operations, commit_message="Change")


def gated(api: HfApi, repo: str, gate: str, **keys: object) -> None:
    api.create_repo(repo)
    files: dict[str, Any] = {"LICENSE": LICENCE, "USE-POLICY_md": POLICY, "w_bin": WEIGHTS}
    commit(api, repo, README_md=card(**{"extra_gated_terms": True, **keys}), **files)
    api.update_repo_settings(repo, gated=gate)


def terms_of(server: LiveServer, repo: str, token: str) -> dict[str, Any]:
    return dict(call(server, "GET", f"/api/models/{repo}/access-terms", token).json())


def accept(server: LiveServer, repo: str, token: str, **others: object) -> httpx.Response:
    digest = terms_of(server, repo, token)["digest"]
    return call(
        server, "POST", f"/{repo}/ask-access", token, json={"acceptTerms": digest, **others}
    )


def reads(server: LiveServer, repo: str, token: str) -> bool:
    try:
        server.api(token).auth_check(repo)
    except GatedRepoError:
        return False
    return True


def test_what_is_accepted_is_written_down_and_asked_again_when_it_changes(
    server_on_each: LiveServer, owner: HfApi, tmp_path: Path
) -> None:
    server, ann, repo = server_on_each, server_on_each.user("ann"), "owner/bound"
    gated(owner, repo, "auto", extra_gated_terms_version="1.0")
    silent = call(server, "POST", f"/{repo}/ask-access", ann, json={})
    assert silent.status_code == 400 and "access-terms" in silent.text
    told = terms_of(server, repo, ann)
    sha256 = {text["path"]: text["sha256"] for text in told["texts"]}
    assert sha256["LICENSE"] == hashlib.sha256(LICENCE.encode()).hexdigest()
    assert (told["version"], told["complete"], told["accepted"]) == ("1.0", True, False)
    stale = {"acceptTerms": "0" * 64}
    assert call(server, "POST", f"/{repo}/ask-access", ann, json=stale).status_code == 409
    assert not reads(server, repo, ann)
    assert accept(server, repo, ann).json() == {"status": "accepted"}
    path = server.api(ann).hf_hub_download(repo, "w.bin", local_dir=tmp_path)
    assert Path(path).read_bytes() == WEIGHTS

    commit(owner, repo, notes_md="Nothing that binds.\n")
    assert reads(server, repo, ann)
    commit(owner, repo, LICENSE=LICENCE + "But not on Sundays.\n")
    with pytest.raises(GatedRepoError, match="not in the authorized list") as refused:
        server.api(ann).hf_hub_download(repo, "w.bin", local_dir=tmp_path / "again")
    link = str(refused.value).split("Visit ")[1].split(" to accept")[0]
    assert link == f"{server.url}/{repo}/ask-access"
    page = visit(server, "ann").get(link.removeprefix(server.url)).text
    assert "Accept the terms to go on" in page and "But not on Sundays." in page
    assert "<strong>spam</strong>" in page and "<script>alert" not in page
    assert reads(server, repo, owner.token or "")
    assert accept(server, repo, ann).json() == {"status": "accepted"}
    assert reads(server, repo, ann)

    commit(owner, repo, README_md=card(extra_gated_terms=True, extra_gated_terms_version="2.0"))
    assert not reads(server, repo, ann)
    accept(server, repo, ann)
    commit(owner, repo, LICENSE=LICENCE, README_md=card(
        extra_gated_terms=True, extra_gated_terms_version="1.0"
    ))  # fmt: skip
    assert reads(server, repo, ann)  # these very terms were accepted once
    history = call(server, "GET", f"/api/models/{repo}/access-acceptances", owner.token).json()
    assert [one["version"] for one in history] == ["2.0", "1.0", "1.0"]
    assert {one["user"] for one in history} == {"ann"}
    assert {text["path"] for text in history[0]["texts"]} == {"LICENSE", "USE-POLICY.md"}
    assert history[2]["texts"][0]["sha256"] in sha256.values()


def test_who_was_let_in_unasked_accepts_first_and_a_review_is_asked_for_where_the_card_says_so(
    server_on_each: LiveServer, owner: HfApi
) -> None:
    server, ben, repo = server_on_each, server_on_each.user("ben"), "owner/reviewed"
    gated(owner, repo, "manual", extra_gated_reaccept="review")
    owner.grant_access(repo, "ben")
    assert not reads(server, repo, ben)
    (waiting,) = call(
        server, "GET", f"/api/models/{repo}/user-access-request/terms_changed", owner.token
    ).json()
    assert waiting["user"]["user"] == "ben" and waiting["owesTerms"] is True
    assert accept(server, repo, ben).json() == {"status": "accepted"}
    assert reads(server, repo, ben)
    commit(owner, repo, **{"USE-POLICY_md": "# Use policy\n\nLess.\n"})
    assert accept(server, repo, ben).json() == {"status": "pending"}
    assert not reads(server, repo, ben)
    owner.accept_access_request(repo, "ben")
    assert reads(server, repo, ben)


def test_a_download_that_goes_on_ends_and_the_next_is_refused(
    shared_server: LiveServer,
) -> None:
    server, owner, repo = shared_server, owner_of(shared_server), "owner/underway"
    cleo = server.user("cleo")
    gated(owner, repo, "auto")
    accept(server, repo, cleo)
    big = b"0123456789abcdef" * 500_000
    commit(owner, repo, big=big)
    headers = {"Authorization": f"Bearer {cleo}"}
    url = f"{server.url}/{repo}/resolve/main/big"
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=60) as answer:
        pieces = answer.iter_raw(1 << 16)
        received = next(pieces)
        commit(owner, repo, LICENSE="Another licence.\n")
        received += b"".join(pieces)
    assert received == big
    again = httpx.get(url, headers={**headers, "Range": "bytes=0-9"}, timeout=60)
    assert again.status_code == 403 and again.headers["X-Error-Code"] == "GatedRepo"


def test_terms_that_nobody_can_read_nobody_accepts(shared_server: LiveServer) -> None:
    server, owner, repo = shared_server, owner_of(shared_server), "owner/missing"
    dora = server.user("dora")
    gated(owner, repo, "auto", extra_gated_terms=["LICENSE", "legal/terms.txt"])
    assert terms_of(server, repo, dora)["complete"] is False
    assert accept(server, repo, dora).status_code == 400
    page = visit(server, "dora").get(f"/{repo}/ask-access").text
    assert "Nobody can accept these terms now" in page and "/ask-access/form" not in page
    for odd in (b"\xff\xfe", b"a" * 200_000, b"  \n"):
        owner.upload_file(path_or_fileobj=odd, path_in_repo="legal/terms.txt", repo_id=repo)
        assert terms_of(server, repo, dora)["complete"] is False
    owner.upload_file(path_or_fileobj=b"Fine.", path_in_repo="legal/terms.txt", repo_id=repo)
    assert accept(server, repo, dora).json() == {"status": "accepted"}
    # Without a file, the id of a licence that everybody knows is what is accepted.
    commit(owner, repo, LICENSE=None, README_md=card(extra_gated_terms=["license"]))
    assert not reads(server, repo, dora)
    assert terms_of(server, repo, dora)["texts"][0]["licence"] == "mit"
    accept(server, repo, dora)
    assert reads(server, repo, dora)
    commit(owner, repo, README_md="---\nlicense: mit\n---\n")
    assert terms_of(server, repo, server.user("gus"))["digest"] is None


def test_the_history_is_shown_and_exported_to_who_may_write(
    shared_server: LiveServer,
) -> None:
    server, owner = shared_server, owner_of(shared_server)
    repo = "owner/history"
    gated(owner, repo, "auto", extra_gated_terms_version='=1+1"<b>')
    accept(server, repo, server.user("eva"))
    boss, eva = visit(server, "owner"), visit(server, "eva")
    page = boss.get(f"/{repo}/access/acceptances").text
    assert ">eva</a>" in page and "You may use it." in page and "<b>" not in page.split("<main")[1]
    rows = list(csv.DictReader(boss.get(f"/{repo}/access/acceptances.csv").text.splitlines()))
    assert [row["user"] for row in rows] == ["eva"] and rows[0]["version"].startswith("'=")
    (entry,) = boss.get(f"/{repo}/access/acceptances.json").json()
    assert entry["user"] == "eva" and len(entry["revision"]) == 40
    mine = eva.get("/settings/access/terms").text
    assert repo in mine and "You may use it." in mine
    for path in ("", ".csv", ".json"):
        assert eva.get(f"/{repo}/access/acceptances{path}").status_code == 403


def test_an_address_accepts_nothing_and_fills_in_nothing(shared_server: LiveServer) -> None:
    server, owner = shared_server, owner_of(shared_server)
    repo = "owner/lured"
    gated(owner, repo, "auto", extra_gated_fields={"Company": "text", "I agree": "checkbox"})
    token = server.user("fay")
    digest = terms_of(server, repo, token)["digest"]
    fay = visit(server, "fay")
    lure = f"accept_terms={digest}&acceptTerms={digest}&answer:Company=Evil&answer:I+agree=true"
    page = fay.get(f"/{repo}/ask-access?{lure}").text
    assert "Evil" not in page and " checked" not in page.split("<main")[1]
    assert call(server, "GET", f"/{repo}/ask-access?{lure}", token).status_code in {200, 303, 405}
    assert not reads(server, repo, token)
    sent = {"accept_terms": digest, "answer:Company": "ACME", "answer:I agree": "true"}
    assert fay.post(f"/{repo}/ask-access/form", **{**sent, "form_key": ""}).status_code == 403
    assert fay.post(f"/{repo}/ask-access/appeal", text="x", form_key="").status_code == 403
    # Nor does the session of a browser count where programs ask.
    as_program = fay.post(f"/{repo}/ask-access", acceptTerms=digest, Company="x")
    assert as_program.status_code == 401
    without = fay.post(f"/{repo}/ask-access/form", **{**sent, "accept_terms": ""})
    assert "have to be accepted" in without.text and not reads(server, repo, token)
    other = fay.post(f"/{repo}/ask-access/form", **{**sent, "accept_terms": "0" * 64})
    assert "changed while you read" in other.text and not reads(server, repo, token)
    assert fay.post(f"/{repo}/ask-access/form", **sent).status_code == 303
    assert reads(server, repo, token)


def test_each_member_of_an_organisation_that_was_let_in_accepts_for_themself(
    shared_server: LiveServer,
) -> None:
    server, owner, repo = shared_server, owner_of(shared_server), "owner/friendly"
    gated(owner, repo, "manual")
    hal, ida = server.user("hal"), server.user("ida")
    server.org("friends", "hal")
    with server.hub.database.write() as conn:
        set_role(conn, get_account(conn, "friends"), get_account(conn, "ida"), "read")
    owner.grant_access(repo, "friends")
    assert not reads(server, repo, hal)
    assert accept(server, repo, hal).json() == {"status": "accepted"}
    assert reads(server, repo, hal) and not reads(server, repo, ida)
    names = [one.username for one in owner.list_accepted_access_requests(repo)]
    assert names == ["friends"]  # nobody asked for themself
    assert "Owe terms <span>0<" in visit(server, "owner").get(f"/{repo}/access").text


def test_a_version_alone_binds_to_what_the_page_says_where_there_is_nothing_else(
    shared_server: LiveServer,
) -> None:
    server, owner, repo = shared_server, owner_of(shared_server), "owner/said"
    jan = server.user("jan")
    owner.create_repo(repo)
    keys = {"license": "unknown", "extra_gated_fields": {"Company": "text"}}
    owner.update_repo_settings(repo, gated="auto")
    words = {"extra_gated_terms_version": 3, "extra_gated_prompt": "Be kind."}
    commit(owner, repo, README_md=card(**keys, **words).replace("license: mit\n", ""))
    (text,) = terms_of(server, repo, jan)["texts"]
    assert (text["name"], text["text"]) == ("prompt", "Be kind.")
    assert accept(server, repo, jan).status_code == 400  # a question is not answered
    assert terms_of(server, repo, jan)["accepted"] is False  # so nothing was written down
    assert accept(server, repo, jan, fields={"Company": "ACME"}).json() == {"status": "accepted"}
    assert terms_of(server, repo, jan)["version"] == "3"
    words["extra_gated_prompt"] = "Be very kind."
    commit(owner, repo, README_md=card(**keys, **words).replace("license: mit\n", ""))
    assert not reads(server, repo, jan)


def test_they_hold_by_every_way_that_files_leave(shared_server: LiveServer, tmp_path: Path) -> None:
    server, owner, repo = shared_server, owner_of(shared_server), "owner/ways"
    gated(owner, repo, "auto")
    kim = server.user("kim")
    accept(server, repo, kim)
    told = call(server, "GET", f"/api/models/{repo}/xet-read-token/main", kim).json()
    head = call(server, "HEAD", f"/{repo}/resolve/main/w.bin", kim)
    xet = {**told, "hash": head.headers["X-Xet-Hash"]}
    assert ways(server, repo, kim, xet, tmp_path / "a") == [200, 200, 200, 200]
    commit(owner, repo, LICENSE="Another licence.\n")
    assert ways(server, repo, kim, xet, tmp_path / "b") == [403, 403, 403, 403]
    accept(server, repo, kim)
    assert ways(server, repo, kim, xet, tmp_path / "c") == [200, 200, 200, 200]
