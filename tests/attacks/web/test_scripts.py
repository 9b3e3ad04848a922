"""Nothing that somebody wrote runs, asks another host, or becomes an element that acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.attacks.web.payloads import PAYLOADS
from tests.attacks.web.pouring import FIELDS, Poured, pour
from tests.chromium import open_page
from tests.live import LiveServer
from tests.web.page_list import every_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A picture on another host is asked for by nobody: the policy says so aloud.
QUIET = ("img-src", "media-src", "Failed to load resource", "ERR_BLOCKED_BY_CSP")

FOUND = """() => {
  const found = "hacked" in window ? ["it ran"] : [];
  const acts = /^[\\s\\x00-\\x20]*(javascript|data|vbscript|file|blob|view-source):/i;
  const leads = new Set(["href", "src", "action", "formaction", "xlink:href", "data", "poster",
                         "srcset", "ping", "background", "cite", "longdesc", "manifest"]);
  const never = `iframe,frame,frameset,object,embed,base,portal,applet,style,meta[http-equiv],
    math,foreignObject,animate,set,[style],[ping],[srcdoc],[formaction],
    script:not([src^="/static/"]),link:not([href^="/"]),form[action]:not([action^="/"])`;
  const tell = e => e.outerHTML.slice(0, 200);
  for (const e of document.querySelectorAll(never)) found.push(`an element: ${tell(e)}`);
  for (const e of document.querySelectorAll("*")) for (const a of e.attributes) {
    if (a.name.startsWith("on")) found.push(`a handler: ${tell(e)}`);
    if (leads.has(a.name) && acts.test(a.value)) found.push(`an address: ${tell(e)}`);
    if (a.name === "action" && a.value.startsWith("//")) found.push(`a form: ${tell(e)}`);
  }
  for (const id of ["main", "said", "find"])
    if (document.querySelectorAll(`#${id}`).length > 1) found.push(`two of #${id}`);
  return found;
}"""


@pytest.fixture(scope="module")
def poured(shared_server: LiveServer) -> Poured:
    shared_server.user("ben")
    return pour(shared_server)


def test_most_of_it_was_kept(poured: Poured) -> None:
    assert poured.kept["comments"] >= len(PAYLOADS) - 10
    assert poured.kept["names"] > 60
    assert len(poured.kept) > 15, poured.kept


def test_nothing_runs_on_any_page(
    poured: Poured, shared_server: LiveServer, chromium: Browser
) -> None:
    wrong = []
    for user in {user for _, user in poured.addresses}:
        with open_page(chromium, shared_server, "/", user=user, allow=QUIET) as page:
            for path in (path for path, who in poured.addresses if who == user):
                answer = page.goto(path)
                assert answer is not None
                assert answer.status == 200, path
                wrong += [f"{path}: {one}" for one in page.evaluate(FOUND)]
                assert "49" not in page.title()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["page.html", "page.xhtml", "picture.svg"])
@pytest.mark.parametrize("how", ["resolve", "raw"])
def test_a_file_that_is_opened_runs_nothing(
    poured: Poured, shared_server: LiveServer, chromium: Browser, name: str, how: str
) -> None:
    path = f"/{FIELDS}/{how}/main/{name}"
    headers = {"Authorization": f"Bearer {shared_server.user('eve')}"}
    answer = httpx.get(shared_server.url + path, headers=headers, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    is_inert = "sandbox" in answer.headers.get("content-security-policy", "")
    assert is_inert or answer.headers["content-disposition"].startswith("attachment")
    with open_page(chromium, shared_server, "/", user="eve", allow=("sandbox", "policy")) as page:
        try:
            page.goto(path)
        except Exception as e:
            assert "Download is starting" in str(e)
        assert page.evaluate("() => 'hacked' in window") is False


def reflected() -> Iterator[str]:
    marks = ['"><svg/onload=window.hacked=1>', "'-window.hacked=1-'", "</script><svg/onload=x>"]
    names = (
        "q", "search", "next", "p", "sort", "filter", "file", "column", "status", "path", "repo",
        "rev", "branch", "cursor", "author", "title", "revision", "user_code",
    )  # fmt: skip
    bases = {shown.address.split("?")[0] for shown in every_page() if "{" not in shown.address}
    for base in sorted(bases):
        for mark in marks:
            yield str(httpx.URL(base, params=dict.fromkeys(names, mark)))
    for mark in marks:
        yield str(httpx.URL("/" + mark.replace("/", "∕")))


def test_no_parameter_comes_back_as_markup(shared_server: LiveServer) -> None:
    wrong = []
    with httpx.Client(base_url=shared_server.url, timeout=60) as client:
        for path in reflected():
            answer = client.get(path)
            is_page = answer.headers.get("content-type", "").startswith("text/html")
            if answer.status_code >= 500 or (is_page and "<svg/onload" in answer.text):
                wrong.append(f"{path}: {answer.status_code}")
            assert "svg/onload" not in str(answer.headers).lower(), path
    assert not wrong, "\n".join(wrong)
