"""``hf auth login``: a terminal shows a code, a person types it into a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from paddock.hub.oauth.apps import STOCK_CLIENT
from paddock.hub.oauth.tables import oauth_devices
from paddock.hub.sessions.tables import attempts
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.live import LiveServer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def ask(server: LiveServer, **fields: str) -> dict[str, object]:
    data = {"grant_type": DEVICE_GRANT, "client_id": STOCK_CLIENT, **fields}
    answer = httpx.post(f"{server.url}/oauth/token", data=data)
    assert answer.status_code < 500
    assert answer.status_code >= 400 or answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def start(server: LiveServer) -> dict[str, str]:
    answer = httpx.post(f"{server.url}/oauth/device", data={"client_id": STOCK_CLIENT})
    return dict(answer.raise_for_status().json())


def test_the_unmodified_client_signs_in_while_a_person_approves(
    server_on_each: LiveServer, tmp_path: Path
) -> None:
    alice = a_person(server_on_each, "alice")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("HF_")},
        "HF_ENDPOINT": server_on_each.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
    }
    hf = Path(sys.executable).with_name("hf")
    terminal = subprocess.Popen(
        [hf, "auth", "login"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert terminal.stdout is not None
    shown = ""
    while not (
        found := re.search(r"[?&]user_code=([A-Z]{4}-[A-Z]{4})|\b([A-Z]{4}-[A-Z]{4})\b", shown)
    ):
        line = terminal.stdout.readline()
        assert line, shown
        shown += line
    assert "is signed in" in alice.approve_device(found[1] or found[2]).text
    rest, _ = terminal.communicate(timeout=60)
    assert terminal.returncode == 0, shown + rest
    told = subprocess.run(
        [hf, "auth", "whoami"], env=environment, capture_output=True, text=True, check=True
    )
    assert "alice" in told.stdout
    token = (tmp_path / "hf" / "token").read_text()
    api = HfApi(endpoint=server_on_each.url, token=token)
    assert api.create_repo("alice/from-a-terminal", private=True).repo_id == "alice/from-a-terminal"
    assert api.whoami()["auth"]["type"] == "oauth"


def test_a_device_is_told_to_wait_then_to_slow_down(shared_server: LiveServer) -> None:
    device = start(shared_server)["device_code"]
    assert ask(shared_server, device_code=device)["error"] == "authorization_pending"
    assert ask(shared_server, device_code=device)["error"] == "slow_down"


def test_a_code_gives_one_token_and_no_second(shared_server: LiveServer) -> None:
    beth = a_person(shared_server, "beth")
    device = start(shared_server)
    beth.approve_device(device["user_code"])
    assert str(ask(shared_server, device_code=device["device_code"])["access_token"]).startswith(
        "hf_oauth_"
    )
    assert ask(shared_server, device_code=device["device_code"])["error"] == "invalid_grant"


def test_a_device_is_told_that_the_person_said_no(shared_server: LiveServer) -> None:
    carl = a_person(shared_server, "carl")
    device = start(shared_server)
    assert "Not allowed" in carl.approve_device(device["user_code"], "deny").text
    assert ask(shared_server, device_code=device["device_code"])["error"] == "access_denied"


def test_a_device_that_waited_too_long_must_start_anew(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = start(shared_server)
    with shared_server.hub.database.write() as conn:
        from paddock import clock

        conn.execute(oauth_devices.update().values(expires_at=clock.now()))
    assert ask(shared_server, device_code=device["device_code"])["error"] == "expired_token"


def test_a_link_with_a_code_allows_nothing_by_itself(shared_server: LiveServer) -> None:
    dora = a_person(shared_server, "dora")
    device = start(shared_server)
    page = dora.browser.get("/oauth/device", params={"user_code": device["user_code"]})
    assert "If somebody sent you" in page.text
    assert ask(shared_server, device_code=device["device_code"])["error"] == "authorization_pending"


def test_another_site_cannot_approve_in_a_persons_name(shared_server: LiveServer) -> None:
    emma = a_person(shared_server, "emma")
    device = start(shared_server)
    form = {"user_code": device["user_code"], "decision": "allow"}
    for more, headers in (
        ({}, {}),
        ({"form_key": "0" * 64}, {}),
        (
            {"form_key": emma.form_key(emma.browser.get("/oauth/device").text)},
            {"Origin": "https://evil.example"},
        ),
        (
            {"form_key": emma.form_key(emma.browser.get("/oauth/device").text)},
            {"Sec-Fetch-Site": "cross-site"},
        ),
    ):
        answer = emma.browser.post("/oauth/device/decide", data=form | more, headers=headers)
        assert answer.status_code == 403
    device_code = device["device_code"]
    assert ask(shared_server, device_code=device_code)["error"] == "authorization_pending"


def test_short_codes_cannot_be_guessed_at_for_long(shared_server: LiveServer) -> None:
    fred = a_person(shared_server, "fred")
    key = fred.form_key(fred.browser.get("/oauth/device").text)
    statuses = [
        fred.browser.post(
            "/oauth/device/confirm", data={"form_key": key, "user_code": f"BBBBBBB{letter}"}
        ).status_code
        for letter in "BCDFGHJKLMNPQRSTVWXZBC"
    ]
    assert statuses[:20] == [404] * 20
    assert statuses[20:] == [429, 429]


def test_knowing_ones_own_code_gives_no_more_guesses(shared_server: LiveServer) -> None:
    hugo = a_person(shared_server, "hugo")
    with shared_server.hub.database.write() as conn:  # of the tests before, at the same address
        conn.execute(attempts.delete())
    own = start(shared_server)["user_code"]
    key = hugo.form_key(hugo.browser.get("/oauth/device").text)
    statuses = [
        hugo.browser.post(
            "/oauth/device/confirm",
            data={"form_key": key, "user_code": own if number % 4 == 3 else "BBBB-BBBB"},
        ).status_code
        for number in range(29)
    ]
    assert statuses[:26] == [404, 404, 404, 200] * 6 + [404, 404]
    assert statuses[26:] == [429, 429, 429]


def test_a_refresh_token_brings_the_next_one_and_ends_everything_when_it_comes_again(
    server_on_each: LiveServer,
) -> None:
    gina = a_person(server_on_each, "gina")
    device = start(server_on_each)
    gina.approve_device(device["user_code"])
    first = ask(server_on_each, device_code=device["device_code"])
    refresh = {"grant_type": "refresh_token", "refresh_token": str(first["refresh_token"])}
    second = ask(server_on_each, **refresh)
    assert second["access_token"] != first["access_token"]
    api = HfApi(endpoint=server_on_each.url, token=str(second["access_token"]))
    assert api.whoami()["name"] == "gina"
    assert ask(server_on_each, **refresh)["error"] == "invalid_grant"
    who = httpx.get(
        f"{server_on_each.url}/api/whoami-v2",
        headers={"Authorization": f"Bearer {second['access_token']}"},
    )
    assert who.status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": str(second["refresh_token"])}
    assert ask(server_on_each, **again)["error"] == "invalid_grant"


def test_a_stranger_must_sign_in_before_the_page_and_comes_back_to_it(
    shared_server: LiveServer,
) -> None:
    a_person(shared_server, "hubertine")
    stranger = Person(shared_server, "hubertine")
    answer = stranger.browser.get("/oauth/device?user_code=BBBB-CCCC")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Foauth%2Fdevice%3Fuser_code%3DBBBB-CCCC"
    back = stranger.sign_in(PASSWORD, next="/oauth/device?user_code=BBBB-CCCC")
    assert back.headers["location"] == "/oauth/device?user_code=BBBB-CCCC"
