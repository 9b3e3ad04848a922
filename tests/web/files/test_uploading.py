"""Files brought in Chromium: chosen, dropped, hashed, sent in parts, stopped and taken up again."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paddock.web import static_files
from tests.chromium import open_page, violations
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

WEIGHTS = random.Random(1).randbytes(300_000)


@pytest.fixture(scope="module")
def server(shared_server: LiveServer) -> Iterator[LiveServer]:
    yield shared_server


def make_repo(server: LiveServer, name: str) -> str:
    server.admin_api.create_repo(f"boss/{name}")
    return f"boss/{name}"


def read(server: LiveServer, repo: str, path: str, rev: str = "main") -> bytes:
    return Path(server.admin_api.hf_hub_download(repo, path, revision=rev)).read_bytes()


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator("#files").set_input_files(
        [{"name": n, "mimeType": "application/octet-stream", "buffer": c} for n, c in files]
    )


def state(page: Page, text: str) -> None:
    """Wait until the page says this of the upload."""
    page.locator("#state", has_text=text).wait_for()


def finish(page: Page) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("#after").wait_for()


def test_files_of_every_kind_are_committed_at_once(
    server: LiveServer, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    repo = make_repo(server, "drop")
    with open_page(chromium, server, f"/{repo}/upload/main/in", user="boss") as page:
        choose(page, ("notes.txt", b"some text\n"), ("w.safetensors", WEIGHTS), ("gone.txt", b"x"))
        choose(page, ("<b>.bin", bytes(range(256))), ("empty", b""))
        page.get_by_role("button", name="Remove in/gone.txt").click()
        assert page.locator("#sum").inner_text().startswith("4 files")
        assert violations(page) == []
        page.get_by_label("What was done").fill("Bring files")
        finish(page)
        assert page.locator("#after a").get_attribute("href") == f"/{repo}/tree/main/in"
        page.locator("#verdicts li").first.wait_for()
        server.run_scans()
        page.locator("#verdicts li", has_text="notes.txt").get_by_text("safe").wait_for()
    commit = server.admin_api.list_repo_commits(repo)[0]
    assert commit.title == "Bring files"
    listed = {e.path: e for e in server.admin_api.list_repo_tree(repo, "in")}
    assert sorted(listed) == ["in/<b>.bin", "in/empty", "in/notes.txt", "in/w.safetensors"]
    assert listed["in/w.safetensors"].lfs.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert read(server, repo, "in/notes.txt") == b"some text\n"
    assert read(server, repo, "in/w.safetensors") == WEIGHTS


DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  const target = document.getElementById("drop");
  for (const type of ["dragenter", "dragover", "drop"]) {
    const options = {dataTransfer: transfer, bubbles: true, cancelable: true};
    target.dispatchEvent(new DragEvent(type, options));
  }
}"""


def test_dropped_files_become_a_pull_request_of_who_may_not_write(
    server: LiveServer, chromium: Browser
) -> None:
    repo = make_repo(server, "propose")
    with open_page(chromium, server, f"/{repo}/upload/main", user="eve") as page:
        page.evaluate(DROP, [["a.txt", "dropped"], ["b.txt", "too"]])
        page.get_by_text("2 files,").wait_for()
        finish(page)
        assert page.locator("#after a").get_attribute("href") == f"/{repo}/discussions/1"
    assert server.admin_api.list_repo_files(repo) == [".gitattributes"]
    assert "b.txt" in server.admin_api.list_repo_files(repo, revision="refs/pr/1")


def test_a_writer_asked_for_a_pull_request_opens_one_and_adds_to_it(
    server: LiveServer, chromium: Browser
) -> None:
    repo = make_repo(server, "asked")
    with open_page(
        chromium, server, f"/{repo}/discussions/new?type=pull_request", user="boss"
    ) as p:
        p.get_by_role("link", name="Choose files").click()
        assert p.get_by_label("Open a pull request instead").is_checked()
        choose(p, ("a.txt", b"first"))
        finish(p)
        p.get_by_role("link", name="See the pull request").click()
        p.get_by_role("link", name="Add files to it").click()
        choose(p, ("w.bin", WEIGHTS))
        finish(p)
        assert p.locator("#after a").get_attribute("href") == f"/{repo}/tree/refs%2Fpr%2F1"
    assert server.admin_api.list_repo_files(repo) == [".gitattributes"]
    proposed = server.admin_api.list_repo_files(repo, revision="refs/pr/1")
    assert sorted(proposed) == [".gitattributes", "a.txt", "w.bin"]
    assert len(list(server.admin_api.get_repo_discussions(repo))) == 1


