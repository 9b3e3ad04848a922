"""The playground without a script: who may ask, what a form answers, where nothing is served."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions.sessions import form_key, start_session
from tests.live import LiveServer
from tests.web.playground.serving import ANSWER, TEAPOT, serving_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


def browser(server: LiveServer, user: str | None) -> tuple[httpx.Client, str]:
    """A browser of that user, and the key of its forms."""
    client = httpx.Client(base_url=server.url, headers={"accept": "text/html"})
    if user is None:
        return client, ""
    with server.hub.database.write() as conn:
        secret = start_session(conn, find_account(conn, user) or create_user(conn, user))
    client.cookies.set("paddock_session", secret)
    return client, form_key(secret)


def asked(
    server: LiveServer, name: str, *, user: str | None = "ann", **fields: Any
) -> httpx.Response:
    client, key = browser(server, user)
    with client:
        sent = {"form_key": key, "text": TEAPOT, "temperature": "0", **fields}
        return client.post(f"/{name}/playground", data=sent)


def seen(server: LiveServer, path: str, user: str | None) -> str:
    client, _key = browser(server, user)
    with client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_form_is_answered_whole(hub: LiveServer) -> None:
    chat = asked(hub, "boss/starter", max_tokens="100")
    assert chat.status_code == 200 and ANSWER in chat.text and TEAPOT in chat.text
    more = asked(hub, "boss/starter", mode="completion", text="The teapot", max_tokens="5")
    assert more.status_code == 200 and 'value="completion" checked' in more.text
    shaped = asked(hub, "boss/starter", stop="stoneware\r\nnever", system="Be short.", seed="7")
    assert "The teapot is made of" in shaped.text
    assert "is made of stoneware" not in shaped.text and "Be short." in shaped.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": "warm"}, "temperature is 'warm'; it must be a number"),
        ({"top_p": "nan"}, "top_p is 'nan'"),
        ({"max_tokens": "1.5"}, "it must be a whole number"),
        ({"stop": "\n".join("abcde")}, "at most 4"),
        ({"text": ""}, "there is nothing to answer"),
        ({"temperature": "-1"}, "temperature"),
        ({"text": "x " * 40_000}, "token"),
    ],
)
def test_what_is_wrong_is_said_above_the_form(
    hub: LiveServer, fields: dict[str, str], said: str
) -> None:
    answer = asked(hub, "boss/starter", **fields)
    assert answer.status_code == 400
    assert said in html.unescape(answer.text) and 'role="alert"' in answer.text


def test_nobody_asks_in_the_name_of_another(hub: LiveServer) -> None:
    assert asked(hub, "boss/starter", form_key="0" * 64).status_code == 403
    assert asked(hub, "boss/starter", user=None).status_code == 403
    client, key = browser(hub, "ann")
    with client:
        sent = {"form_key": key, "text": TEAPOT}
        foreign = client.post(
            "/boss/starter/playground", data=sent, headers={"origin": "http://elsewhere"}
        )
    assert foreign.status_code == 403


def test_a_model_answers_those_alone_who_may_read_it(hub: LiveServer) -> None:
    assert "Sign in" in seen(hub, "/boss/starter/playground", None)
    gated = seen(hub, "/boss/gated/playground", "ann")
    assert "Ask for access" in gated
    refused = asked(hub, "boss/gated")
    assert ANSWER not in refused.text
    hub.admin_api.grant_access("boss/gated", "ann")
    assert ANSWER in asked(hub, "boss/gated").text


def test_others_are_offered_side_by_side_to_those_who_may_read_them(hub: LiveServer) -> None:
    def offered(user: str) -> set[str]:
        with browser(hub, user)[0] as client:
            page = client.get("/boss/starter/playground").text
        return set(re.findall(r'<option data-revision="[0-9a-f]{40}">([^<]+)', page))

    assert offered("bob") == {"boss/second"}  # not the gated one
    assert offered("boss") == {"boss/second", "boss/gated"}


def test_where_a_model_is_not_served_it_is_said_what_to_do(
    hub: LiveServer, server: LiveServer
) -> None:
    other = seen(hub, "/boss/other/playground", "ann")
    assert "does not serve this model" in other and "paddock chat boss/other" in other
    assert "serve_models" not in other
    named = 'serve_models = "boss/starter, boss/second, boss/gated, boss/other"'
    assert named in seen(hub, "/boss/other/playground", "boss")
    assert ANSWER not in asked(hub, "boss/other").text
    server.admin_api.create_repo("boss/model")
    assert "No model yet" in seen(server, "/boss/model/playground", None)
    server.admin_api.upload_file(
        path_or_fileobj=b"x", path_in_repo="model.safetensors", repo_id="boss/model"
    )
    none = seen(server, "/boss/model/playground", None)
    assert "serves no models" in none and f"HF_ENDPOINT={server.url}" in none
    assert asked(server, "boss/model").status_code in {200, 400}


def test_only_models_are_talked_to(hub: LiveServer) -> None:
    hub.admin_api.create_repo("boss/data", repo_type="dataset")
    led = httpx.get(f"{hub.url}/datasets/boss/data/playground")
    assert (led.status_code, led.headers["location"]) == (302, "/datasets/boss/data")
    hub.admin_api.create_repo("boss/secret", private=True)
    assert httpx.get(f"{hub.url}/boss/secret/playground").status_code == 401
    with browser(hub, "ann")[0] as client:
        assert client.get("/boss/secret/playground").status_code == 404
