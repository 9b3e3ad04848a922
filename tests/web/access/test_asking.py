"""The page of a gate, as a person with a browser uses it."""

from __future__ import annotations

import pytest

from tests.hub.oauth.people import Person, a_person
from tests.live import LiveServer

CARD = """---
extra_gated_heading: Who are you?
extra_gated_prompt: "Be **honest** <script>alert(1)</script>"
extra_gated_fields:
  '"><b>Company': text
  Country: country
  Use: {type: select, options: [Research]}
  I agree: checkbox
---
"""
ANSWERS = {
    'answer:"><b>Company': "ACME", "answer:Country": "France", "answer:Use": "Research",
    "answer:I agree": "true",
}  # fmt: skip


@pytest.fixture(scope="module")
def gate(shared_server: LiveServer) -> str:
    api = shared_server.api(shared_server.user("owner"))
    api.create_repo("owner/gated")
    api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="owner/gated")
    api.update_repo_settings("owner/gated", gated="manual")
    return "/owner/gated/ask-access"


def test_a_person_signs_in_answers_and_waits(shared_server: LiveServer, gate: str) -> None:
    repository = a_person(shared_server, "pia").browser.get("/owner/gated").text
    assert f'href="{gate}"' in repository
    nobody = Person(shared_server, "nobody").browser.get(gate)
    assert nobody.headers["location"].startswith("/login?next=%2Fowner")
    stranger = a_person(shared_server, "pit")
    page = stranger.browser.get(gate)
    assert "Who are you?" in page.text and "<strong>honest</strong>" in page.text
    assert "<script>" not in page.text and "<b>Company" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    form = stranger.fields(page.text)
    wrong = stranger.browser.post(f"{gate}/form", data={**form, **ANSWERS, "answer:Country": "X"})
    assert wrong.status_code == 400 and "is not a country" in wrong.text and "ACME" in wrong.text
    sent = stranger.browser.post(f"{gate}/form", data={**form, **ANSWERS})
    assert (sent.status_code, sent.headers["location"]) == (303, gate)
    assert "awaiting a review" in stranger.browser.get(gate).text
    owner = shared_server.api(shared_server.user("owner"))
    (request,) = owner.list_pending_access_requests("owner/gated")
    assert request.username == "pit" and request.fields is not None
    assert request.fields['"><b>Company'] == "ACME"
    owner.reject_access_request("owner/gated", "pit", rejection_reason=None)
    assert "has been rejected" in stranger.browser.get(gate).text
    assert stranger.browser.post(f"{gate}/form", data={**form, **ANSWERS}).status_code == 403
    owner.accept_access_request("owner/gated", "pit")
    assert "You have access" in stranger.browser.get(gate).text


def test_only_our_own_page_sends_the_form(shared_server: LiveServer, gate: str) -> None:
    person = a_person(shared_server, "paul")
    assert person.browser.post(f"{gate}/form", data=ANSWERS).status_code == 403
    form = person.fields(person.browser.get(gate).text)
    foreign = {"Origin": "https://evil.example"}
    sent = person.browser.post(f"{gate}/form", data={**form, **ANSWERS}, headers=foreign)
    assert sent.status_code == 403
    owner = shared_server.api(shared_server.user("owner"))
    assert "paul" not in {r.username for r in owner.list_pending_access_requests("owner/gated")}


def test_there_is_no_page_for_what_is_hidden_or_open(shared_server: LiveServer, gate: str) -> None:
    api = shared_server.api(shared_server.user("owner"))
    api.create_repo("owner/plain")
    api.create_repo("owner/hidden", private=True)
    person = a_person(shared_server, "petra")
    for path, status in (
        ("/owner/plain/ask-access", 400),
        ("/owner/hidden/ask-access", 404),
        ("/owner/none/ask-access", 404),
    ):
        assert person.browser.get(path).status_code == status
