"""Pages on which things are found, as a stranger and as an owner gets them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from paddock.hub.catalogue.released import FORMAT
from paddock.web.lists import asked, people
from tests.live import LiveServer

CARD = """---
license: {licence}
language: [{language}]
tags: [<b>bold</b>]
---
# {title}
<script>alert(1)</script>
"""


@dataclass(frozen=True)
class Found:
    """What the test asks of the filled hub."""

    server: LiveServer
    alice: str

    def names(self, path: str, token: str = "") -> list[str]:
        """The repositories that a page lists, in their order."""
        return re.findall(r'<p class="name"><a href="/([^"]*)">', self.get(path, token))

    def get(self, path: str, token: str = "", status: int = 200) -> str:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        page = httpx.get(self.server.url + path, headers=headers, follow_redirects=True)
        assert page.status_code == status, page.text
        return page.text


@pytest.fixture(scope="module")
def found(shared_server: LiveServer) -> Found:
    """A hub with five models, one of them private, one gated, and a data set."""
    alice = shared_server.user("alice")
    shared_server.org("lab", "alice")
    api = shared_server.api(alice)
    config = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]})
    check = {"id": "documents.mof", "group": "documents", "status": "met"}
    says = "computed from its components, the release is Class III - Open Model (Model Openness"
    checks = [{**check, "sentence": says}]
    release = {"format": FORMAT, "name": "tea", "version": "1", "checks": checks}
    stating = {"release.json": json.dumps(release)}
    models = {
        "alice/tea-model": ("mit", "en", "Answers about teapots", stating),
        "alice/coffee": ("apache-2.0", "de", "Nothing but coffee and teapots", {}),
        "lab/big-llama": ("mit", "en", "A large one", {"config.json": config, "w.gguf": "x"}),
        "lab/secret-tea": ("mit", "en", "Teapots that nobody knows", {}),
        "lab/gated": ("mit", "fr", "Ask first", {}),
    }  # fmt: skip
    for name, (licence, language, title, files) in models.items():
        api.create_repo(name, private="secret" in name)
        card = CARD.format(licence=licence, language=language, title=title)
        for path, content in {"README.md": card, **files}.items():
            api.upload_file(path_or_fileobj=content.encode(), path_in_repo=path, repo_id=name)
    api.update_repo_settings("lab/gated", gated="manual")
    api.create_repo("lab/tea-data", repo_type="dataset")
    api.upload_file(path_or_fileobj=b"a,b\n", path_in_repo="d.csv", repo_id="lab/tea-data",
                    repo_type="dataset")  # fmt: skip
    collection = api.create_collection("All about tea", namespace="alice")
    assert collection.slug
    return Found(shared_server, alice)


def test_a_stranger_finds_what_is_public_by_every_word(found: Found) -> None:
    assert found.names("/models?search=teapot") == ["alice/coffee", "alice/tea-model"]
    assert found.names("/search?q=teap") == ["alice/tea-model", "alice/coffee"][::-1]
    assert found.names("/models?search=zebra") == []
    for path in (
        "/",
        "/models",
        "/search?q=tea",
        "/lab",
        "/models?author=lab",
        "/models?sort=likes",
    ):
        assert "secret-tea" not in found.get(path)
    assert "secret-tea" not in found.get("/api/quicksearch?q=secret")


def test_who_may_see_it_finds_what_is_private(found: Found) -> None:
    assert "lab/secret-tea" in found.names("/models?search=teapot", found.alice)
    assert found.names("/models?access=private", found.alice) == ["lab/secret-tea"]
    assert "lab/secret-tea" in found.names("/lab", found.alice)
    bob = found.server.user("bob")
    assert found.names("/models?access=private", bob) == []
    assert "lab/secret-tea" not in found.names("/models?search=teapot", bob)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("license=apache-2.0", {"alice/coffee"}),
        ("language=fr", {"lab/gated"}),
        ("family=llama", {"lab/big-llama"}),
        ("format=gguf", {"lab/big-llama"}),
        ("access=manual", {"lab/gated"}),
        ("access=auto", set()),
        ("gate=passed", {"alice/tea-model"}),
        ("openness=3", {"alice/tea-model"}),
        ("openness=1", set()),
        ("license=mit&language=en&search=large", {"lab/big-llama"}),
        ("author=LAB&access=open", {"lab/big-llama"}),
        ("other=%3Cb%3Ebold%3C%2Fb%3E&license=apache-2.0", {"alice/coffee"}),
    ],
)
def test_a_list_is_narrowed_by_what_files_cards_and_releases_say(
    found: Found, query: str, names: set[str]
) -> None:
    assert set(found.names(f"/models?{query}")) == names


def test_choices_lead_on_and_filters_that_are_on_can_be_taken_away(found: Found) -> None:
    page = found.get("/models")
    href = next(h for h in re.findall(r'href="([^"]*)"', page) if "family=llama" in h)
    narrowed = found.get(unescape(href))
    assert "Family: llama" in narrowed
    chips = re.search(r'<ul class="chips".*?</ul>', narrowed, re.DOTALL)
    assert chips is not None
    (back,) = re.findall(r'href="([^"]*)"', chips[0])
    assert len(found.names(unescape(back))) == 4
    assert "Class III: open model" in found.get("/models?openness=3")


def test_pages_follow_one_another_in_every_order(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "PAGE", 3)
    for sort in asked.ORDERS:
        page = found.get(f"/models?sort={sort}")
        following = re.search(r'rel="next" href="([^"]*)"', page)
        assert following is not None
        first, second = found.names(f"/models?sort={sort}"), found.names(unescape(following[1]))
        assert len(first) == 3
        assert len({*first, *second}) == 4
    foreign = found.get(f"{unescape(following[1])}&sort=likes&sort=downloads")
    assert foreign  # the cursor of another order begins anew


def test_nothing_that_was_uploaded_or_typed_is_more_than_text(found: Found) -> None:
    evil = "%3Cscript%3Ealert(1)%3C/script%3E\"'%00"
    for path in (f"/search?q={evil}", f"/models?search={evil}&family={evil}&other={evil}",
                 f"/api/quicksearch?q={evil}", "/models?other=%3Cb%3Ebold%3C%2Fb%3E",
                 f"/models?cursor={evil}"):  # fmt: skip
        page = found.get(path)
        assert "<script>alert" not in page or page.startswith("{")
        assert "<b>bold" not in page
    long = "tea " * 2_500
    assert found.names(f"/search?q={long}") == found.names("/search?q=tea")
    for path in ("/models?license=" + "x" * 3_000, "/datasets?search=%ED%A0%80", "/spaces?q=x"):
        found.get(path)


def test_search_finds_people_and_collections_too(found: Found) -> None:
    page = found.get("/search?q=al")
    assert 'href="/alice"' in page
    page = found.get("/search?q=about+tea")
    assert "All about tea" in page
    assert 'href="/datasets/lab/tea-data"' in found.get("/search?q=tea-da")
    assert "Nothing was found" in found.get("/search?q=zebra")


def test_quick_search_answers_as_the_hub_does(found: Found) -> None:
    answer = json.loads(found.get("/api/quicksearch?q=lab"))
    assert {one["id"] for one in answer["models"]} == {"lab/big-llama", "lab/gated"}
    assert [one["id"] for one in answer["datasets"]] == ["lab/tea-data"]
    assert [one["name"] for one in answer["orgs"]] == ["lab"]
    answer = json.loads(found.get("/api/quicksearch?q=teapot&type=model&limit=1"))
    assert (len(answer["models"]), answer["modelsCount"]) == (1, 2)
    assert "datasets" not in answer
    assert json.loads(found.get("/api/quicksearch?q="))["models"] == []


def test_a_name_comes_before_what_only_speaks_of_it(found: Found) -> None:
    assert found.names("/search?q=coffee")[0] == "alice/coffee"
    assert found.names("/search?q=tea-")[0] == "alice/tea-model"


def test_the_page_of_an_account_tells_who_it_is_and_what_it_has(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = found.get("/alice")
    assert found.names("/alice") == ["alice/coffee", "alice/tea-model"]
    assert "All about tea" in page
    assert 'href="/lab"' in page
    org = found.get("/LAB")
    assert 'href="/alice"' in org
    assert 'href="/datasets/lab/tea-data"' in org
    monkeypatch.setattr(people, "ON_A_SHELF", 1)
    (more,) = re.findall(r'href="(/models[^"]*author[^"]*)"', found.get("/alice"))
    assert len(found.names(unescape(more))) == 2
    found.get("/nobody", status=404)
    found.get("/no%00body", status=400)


def test_the_pages_of_the_hub_itself_are_no_accounts(found: Found) -> None:
    for path in ("/models", "/datasets", "/spaces", "/collections", "/login", "/search"):
        assert "Here since" not in found.get(path)


def test_an_account_is_followed_by_a_form_that_needs_no_script(found: Found) -> None:
    page = found.get("/lab", found.server.user("carol"))
    form = re.search(r'<form method="post" action="/follow/lab">.*?</form>', page)
    assert form is not None
    assert 'name="form_key"' in form[0]
    assert 'action="/follow/' not in found.get("/lab")
