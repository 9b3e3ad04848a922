"""The pages of reports and advisories without a script: forms, refusals, and hostile texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree

import httpx
import pytest

from paddock.hub.people.accounts import get_account
from paddock.hub.sessions import sessions
from tests.hub.reports.reported import Reported, reported
from tests.live import LiveServer

XSS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</textarea><svg onload=x>",
    "javascript:alert(1)", "{{7*7}}", "<!--", "]]>", "&lt;b&gt;", "' onfocus='alert(1)", "\u202e",
)  # fmt: skip


@pytest.fixture
def model(shared_server: LiveServer) -> Iterator[Reported]:
    with reported(shared_server) as made:
        yield made


class Visit:
    """A browser without scripts, in which somebody is signed in."""

    def __init__(self, server: LiveServer, name: str) -> None:
        with server.hub.database.write() as conn:
            secret = sessions.start_session(conn, get_account(conn, name))
        none_kept = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=server.url, cookies={"paddock_session": secret},
                                 headers={"Accept": "text/html"}, limits=none_kept,
                                 timeout=60)  # fmt: skip
        self.key = sessions.form_key(secret)

    def send(self, path: str, **fields: object) -> httpx.Response:
        return self.http.post(path, data={"form_key": self.key, **fields})

    def problem(self, answer: httpx.Response) -> str:
        found = re.search(r'role="alert"><p>(.*?)</p>', answer.text)
        return found[1] if found else ""


class Tags(HTMLParser):
    """Elements and attributes of a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


