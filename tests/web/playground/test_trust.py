"""A release that the hub's operator has not decided to trust: what is said, and to whom."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.starter import starter_folder
from tests.chromium import open_page, violations
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server
from tests.web.playground.serving import TEAPOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATH = "/boss/signed/playground"
SAID = "signed with a key that the operator of this server has not decided to trust"
COMMAND = "paddock keys trust add"


class Place(NamedTuple):
    """A hub, and the folder of its operator."""

    hub: LiveServer
    operator: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hub")
    operator, publisher = folder / "operator", folder / "publisher"
    others = {
        "serve_models": "boss/signed",
        "serve_threads": 1,
        "packed_bytes": 0,
        "config_home": operator,
    }
    with live_server(folder / "data", sqlite_url(folder), **others) as hub:
        source = folder / "starter"  # a place of its own to build in
        shutil.copytree(starter_folder().parent, source)
        around = Surroundings(publisher, hub.url, hub.admin_token, lambda sentence: None)
        publish_release(Wanted(source / "release.yaml", to="boss/signed"), around)
        yield Place(hub, operator)


def send(page: Page) -> None:
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Message").fill(TEAPOT)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("script", [True, False])
def test_administrators_are_told_what_to_do_and_others_what_it_means(
    place: Place, chromium: Browser, script: bool
) -> None:
    place.hub.user("ann")
    for user in ("ann", "boss"):
        with open_page(
            chromium, place.hub, PATH, user=user, script=script, allow=("403", "400")
        ) as page:
            assert not page.get_by_text(COMMAND).is_visible()
            send(page)
            page.locator("main").get_by_text(SAID).wait_for()
            assert page.get_by_text(COMMAND).is_visible() == (user == "boss")
            if script:
                assert violations(page) == []


def test_callers_of_the_api_are_told_so_and_no_path(place: Place) -> None:
    headers = {"authorization": f"Bearer {place.hub.user('ann')}"}
    body = {"model": "boss/signed", "messages": [{"role": "user", "content": TEAPOT}]}
    url = f"{place.hub.url}/v1/chat/completions"
    refused = httpx.post(url, json=body, headers=headers, timeout=60)
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "unknown_signer"
    assert SAID in refused.text and str(place.operator.parent) not in refused.text