def test_an_upload_in_parts_goes_on_where_it_broke_off(
    server: LiveServer, chromium: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("paddock.hub.large.lfs._SMALLEST_PART_BYTES", 1 << 20)
    repo = make_repo(server, "parts")
    content = random.Random(2).randbytes((3 << 20) + 17)
    sent: list[str] = []
    broken = {"left": 5}

    def on_part(route: Route) -> None:
        number = route.request.url.partition("/parts/")[2].partition("?")[0]
        if number == "3" and broken["left"]:
            broken["left"] -= 1
            route.fulfill(status=503, json={"error": "not now"})
            return
        sent.append(number)
        route.continue_()

    allow = ["503"]
    with open_page(chromium, server, f"/{repo}/upload/main", user="boss", allow=allow) as page:
        # Parts from one megabyte on, and no pause, where the page's own begin at 64.
        page.route("**/files/lfs.mjs", lambda route: small_parts(route))
        page.reload()
        page.route("**/lfs/objects/*/parts/*", on_part)
        choose(page, ("big.bin", content))
        page.get_by_role("button", name="Upload", exact=True).click()
        state(page, "It did not work: not now")
        assert sent == ["1", "2"]
        finish(page)
    assert sent == ["1", "2", "3", "4"]
    assert read(server, repo, "big.bin") == content


def small_parts(route: Route) -> None:
    answer = route.fetch()
    text = answer.text().replace("64 * 1024 * 1024", "1024 * 1024").replace("= 500;", "= 1;")
    route.fulfill(response=answer, body=text)


def test_what_was_stopped_commits_nothing(server: LiveServer, chromium: Browser) -> None:
    repo = make_repo(server, "stopped")
    held: list[Any] = []
    with open_page(chromium, server, f"/{repo}/upload/main", user="boss") as page:
        page.route("**/lfs/objects/*", lambda route: held.append(route))
        choose(page, ("w.bin", WEIGHTS))
        page.get_by_role("button", name="Upload", exact=True).click()
        page.get_by_role("button", name="Stop").wait_for()
        state(page, "Sending…")
        page.get_by_role("button", name="Stop").click()
        state(page, "Stopped. Nothing was committed")
    assert len(server.admin_api.list_repo_commits(repo)) == 1


def test_what_the_hub_refuses_is_said(server: LiveServer, chromium: Browser) -> None:
    repo = make_repo(server, "refused")
    with open_page(chromium, server, f"/{repo}/upload/main", user="boss", allow=["422"]) as page:
        page.evaluate(DROP, [["a\\b.txt", "x"]])
        page.get_by_role("button", name="Upload", exact=True).click()
        state(page, "It did not work: the path 'a\\\\b.txt' contains a backslash")


def test_files_are_sent_without_a_script(server: LiveServer, chromium: Browser) -> None:
    repo = make_repo(server, "plain")
    with open_page(chromium, server, f"/{repo}/upload/main", user="boss", script=False) as page:
        choose(page, ("one.txt", b"1"), ("two.bin", bytes(99)))
        page.get_by_role("button", name="Upload", exact=True).click()
        page.wait_for_url(f"**/{repo}/tree/main")
        assert "two.bin" in page.content()


VECTORS = """async address => {
  const { Sha256 } = await import(address);
  const text = length => Uint8Array.from({length}, (_, n) => n * 7 + length);
  const found = [];
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000]) {
    const bytes = text(length);
    const native = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const wanted = Array.from(native, b => b.toString(16).padStart(2, "0")).join("");
    for (const step of [1, 7, 64, 65, 1000]) {
      const hash = new Sha256();
      for (let at = 0; at < length; at += step) hash.update(bytes.subarray(at, at + step));
      found.push(hash.hex() === wanted);
    }
  }
  const abc = new Sha256().update(new TextEncoder().encode("abc")).hex();
  return {ok: found.every(Boolean), count: found.length, abc};
}"""


def test_digests_made_piece_by_piece_are_sha_256(server: LiveServer, chromium: Browser) -> None:
    repo = make_repo(server, "digest")
    with open_page(chromium, server, f"/{repo}/upload/main", user="boss") as page:
        found = page.evaluate(VECTORS, static_files.address("files/sha256.mjs"))
    assert found["ok"] and found["count"] == 70
    assert found["abc"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
