"""What is tried against discussions by those who mean harm, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.test_markdown import ATTACKS
from tests.web.visitors import Visitor, told, visitors

HARMLESS = {"http", "https", "mailto"}


class Found(HTMLParser):
    """Scripts, handlers and addresses in the main part of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(text.partition("<main")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "iframe", "object", "embed", "base", "meta", "link"}:
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.bad.append(f"{tag} {name}")
            if name in {"href", "src", "action", "formaction"}:
                scheme = (value or "").strip().partition(":")
                is_word = scheme[1] and scheme[0].lower().isalpha()
                if is_word and scheme[0].lower() not in HARMLESS:
                    self.bad.append(f"{tag} {name}={value}")
            if name == "src" and tag != "script" and not (value or "").startswith("/"):
                self.bad.append(f"{tag} from elsewhere: {value}")


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture(scope="module")
def ann(hosted: Hosted) -> Iterator[Visitor]:
    with visitors(hosted.server, "bad-ann") as (one,):
        yield one


def test_nothing_in_a_comment_runs_wherever_it_is_shown(hosted: Hosted, ann: Visitor) -> None:
    at = f"/{hosted.repo_id}/discussions"
    one = ann.done(f"{at}/new", title="Attacks", text=ATTACKS[0])
    for attack in ATTACKS[1:]:
        hosted.http.post(f"{hosted.api}/discussions/{one[-1]}/comment", json={"comment": attack})
    assert Found(ann.read(one)).bad == []
    everything = "\n\n".join(ATTACKS)
    looked = ann.send(f"{at}/preview", target="new", title=ATTACKS[0], text=everything)
    assert Found(looked.text).bad == []
    event = ann.done(f"{one}/comment", text=everything).rpartition("#")[2]
    ann.done(f"{one}/comment/{event}/edit", text=everything + "!")
    for page in ("history", "edit", "hide"):
        assert Found(ann.read(f"{one}/comment/{event}/{page}")).bad == []
    assert Found(ann.read(f"{one}?quote={event}")).bad == []


@pytest.mark.parametrize("attack", ATTACKS[:20])
def test_titles_and_searches_are_text(hosted: Hosted, ann: Visitor, attack: str) -> None:
    at = f"/{hosted.repo_id}/discussions"
    answer = ann.send(f"{at}/new", title=attack, text="")
    if answer.status_code == 303:
        assert Found(ann.read(answer.headers["location"])).bad == []
    else:
        assert answer.status_code == 400 and Found(answer.text).bad == []
    assert Found(ann.read(f"{at}?q={quote(attack)}&author={quote(attack)}")).bad == []


def test_text_that_runs_the_other_way_reorders_nothing_around_it(
    hosted: Hosted, ann: Visitor
) -> None:
    at = f"/{hosted.repo_id}/discussions"
    refused = ann.send(f"{at}/new", title="evil \u202etxt.exe", text="")
    assert refused.status_code == 400
    one = ann.done(f"{at}/new", title="שלום abc", text="\u202eabc")
    assert "<bdi>שלום abc</bdi>" in ann.read(one) and "<bdi>שלום abc</bdi>" in ann.read(at)
    made = ann.done(f"{at}/new", type="pull_request", title="A change", text="")
    hosted.commit({"a.txt": "a\u202eb\n".encode()}, rev=f"refs%2Fpr%2F{made.rpartition('/')[2]}",
                  message="evil \u202etxt.exe")  # fmt: skip
    for page in (ann.read(made), ann.read(f"{made}/files")):
        assert "\u202e" not in page and "[U+202E]" in page


def test_texts_are_bounded_before_they_are_rendered(hosted: Hosted, ann: Visitor) -> None:
    at = f"/{hosted.repo_id}/discussions"
    one = ann.done(f"{at}/new", title="Long ones", text="")
    long = "x" * 1_000_000
    for answer in (
        ann.send(f"{one}/comment", text=long),
        ann.send(f"{at}/new", title="Long", text=long),
        ann.send(f"{at}/preview", target="new", title="Long", text=long),
        ann.send(f"{one}/merge", text=long),
    ):
        assert answer.status_code in {400, 403, 413}
    assert ann.send(f"{one}/comment", text="x" * 5_000_000).status_code == 413
    assert ann.send(f"{one}/comment", text="a\0b").status_code == 400
    assert ann.send(f"{at}/new", title="y" * 100_000, text="").status_code == 400
    ann.done(f"{one}/comment", text="@" + " @".join(f"nobody{n}" for n in range(2_000)))
    ann.done(f"{one}/comment", text=f"@{ann.name} " * 2_000)
    for bomb in ("*a **a " * 1_000, "[" * 9_000, "> " * 9_000, "<b>" * 2_000, "![](a)" * 1_000):
        ann.done(f"{one}/comment", text=bomb + "end")
    assert Found(ann.read(one)).bad == []


def test_a_private_repository_says_nothing_by_any_number(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted, visitors(shared_server, "bad-eve") as (eve,):
        at = f"/{hosted.repo_id}/discussions"
        hosted.hf.create_discussion(hosted.repo_id, "A secret", description="of ours")
        event = hosted.http.get(f"{hosted.api}/discussions/1").json()["events"][0]["id"]
        for path in ("new", "1", "1/files", "1/delete", f"1/comment/{event}/history"):
            assert eve.get(f"{at}/{path}").status_code == 404
        on_one = ("comment", "title", "pin", "merge", "delete", "delete-commits",
                  f"comment/{event}/edit", f"comment/{event}/hide")  # fmt: skip
        for path in ("new", "preview", *(f"1/{end}" for end in on_one)):
            answer = eve.send(f"{at}/{path}", text="I guess", title="I guess", target="new")
            assert answer.status_code == 404
            assert "secret" not in told(answer.text)
        for path in ("like", "watch"):
            assert eve.send(f"/{hosted.repo_id}/{path}").status_code == 404
        found = hosted.http.get(f"{hosted.api}/discussions/1").json()
        assert len(found["events"]) == 1


def test_a_form_leads_nowhere_else(hosted: Hosted, ann: Visitor) -> None:
    at = f"/{hosted.repo_id}/discussions"
    for target in ("https://evil.example", "//evil", "new\n", "1/merge", "../like", "1/comment/x",
                   '"><b>', "1/comment/" + "0" * 24 + "/hide"):  # fmt: skip
        assert ann.send(f"{at}/preview", target=target, text="x").status_code == 400
    for next in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        assert ann.done(f"/{hosted.repo_id}/like", wanted="1", next=next) == "/"


def test_numbers_and_ids_that_are_none(hosted: Hosted, ann: Visitor) -> None:
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", title="A question", text="")
    for number in ("0", "-1", "x", "9" * 5000, "1e3", "%F0%9F%92%A9"):
        assert ann.get(f"{at}/{number}").status_code == 404
        assert ann.send(f"{at}/{number}/comment", text="x").status_code == 404
    for event in ("x", "0" * 24, "'", "%27%20or%201=1", "%F0%9F%92%A9"):
        assert ann.send(f"{at}/1/comment/{event}/edit", text="x").status_code == 404
        assert ann.send(f"{at}/1/comment/{event}/hide").status_code == 404
        assert ann.get(f"{at}/1?quote={event}").status_code == 200