class Words(HTMLParser):
    """The text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def test_without_a_script_a_report_is_written_answered_and_decided(model: Reported) -> None:
    finder, keeper = (Visit(model.server, model.names[who]) for who in ("finder", "keeper"))
    at = f"/{model.repo_id}/reports"
    longer = finder.send(f"{at}/new", role=["system"], content=["Be brief."], more="1")
    assert longer.text.count('name="content"') == 2 and "Be brief." in longer.text
    said = {"category": "wrong", "title": "It cannot add", "role": ["system", "user", "user"],
            "content": ["Be brief.", "2 + 2?\r\nQuick.", " "], "output": "Five.",
            "temperature": "0,5", "seed": "7", "stop": "\\n\n\\\\n"}  # fmt: skip
    refused = finder.send(f"{at}/new", **{**said, "temperature": "hot"})
    assert (refused.status_code, "not a number" in finder.problem(refused)) == (400, True)
    assert "2 + 2?" in refused.text
    sent = finder.send(f"{at}/new", **said)
    assert sent.status_code == 303, sent.text
    report = sent.headers["location"]
    told = model.read(report[-24:]).json()
    assert told["messages"][1]["content"] == "2 + 2?\nQuick."
    assert told["settings"] == {"temperature": 0.5, "seed": 7, "stop": ["\n", "\\n"]}
    assert "It cannot add" in finder.http.get("/reports").text
    for fields, problem in (
        ({}, "the form says nothing"),
        ({"state": "triaged"}, "triage says how bad"),
        ({"state": "fixed", "fixed_in": "main"}, "cannot become fixed"),
        ({"state": "burnt"}, "is not one of"),
        ({"state": "triaged", "impact": "severe", "ease": "easy", "public": "until"}, "not a date"),
    ):
        assert problem in keeper.problem(keeper.send(report, **fields)), fields
    triage = {"state": "triaged", "impact": "severe", "ease": "easy", "public": "now"}
    assert keeper.send(report, **triage, message="We *saw* it.").status_code == 303
    assert "We <em>saw</em> it." in finder.http.get(report).text
    page = model.stranger.get(report, headers={"Accept": "text/html"}).text
    assert "It cannot add" in page and "saw" not in page and 'name="state"' not in page
    twin = model.report()
    model.steps(twin, "triaged")
    address = f"{model.server.url}{report}"
    joined = keeper.send(f"{at}/{twin}", state="duplicate", duplicate_of=address)
    assert joined.status_code == 303, keeper.problem(joined)


def test_a_form_that_is_not_ours_changes_nothing(model: Reported) -> None:
    report = model.report()
    keeper, finder = (Visit(model.server, model.names[who]) for who in ("keeper", "finder"))
    at, own = f"/{model.repo_id}", f"/{model.repo_id}/reports/{report}"
    model.steps(report, "triaged", "confirmed")
    name = model.keeper.post(f"/api/models{at}/advisories", json={
        "title": "Doors", "severity": "low", "details": "d", "advice": "a", "reports": [report]
    }).json()["id"]  # fmt: skip
    before = model.read(report).json()
    for path in (own, f"{own}/credit", f"{own}/case", f"{own}/replay", f"{at}/reports/new",
                 f"{at}/advisories/new", f"{at}/advisories/{name}/edit",
                 f"{at}/advisories/{name}/withdraw", "/reports/read"):  # fmt: skip
        for visit in (keeper, finder):
            forged = visit.http.post(path, data={"form_key": "0" * 64, "state": "closed"})
            assert forged.status_code == 403, path
            elsewhere = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
            sent = visit.http.post(path, data={"form_key": visit.key}, headers=elsewhere)
            assert sent.status_code == 403, path
    assert model.read(report).json() == before


def test_nothing_that_people_write_becomes_part_of_a_page(model: Reported) -> None:
    finder, keeper = (Visit(model.server, model.names[who]) for who in ("finder", "keeper"))
    at, all_of_it = f"/{model.repo_id}", "\n".join(XSS)
    line = " ".join(XSS)[:180].replace("\u202e", "")
    said = {"role": ["user"], "content": [all_of_it], "output": all_of_it, "stop": all_of_it[:100],
            "expected": all_of_it, "details": all_of_it, "title": line, "category": "wrong",
            "revision": "main"}  # fmt: skip
    odd = finder.send(f"{at}/reports/new", **{**said, "seed": line, "category": line})
    sent = finder.send(f"{at}/reports/new", **said)
    assert sent.status_code == 303, finder.problem(sent)
    report = sent.headers["location"]
    model.steps(report[-24:], "triaged", "confirmed")
    keeper.send(report, message=all_of_it)
    draft = {"title": line, "severity": "high", "details": all_of_it, "advice": all_of_it,
             "report": [report[-24:]]}  # fmt: skip
    made = keeper.send(f"{at}/advisories/new", **draft)
    assert made.status_code == 303, keeper.problem(made)
    wrong = keeper.send(f"{at}/advisories/new", **{**draft, "first": line})
    case = keeper.send(f"{report}/case", must_not_contain=all_of_it, must_match=line)
    replay = keeper.send(f"{report}/replay", revision=line)
    pages = [odd, wrong, case, replay, *(keeper.http.get(p) for p in (
        report, f"{at}/reports", f"{at}/advisories", made.headers["location"], f"{report}/case",
        f"{made.headers['location']}/edit", "/reports", f"{at}/advisories/new?report={report[-24:]}"
    ))]  # fmt: skip
    for page in pages:
        assert page.status_code < 500, page.url
        tags = Tags(page.text)
        handlers = [each for each in tags.found if each.startswith("on")]
        assert (handlers, "style" in tags.found) == ([], False), page.url
        assert not [link for link in tags.links if link.startswith("javascript:")]
        assert page.text.count("<script") == page.text.count('<script type="module"')
        assert "49" not in re.findall(r"\{\{.*?\}\}|>49<", page.text)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_feed_is_xml_whatever_an_advisory_says(model: Reported) -> None:
    report = model.report()
    model.steps(report, "triaged", "confirmed")
    odd = "]]> <b>&amp; \x0b\x1b \ufffe </feed>"
    said = {"title": "It <opens> & doors", "severity": "high", "details": odd, "advice": odd,
            "reports": [report]}  # fmt: skip
    made = model.keeper.post(f"/api/models/{model.repo_id}/advisories", json=said)
    assert made.status_code == 200, made.text
    answer = model.stranger.get(f"/{model.repo_id}/advisories.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.findall(f"{atom}entry")
    assert (entry.findtext(f"{atom}title") or "").endswith("(high): It <opens> & doors")
    assert [child.tag for child in entry.find(f"{atom}content") or []] == []
    api = model.server.api(model.tokens["keeper"])
    api.update_repo_settings(model.repo_id, private=True)
    assert model.stranger.get(f"/{model.repo_id}/advisories.atom").status_code == 401


def test_who_is_not_signed_in_is_led_to_do_so(model: Reported) -> None:
    report = model.report()
    html = {"Accept": "text/html"}
    for path in (f"/{model.repo_id}/reports/new", f"/{model.repo_id}/reports/{report}", "/reports",
                 f"/{model.repo_id}/reports/{report}/case",
                 f"/{model.repo_id}/advisories/new"):  # fmt: skip
        answer = model.stranger.get(path, headers=html)
        assert answer.status_code == 401, path
        assert "/login?next=" in answer.text
        assert "It opens doors" not in answer.text


def test_a_case_is_saved_or_proposed_from_its_page(model: Reported) -> None:
    keeper = Visit(model.server, model.names["keeper"])
    report = model.report(output="With a pin, of course.\nMore.")
    model.steps(report, "triaged", "confirmed")
    at = f"/{model.repo_id}/reports/{report}/case"
    assert "With a pin, of course.</textarea>" in keeper.http.get(at).text
    said = {"must_not_contain": "With a pin\r\n\r\nof course"}
    saved = keeper.send(at, **said, keep="file")
    assert saved.headers["content-disposition"] == f'attachment; filename="{report}.yaml"'
    assert b"- of course" in saved.content
    refused = keeper.send(at, **said, keep="commit")
    assert (refused.status_code, 'name="disclose"' in refused.text) == (409, True)
    proposed = keeper.send(at, **said, keep="pull_request", disclose="1")
    assert proposed.headers["location"] == f"/{model.repo_id}/discussions/1"
    finder = Visit(model.server, model.names["finder"])
    assert finder.http.get(at).status_code == 403


def test_an_advisory_stands_on_the_pages_of_what_it_is_about(model: Reported) -> None:
    html = {"Accept": "text/html"}
    api = model.server.api(model.tokens["keeper"])
    api.create_tag(model.repo_id, tag="1.0.0")
    api.upload_file(path_or_fileobj=b"two", path_in_repo="a.txt", repo_id=model.repo_id)
    child = f"{model.names['other']}/child"
    others = model.server.api(model.tokens["other"])
    others.create_repo(child)
    card = f"---\nbase_model: {model.repo_id}\n---\n".encode()
    others.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=child)
    report = model.report()
    model.steps(report, "triaged", "confirmed")
    said = {"title": "It opens doors", "severity": "high", "details": "d", "advice": "a",
            "fixed": "main", "reports": [report]}  # fmt: skip
    made = model.keeper.post(f"/api/models/{model.repo_id}/advisories", json=said).json()["id"]
    for path, is_told in ((f"/{model.repo_id}", False), (f"/{child}", True),
                          (f"/{model.repo_id}/tree/1.0.0", True)):  # fmt: skip
        page = model.stranger.get(path, headers=html)
        assert page.status_code == 200, path
        assert (made in page.text) == is_told, path


def test_a_release_says_which_reports_it_fixed(model: Reported) -> None:
    html = {"Accept": "text/html"}
    api = model.server.api(model.tokens["keeper"])
    api.create_tag(model.repo_id, tag="1.0.0")
    api.upload_file(path_or_fileobj=b"two", path_in_repo="a.txt", repo_id=model.repo_id)
    api.create_tag(model.repo_id, tag="1.1.0")
    for public in ("now", "now", "private"):
        report = model.report()
        model.steps(report, "triaged", "confirmed", public=public)
        model.decide(report, state="fixed", fixedIn="1.1.0")
    api.upload_file(path_or_fileobj=b"three", path_in_repo="a.txt", repo_id=model.repo_id)
    at = f"/{model.repo_id}/release"
    said = "".join(Words(model.stranger.get(at, headers=html).text).found)
    assert "Fixed in 1.1.0: 2 reports" in said  # the third one is private
    assert "1.1.0" not in model.stranger.get(f"{at}?rev=1.0.0", headers=html).text
    assert "1.1.0</code></a>: 2 reports" in model.stranger.get(
        f"/{model.repo_id}/reports", headers=html
    ).text  # fmt: skip
