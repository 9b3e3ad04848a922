"""Two people talk, by forms alone: everything that happens is there for the next reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.web.visitors import Visitor, told, visitors


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def people(hosted: Hosted) -> Iterator[list[Visitor]]:
    owner = hosted.repo_id.split("/")[0]
    with visitors(hosted.server, owner, f"{owner}-ann") as made:
        yield made


def test_a_question_is_asked_answered_quoted_and_closed(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    assert "Nobody has said anything yet" in told(ann.read(at))
    first = ann.done(f"{at}/new", title="Which licence?", text=f"Ask @{owner.name}.")
    assert first == f"{at}/1"
    page = owner.read(first)
    assert f'<a href="/{owner.name}"' in page
    answer = owner.done(f"{first}/comment", text="MIT, *I think*")
    page = ann.read(answer)
    event = answer.rpartition("#")[2]
    assert f'id="{event}"' in page and "<em>I think</em>" in page
    assert "&gt; MIT, *I think*" in ann.read(f"{first}?quote={event}")
    ann.done(f"{first}/comment", text="Thanks", status="closed")
    page = told(owner.read(first))
    assert page.index("Thanks") < page.index("closed this")
    assert "Which licence?" in told(ann.read(f"{at}?status=closed"))
    assert "Nobody has said anything yet" in told(ann.read(at))
    assert owner.send(f"{first}/comment", status="closed").status_code == 409
    owner.done(f"{first}/comment", status="open")
    assert "opened this" in told(ann.read(first))


def test_a_comment_is_looked_at_before_it_is_sent_edited_and_hidden(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", title="A question", text="")
    looked = ann.send(f"{at}/preview", target="1/comment", text="**bold** <script>x</script>")
    assert looked.status_code == 200 and "<strong>bold</strong>" in looked.text
    assert f'action="{at}/1/comment"' in looked.text
    assert "&lt;script&gt;x" in looked.text and "<script>x" not in looked.text
    assert "<strong>bold</strong>" not in ann.read(f"{at}/1")
    event = ann.done(f"{at}/1/comment", text="first words").rpartition("#")[2]
    comment = f"{at}/1/comment/{event}"
    assert "first words" in ann.read(f"{comment}/edit")
    ann.done(f"{comment}/edit", text="second words")
    history = told(owner.read(f"{comment}/history"))
    assert history.index("second words") < history.index("first words")
    assert "edited" in told(owner.read(f"{at}/1"))
    assert owner.get(f"{comment}/edit").status_code == 403
    assert owner.send(f"{comment}/edit", text="mine now").status_code == 403
    of_owner = owner.done(f"{at}/1/comment", text="the owner's").rpartition("#")[2]
    assert ann.get(f"{at}/1/comment/{of_owner}/hide").status_code == 403
    assert ann.send(f"{at}/1/comment/{of_owner}/hide").status_code == 403
    assert "gone for good" in told(owner.read(f"{comment}/hide"))
    owner.done(f"{comment}/hide")
    page = ann.read(f"{at}/1")
    assert f"This comment was hidden by {owner.name}" in told(page)
    assert "words" not in page
    assert ann.get(f"{comment}/history").status_code == 404
    assert ann.send(f"{comment}/edit", text="again").status_code == 409


def test_titles_pins_and_deleting(hosted: Hosted, people: list[Visitor]) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    for title in ("The older one", "The newer one"):
        ann.done(f"{at}/new", title=title, text="x")
    ann.done(f"{at}/1/title", title="Another title")
    assert "changed the title from “The older one” to “Another title”" in told(ann.read(f"{at}/1"))
    assert ann.send(f"{at}/1/title", title="x").status_code == 400
    assert ann.send(f"{at}/1/pin").status_code == 403
    owner.done(f"{at}/1/pin", wanted="1")
    listed = told(ann.read(at))
    assert listed.index("Another title") < listed.index("The newer one")
    owner.done(f"{at}/1/pin", wanted="0")
    listed = told(ann.read(at))
    assert listed.index("The newer one") < listed.index("Another title")
    assert ann.get(f"{at}/2/delete").status_code == 403
    assert ann.send(f"{at}/2/delete").status_code == 403
    assert "cannot be undone" in told(owner.read(f"{at}/2/delete"))
    assert owner.done(f"{at}/2/delete") == at
    assert ann.get(f"{at}/2").status_code == 404


def test_the_list_is_narrowed(hosted: Hosted, people: list[Visitor]) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", title="About tokens", text="")
    owner.done(f"{at}/new", title="About weights", text="")
    owner.done(f"{at}/new", type="pull_request", title="A draft of mine", text="")
    for query, found in (
        ("q=ABOUT", {1, 2}),
        (f"author={ann.name}", {1}),
        ("author=nobody-at-all", set()),
        ("type=pull_request", {3}),
        ("type=discussion&q=weights", {2}),
        ("status=nonsense&type=nonsense&sort=nonsense", {1, 2, 3}),
        ("q=%00%25", set()),
    ):
        page = ann.read(f"{at}?{query}")
        assert {number for number in (1, 2, 3) if f'href="{at}/{number}"' in page} == found, query
    assert ann.get(f"{at}?p=x").status_code == 400
    assert "Nothing matches" in told(ann.read(f"{at}?q=nowhere"))


def test_strangers_read_and_are_led_to_sign_in(hosted: Hosted, people: list[Visitor]) -> None:
    _, ann = people
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", title="A question", text="read by all")
    with hosted.stranger() as stranger:
        page = stranger.get(f"{at}/1")
        assert "read by all" in page.text and "<textarea" not in page.text
        assert f"/login?next=%2F{hosted.repo_id.replace('/', '%2F')}%2Fdiscussions%2F1" in page.text
        assert stranger.get(f"{at}/new").status_code == 401


def test_what_was_not_taken_is_shown_again(hosted: Hosted, people: list[Visitor]) -> None:
    _, ann = people
    at = f"/{hosted.repo_id}/discussions"
    refused = ann.send(f"{at}/new", title="x", text="a long text & more")
    assert refused.status_code == 400
    assert "a long text &amp; more" in refused.text and "too short" in told(refused.text)
    ann.done(f"{at}/new", title="A question", text="")
    refused = ann.send(f"{at}/1/comment", text="   ")
    assert refused.status_code == 400 and "the comment is empty" in told(refused.text)
    refused = ann.send(f"{at}/1/comment", text="why not", status="merged")
    assert refused.status_code == 400 and "why not" in refused.text
