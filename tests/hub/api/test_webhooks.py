"""Webhooks by the stock client's calls, and what arrives at a receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, WebhookPayload, WebhookWatchedItem
from huggingface_hub.errors import HfHubHTTPError

from paddock.hub.webhooks.hooks import MAX_WEBHOOKS
from tests.fakes.receiver import Receiver, receiver
from tests.live import LiveServer

NOWHERE = "https://hooks.example/x"


@pytest.fixture
def fake() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def hf(shared_server: LiveServer, request: pytest.FixtureRequest) -> HfApi:
    """A user of this test alone."""
    return shared_server.api(shared_server.user(name_of(request.node.name)))


def name_of(text: str) -> str:
    return "u" + hashlib.sha256(text.encode()).hexdigest()[:12]


def me(hf: HfApi) -> str:
    return str(hf.whoami()["name"])


def call(
    server: LiveServer, hf: HfApi, method: str, path: str, **options: object
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {hf.token}"}
    url = f"{server.url}/api/settings/webhooks{path}"
    return httpx.request(method, url, headers=headers, **options)


def test_every_call_of_the_client_about_webhooks(hf: HfApi) -> None:
    watched = [
        WebhookWatchedItem(type="user", name="julien-c"),
        WebhookWatchedItem(type="org", name="HuggingFaceH4"),
    ]
    made = hf.create_webhook(
        url=NOWHERE,
        watched=[watched[0], {"type": "org", "name": "HuggingFaceH4"}],
        domains=["repo", "discussion"],
        secret="my-secret",
    )
    assert (made.url, made.watched, made.domains) == (NOWHERE, watched, ["repo", "discussion"])
    assert (made.secret, made.disabled, made.job) == ("my-secret", False, None)
    assert hf.get_webhook(made.id) == made
    other = hf.create_webhook(url=NOWHERE, watched=[{"type": "model", "name": "a/b"}])
    assert (other.domains, other.secret) == (["repo", "discussion"], None)
    assert hf.list_webhooks() == [made, other]
    changed = hf.update_webhook(made.id, url=NOWHERE + "y", domains=["repo"])
    assert (changed.url, changed.domains) == (NOWHERE + "y", ["repo"])
    assert (changed.watched, changed.secret) == (watched, "my-secret")
    changed = hf.update_webhook(made.id, watched=[{"type": "space", "name": "c/d"}], secret="other")
    assert changed.watched == [WebhookWatchedItem(type="space", name="c/d")]
    assert (changed.url, changed.secret) == (NOWHERE + "y", "other")
    assert hf.disable_webhook(made.id).disabled
    assert hf.get_webhook(made.id).disabled
    assert not hf.enable_webhook(made.id).disabled
    hf.delete_webhook(made.id)
    assert hf.list_webhooks() == [other]
    with pytest.raises(HfHubHTTPError, match="404"):
        hf.get_webhook(made.id)
    with pytest.raises(HfHubHTTPError, match="404"):
        hf.delete_webhook(made.id)


def test_a_webhook_is_its_owners_alone(shared_server: LiveServer, hf: HfApi) -> None:
    made = hf.create_webhook(url=NOWHERE, watched=[])
    others = [
        (shared_server.api(shared_server.user("stranger-to-it")), "404"),
        (shared_server.admin_api, "404"),
        (shared_server.api(), "401"),
    ]
    for api, status in others:
        for attempt in (
            api.get_webhook,
            partial(api.update_webhook, url=NOWHERE),
            api.enable_webhook,
            api.disable_webhook,
            api.delete_webhook,
        ):
            with pytest.raises(HfHubHTTPError, match=status):
                attempt(made.id)
        path = f"/{made.id}/deliveries"
        assert call(shared_server, api, "GET", path).status_code == int(status)
        assert call(shared_server, api, "POST", f"{path}/x/replay").status_code == int(status)


def test_a_token_that_only_reads_sees_no_secret_and_changes_nothing(
    shared_server: LiveServer, hf: HfApi
) -> None:
    made = hf.create_webhook(url=NOWHERE, watched=[], secret="hidden")
    reader = shared_server.api(shared_server.user(me(hf), role="read"))
    assert reader.get_webhook(made.id).secret is None
    [listed] = call(shared_server, reader, "GET", "").json()
    assert listed["secret"] is None
    assert listed["signingKey"] is None
    with pytest.raises(HfHubHTTPError, match="403"):
        reader.delete_webhook(made.id)
    with pytest.raises(HfHubHTTPError, match="403"):
        reader.create_webhook(url=NOWHERE, watched=[])


def test_a_webhook_that_would_start_a_job_is_refused_with_a_sentence(
    shared_server: LiveServer, hf: HfApi
) -> None:
    with pytest.raises(HfHubHTTPError, match="501"):
        hf.create_webhook(job_id="687f911eaea852de79c4a50a", watched=[])
    made = hf.create_webhook(url=NOWHERE, watched=[])
    body = {"jobSourceId": "687f911eaea852de79c4a50a", "watched": [], "secrets": {"A": "b"}}
    answer = call(shared_server, hf, "POST", f"/{made.id}", json=body)
    assert answer.status_code == 501
    assert "runs no jobs" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"watched": []}, {"url": 5}, {"url": None, "watched": []}, {"url": "ftp://x"},
        {"url": NOWHERE, "watched": {}}, {"url": NOWHERE, "watched": [5]},
        {"url": NOWHERE, "watched": [{"type": "user", "name": "a\0"}]},
        {"url": NOWHERE, "watched": [{"type": "user", "name": "a"}] * 1001},
        {"url": NOWHERE, "watched": [], "domains": []},
        {"url": NOWHERE, "watched": [], "domains": ["all"]},
        {"url": NOWHERE, "watched": [], "secret": "a\nb"},
        {"url": NOWHERE + "x" * 3000, "watched": []},
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_refused(
    shared_server: LiveServer, hf: HfApi, body: dict[str, object]
) -> None:
    answer = call(shared_server, hf, "POST", "", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert hf.list_webhooks() == []


@pytest.mark.parametrize("webhook_id", ["x", "%00", "%ff", "0" * 24, "a" * 5000, "%2e%2e"])
def test_an_id_that_is_none_is_not_found(
    shared_server: LiveServer, hf: HfApi, webhook_id: str
) -> None:
    for method, path in (("GET", ""), ("POST", "/enable"), ("GET", "/deliveries")):
        answer = call(shared_server, hf, method, f"/{webhook_id}{path}")
        assert 400 <= answer.status_code < 500


def test_nobody_has_more_webhooks_than_allowed(shared_server: LiveServer, hf: HfApi) -> None:
    for _ in range(MAX_WEBHOOKS):
        hf.create_webhook(url=NOWHERE, watched=[])
    with pytest.raises(HfHubHTTPError, match="409"):
        hf.create_webhook(url=NOWHERE, watched=[])


def test_the_life_of_a_repository_is_told_in_order(
    server_on_each: LiveServer, fake: Receiver
) -> None:
    hf = server_on_each.api(server_on_each.user("alice"))
    server_on_each.org("acme", "alice")
    made = hf.create_webhook(url=fake.url, watched=[{"type": "user", "name": "ALICE"}], secret="s3")
    repo = "alice/model"
    hf.create_repo(repo)
    server_on_each.run_jobs()
    add = CommitOperationAdd("config.json", b'{"model_type": "llama"}')
    first = hf.create_commit(repo, [add], commit_message="add")
    hf.create_branch(repo, branch="dev")
    hf.delete_branch(repo, branch="dev")
    hf.create_tag(repo, tag="v1")
    server_on_each.run_jobs()
    hf.update_repo_settings(repo, private=True)
    hf.update_repo_settings(repo, private=True)  # changes nothing
    server_on_each.run_jobs()
    hf.move_repo(repo, "acme/moved")
    server_on_each.run_jobs()
    hf.delete_repo("acme/moved")  # no longer alice's, as the watched name says
    server_on_each.run_jobs()
    assert fake.events() == [
        "create repo",
        "update repo.content",
        "update repo.content",
        "update repo.content",
        "update repo.content",
        "update repo.content",
        "update repo.config",
        "move repo",
    ]
    bodies = fake.bodies()
    for body in bodies:
        assert body["webhook"] == {"id": made.id, "version": 3}
        WebhookPayload.model_validate(body)
    created, initial, changed, branched, unbranched, tagged, settings, moved = bodies
    assert created["repo"] == {
        "type": "model",
        "name": "alice/model",
        "id": created["repo"]["id"],
        "private": False,
        "url": {
            "web": f"{server_on_each.url}/alice/model",
            "api": f"{server_on_each.url}/api/models/alice/model",
        },
        "owner": {"id": hf.whoami()["id"]},
        "tags": [],
    }
    [ref] = initial["updatedRefs"]
    assert (ref["ref"], ref["oldSha"]) == ("refs/heads/main", None)
    assert changed["updatedRefs"] == [
        {"ref": "refs/heads/main", "oldSha": ref["newSha"], "newSha": first.oid}
    ]
    assert changed["repo"]["headSha"] == first.oid
    assert "llama" in changed["repo"]["tags"]
    assert branched["updatedRefs"] == [
        {"ref": "refs/heads/dev", "oldSha": None, "newSha": first.oid}
    ]
    assert unbranched["updatedRefs"] == [
        {"ref": "refs/heads/dev", "oldSha": first.oid, "newSha": None}
    ]
    assert tagged["updatedRefs"][0]["ref"] == "refs/tags/v1"
    assert settings["updatedConfig"] == {"private": True}
    assert settings["repo"]["private"] is True
    assert moved["repo"]["name"] == "alice/model"
    assert moved["movedTo"]["name"] == "acme/moved"
    assert moved["movedTo"]["owner"]["id"] != moved["repo"]["owner"]["id"]


def test_a_receiver_can_verify_who_sent_a_delivery(
    shared_server: LiveServer, hf: HfApi, fake: Receiver
) -> None:
    made = hf.create_webhook(url=fake.url, watched=[{"type": "user", "name": me(hf)}], secret="s3")
    key = call(shared_server, hf, "GET", f"/{made.id}").json()["webhook"]["signingKey"]
    hf.create_repo(f"{me(hf)}/signed")
    shared_server.run_jobs()
    sent = fake.received[0]
    assert sent.headers["x-webhook-secret"] == "s3"
    assert sent.headers["content-type"] == "application/json"
    moment, delivery = sent.headers["webhook-timestamp"], sent.headers["webhook-id"]
    assert abs(time.time() - int(moment)) < 60
    secret = base64.b64decode(key.removeprefix("whsec_"))
    digest = hmac.new(secret, f"{delivery}.{moment}.".encode() + sent.body, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest.digest()).decode()
    assert sent.headers["webhook-signature"] == expected
    assert key not in str(sent.headers)
    assert len({request.headers["webhook-id"] for request in fake.received}) == 2


def test_each_is_told_of_what_it_watches_and_nothing_else(
    shared_server: LiveServer, hf: HfApi, fake: Receiver
) -> None:
    mine = me(hf)
    shared_server.org(f"{mine}-org", mine)
    for path, watched, domains in (
        ("/model", [("model", f"{mine}/a")], ["repo"]),
        ("/dataset", [("dataset", f"{mine}/a")], ["repo"]),
        ("/org", [("org", f"{mine}-org")], ["repo"]),
        ("/both", [("model", f"{mine}/a"), ("user", mine)], ["repo", "discussion"]),
        ("/talk", [("user", mine)], ["discussion"]),
    ):
        items = [WebhookWatchedItem(type=kind, name=name) for kind, name in watched]
        hf.create_webhook(url=fake.url + path, watched=items, domains=domains)
    hf.create_repo(f"{mine}/a")
    hf.create_repo(f"{mine}/b", repo_type="dataset")
    hf.create_repo(f"{mine}-org/c")
    shared_server.run_jobs()
    told = sorted((r.path, r.json["repo"]["name"].removeprefix(mine)) for r in fake.received)
    assert told == sorted(
        [("/model", "/a")] * 2 + [("/both", "/a")] * 2 + [("/both", "/b")] * 2
        + [("/org", "-org/c")] * 2
    )  # fmt: skip


def test_discussions_are_told_to_whom_they_interest(
    shared_server: LiveServer, hf: HfApi, fake: Receiver
) -> None:
    repo = f"{me(hf)}/talked-about"
    hf.create_repo(repo)
    hf.create_webhook(
        url=fake.url, watched=[{"type": "model", "name": repo}], domains=["discussion"]
    )
    opened = hf.create_discussion(repo, "A title", description="What is this?")
    hf.comment_discussion(repo, opened.num, "A model")
    shared_server.run_jobs()
    assert fake.events() == ["create discussion", "create discussion.comment"]
    first, second = (WebhookPayload.model_validate(body) for body in fake.bodies())
    assert first.discussion is not None
    assert first.discussion.title == "A title"
    assert first.discussion.url.web.startswith(shared_server.url)
    assert second.comment is not None
    assert second.comment.content == "A model"


def test_deliveries_can_be_read_and_sent_again(
    shared_server: LiveServer, hf: HfApi, fake: Receiver
) -> None:
    made = hf.create_webhook(url=fake.url, watched=[{"type": "user", "name": me(hf)}])
    fake.statuses = [500]
    hf.create_repo(f"{me(hf)}/again", private=True)
    shared_server.run_jobs()
    path = f"/{made.id}/deliveries"
    later, failed = call(shared_server, hf, "GET", path).json()
    assert (failed["state"], failed["attempts"], failed["statusCode"]) == ("waiting", 1, 500)
    assert failed["event"] == {"action": "create", "scope": "repo"}
    assert failed["repo"] == f"{me(hf)}/again"
    assert failed["nextAttemptAt"] > failed["attemptedAt"]
    assert (later["state"], later["attempts"]) == ("waiting", 0)  # the webhook is paused
    again = call(shared_server, hf, "POST", f"{path}/{failed['id']}/replay")
    assert again.json()["state"] == "waiting"
    shared_server.run_jobs()
    one = call(shared_server, hf, "GET", path, params={"limit": 1})
    two = call(
        shared_server,
        hf,
        "GET",
        path,
        params={"limit": 1, "cursor": one.links["next"]["url"].split("cursor=")[1]},
    )
    assert [d["state"] for d in [*one.json(), *two.json()]] == ["delivered", "delivered"]
    ids = [request.headers["webhook-id"] for request in fake.received]
    assert ids.count(failed["id"]) == 2
    assert one.json()[0]["answer"] == "thanks"
    assert call(shared_server, hf, "POST", f"{path}/{'0' * 24}/replay").status_code == 404
    assert call(shared_server, hf, "GET", path, params={"cursor": "x"}).status_code in (400, 422)
