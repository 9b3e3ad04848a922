"""Sign up, upload, release, let in, download, chat, report, triage, fix: all by keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paddock.hub.sessions.sign_up import SignUp
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.starter import starter_folder
from tests.chromium import open_page, press, sticking_out, tab_to, violations
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server
from tests.web.stories.keyboard import activate, choose, fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DRAFT, MODEL = "sam/draft", "sam/shopkeeper"
# The model answers when it has been loaded, which takes a while on a busy machine.
ANSWER_MS = 120_000
# The operator has not seen the key of a new account before.
_SERVING = {
    "serve_models": MODEL, "serve_verify": "intact", "serve_threads": 1, "packed_bytes": 0,
}  # fmt: skip
_DROP = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["Notes on the shop.\\n"], "notes.txt", {type: "text/plain"}));
  files.items.add(new File(["hello"], "more.bin"));
  const target = document.getElementById("drop");
  const told = {dataTransfer: files, bubbles: true, cancelable: true};
  for (const type of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, told));
}"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays."""

    server: LiveServer
    browser: Browser
    folder: Path

    @contextmanager
    def at(self, path: str, user: str | None) -> Iterator[Page]:
        """A page that somebody looks at, which is in order in both schemes."""
        with open_page(self.browser, self.server, path, user=user) as page:
            yield page
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == []
            assert sticking_out(page) == []


@pytest.fixture
def stage(chromium: Browser, tmp_path: Path) -> Iterator[Stage]:
    """A hub that serves models, on which anybody may make an account."""
    with live_server(tmp_path / "data", sqlite_url(tmp_path), **_SERVING) as server:
        object.__setattr__(server.hub, "sign_up", SignUp("open"))
        yield Stage(server, chromium, tmp_path)


@pytest.mark.slow
def test_a_model_from_its_first_file_to_the_release_that_puts_it_right(stage: Stage) -> None:
    sign_up(stage)
    make_a_model(stage)
    drop_files(stage)
    token = make_a_token(stage)
    release(stage, token, "1.0.0")
    close_the_gate(stage)
    ask_for_access(stage)
    let_in(stage)
    download(stage)
    chat(stage)
    report = report_it(stage)
    triage(stage, report)
    release(stage, token, "1.1.0")
    put_right(stage, report)
    with stage.at(report, "dana") as page:
        assert "1.1.0" in page.locator("main").inner_text()
        assert page.get_by_text("fixed", exact=False).count() > 0
    with stage.at(f"/{MODEL}/release", "dana") as page:
        assert "1.1.0" in page.locator("main").inner_text()


def sign_up(stage: Stage) -> None:
    with stage.at("/join", None) as page:
        fill(page, "Name", "sam")
        fill(page, "Password", "a lamp beside the door")
        activate(page, "Make the account")
        assert page.get_by_text("sam", exact=True).count() > 0


def make_a_model(stage: Stage) -> None:
    with stage.at("/new", "sam") as page:
        choose(page, "Model")
        fill(page, "Name", DRAFT.partition("/")[2])
        choose(page, "Public")
        activate(page, "Make it")
        assert page.url.endswith(DRAFT)


def drop_files(stage: Stage) -> None:
    with stage.at(f"/{DRAFT}/upload/main", "sam") as page:
        page.evaluate(_DROP)
        page.get_by_role("cell", name="notes.txt", exact=True).wait_for()
        tab_to(page, "Upload", role="button")
        press(page, "Enter")
        page.get_by_role("heading", name="Uploaded").wait_for()
    assert "notes.txt" in stage.server.api().list_repo_files(DRAFT)


def make_a_token(stage: Stage) -> str:
    with stage.at("/settings/tokens/new", "sam") as page:
        fill(page, "What it is for", "releases")
        choose(page, "Read and write all")
        tab_to(page, "Make the token", role="button")
        press(page, "Enter")
        page.get_by_text("This is the token").wait_for()
        found = re.search(r"hf_\w{20,}", page.locator("main").inner_text())
        assert found
        return found[0]


def release(stage: Stage, token: str, version: str) -> None:
    """As the command line does."""
    source = stage.folder / version
    shutil.copytree(starter_folder().parent, source, ignore=shutil.ignore_patterns("*.py"))
    file = source / "release.yaml"
    file.write_text(file.read_text().replace("1.0.0", version))
    around = Surroundings(stage.folder / "home", stage.server.url, token, lambda _: None)
    publish_release(Wanted(file, to=MODEL), around)


def close_the_gate(stage: Stage) -> None:
    with stage.at(f"/{MODEL}/settings", "sam") as page:
        choose(page, "By hand")
        activate(page, "Save the gate")
    assert stage.server.api().model_info(MODEL).gated == "manual"


def ask_for_access(stage: Stage) -> None:
    stage.server.user("dana")
    with stage.at(f"/{MODEL}/ask-access", "dana") as page:
        activate(page, "Ask for access")
        assert page.get_by_text("awaiting a review").count() == 1


def let_in(stage: Stage) -> None:
    with stage.at(f"/{MODEL}/access", "sam") as page:
        activate(page, "Let dana in")
    let_in = stage.server.admin_api.list_accepted_access_requests(MODEL)
    assert [request.username for request in let_in] == ["dana"]


def download(stage: Stage) -> None:
    with stage.at(f"/{MODEL}/blob/main/config.json", "dana") as page:
        tab_to(page, "Download", role="link")
        with page.expect_download() as got:
            press(page, "Enter")
        assert b"llama" in got.value.path().read_bytes()


def chat(stage: Stage) -> None:
    with stage.at(f"/{MODEL}/playground", "dana") as page:
        fill(page, "Message", "What is the teapot made of?")
        press(page, "Control+Enter")
        page.get_by_role("button", name="Answer again").wait_for(timeout=ANSWER_MS)
        assert page.locator(".answer .notice").all_inner_texts() == []
        assert page.locator(".answer .text").inner_text().strip()


def report_it(stage: Stage) -> str:
    """The report's address."""
    with stage.at(f"/{MODEL}/reports/new", "dana") as page:
        choose(page, "Wrong")
        fill(page, "Title", "It is open at night, it says")
        fill(page, "Text of message 1", "When is the shop open?")
        fill(page, "The output, to the letter", "At night.")
        activate(page, "Send the report")
        return page.url.removeprefix(stage.server.url)


def triage(stage: Stage, report: str) -> None:
    for state in ("Triaged", "Confirmed"):
        with stage.at(report, "sam") as page:
            choose(page, state)
            if state == "Triaged":
                fill_list(page, "Impact", "moderate")
                fill_list(page, "Ease", "easy")
                choose(page, "Public, to whoever")
            activate(page, "Send")
            assert state.lower() in page.locator("main").inner_text().lower()


def fill_list(page: Page, name: str, start: str) -> None:
    tab_to(page, name, role="combobox")
    page.keyboard.type(start)


def put_right(stage: Stage, report: str) -> None:
    with stage.at(report, "sam") as page:
        choose(page, "Fixed")
        fill(page, "Fixed in", "1.1.0")
        activate(page, "Send")
