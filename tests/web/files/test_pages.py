"""Folders, files and their history on pages: what is there, for whom, and how it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from huggingface_hub import CommitOperationAdd

from paddock.hub.download_log.tables import file_downloads
from paddock.hub.tables import repositories
from paddock.web.files import tree
from tests.live import LiveServer
from tests.web.files.people import Person, text_of

REPO = "/boss/pages"
CARD = b"""---
license: mit
---
# Title
![p](img/p.png)

<script>alert(1)</script>
"""


def put(server: LiveServer, repo: str, files: dict[str, bytes], message: str = "put") -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return server.admin_api.create_commit(repo, operations, commit_message=message).oid


@pytest.fixture(scope="module")
def stranger(shared_server: LiveServer) -> Iterator[Person]:
    server = shared_server
    server.admin_api.create_repo("boss/pages")
    files = {
        "src/a.py": b"one = 1\ntwo = 2\n",
        "src/deep/b.txt": b"b",
        "README.md": CARD,
        "img/p.png": b"\x89PNG\r\n\x1a\n" + bytes(30),
        "w.bin": bytes(range(256)),
        "config.json": json.dumps({"a": list(range(200)), "b": 1e400}).encode(),
        "empty": b"",
    }
    put(server, "boss/pages", files, "First <b>words</b>")
    put(server, "boss/pages", {"src/a.py": b"one = 1\ntwo = 22\n"}, "Second")
    server.admin_api.create_branch("boss/pages", branch="dev/x")
    server.admin_api.create_tag("boss/pages", tag="v1")
    yield Person(server, None)


def test_a_folder_says_what_is_in_it_and_who_changed_it_last(stranger: Person) -> None:
    page = stranger.page(f"{REPO}/tree/main")
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    by_name = {row.partition("<bdi>")[2].partition("</bdi>")[0]: row for row in rows}
    assert list(by_name) == [
        "", ".gitattributes", "README.md", "config.json", "empty", "img", "src", "w.bin",
    ]  # fmt: skip
    assert "First &lt;b&gt;words&lt;/b&gt;" in by_name["README.md"]
    assert ">Second<" in by_name["src"]
    assert "scan waits" in by_name["w.bin"] and ">Xet<" in by_name["w.bin"]
    assert (
        f"/resolve/{stranger.server.admin_api.list_repo_commits('boss/pages')[0].commit_id}/"
        in page
    )
    inner = stranger.page(f"{REPO}/tree/main/src/")
    assert "a.py" in inner and "the folder above" in inner and f'href="{REPO}/tree/main"' in inner
    assert "Upload" not in text_of(inner)


def test_another_revision_is_chosen_from_links(stranger: Person) -> None:
    page = stranger.page(f"{REPO}/tree/dev%2Fx/src")
    assert f'href="{REPO}/tree/v1/src"' in page
    assert f'href="{REPO}/tree/dev%2Fx/src" aria-current="true"' in page
    assert stranger.get(f"{REPO}/tree/nowhere").status_code == 404
    assert stranger.get(f"{REPO}/tree/main/none").status_code == 404
    assert (
        stranger.get(f"{REPO}/tree/main/src/a.py").headers["location"]
        == f"{REPO}/blob/main/src/a.py"
    )
    assert stranger.get(f"{REPO}/blob/main/src").headers["location"] == f"{REPO}/tree/main/src"


def test_a_long_folder_comes_page_by_page(
    stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "PAGE_ENTRIES", 3)
    address, names = f"{REPO}/tree/main", []
    for _ in range(3):
        page = stranger.page(address)
        names += re.findall(r"<bdi>(.*?)</bdi>", page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        address = following[1] if following else ""
    assert names == [".gitattributes", "README.md", "config.json", "empty", "img", "src", "w.bin"]
    assert address == ""
    assert stranger.get(f"{REPO}/tree/main?after=none/such").status_code == 400


def test_an_empty_repository_says_what_to_do(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/empty", repo_type="dataset")
    api.delete_file(".gitattributes", "boss/empty", repo_type="dataset")
    page = Person(shared_server, None).page("/datasets/boss/empty/tree/main")
    assert "Nothing is here yet" in page
    assert "hf upload --repo-type dataset boss/empty ." in page


def test_a_text_has_numbered_lines_and_ways_on(stranger: Person) -> None:
    page = stranger.page(f"{REPO}/blob/main/src/a.py")
    assert '<span id="L2">two = 22\n</span>' in page
    for action in ("blame", "commits"):
        assert f'href="{REPO}/{action}/main/src/a.py"' in page
    assert "Change" not in text_of(page)
    raw = re.search(r'href="([^"]*/resolve/[^"]*)\?download=true"', page)
    assert raw is not None
    assert stranger.get(raw[1]).content == b"one = 1\ntwo = 22\n"
    kept = stranger.get(raw[1] + "?download=true").headers["content-disposition"]
    assert kept.startswith("attachment")


def test_markdown_is_rendered_and_its_source_one_click_away(stranger: Person) -> None:
    page = stranger.page(f"{REPO}/blob/main/README.md")
    assert "<h1>Title</h1>" in page or "<h2>Title</h2>" in page
    assert "<script>alert" not in page
    assert "license: mit" not in text_of(page)
    assert "license: mit" in stranger.page(f"{REPO}/blob/main/README.md?view=source")
    picture = {"Sec-Fetch-Dest": "image"}
    led = stranger.get(f"{REPO}/blob/main/img/p.png", headers=picture, follow_redirects=True)
    assert led.headers["content-type"] == "image/png"


def test_each_kind_of_file_is_shown_in_its_way(stranger: Person) -> None:
    def shown(path: str, query: str = "") -> str:
        return stranger.page(f"{REPO}/blob/main/{path}{query}")

    assert re.search(r'<img src="[^"]*/resolve/[^"]*/img/p\.png"', shown("img/p.png"))
    assert "It is not shown here." in shown("w.bin")
    assert "It has no bytes." in shown("empty")
    laid_out = shown("config.json")
    assert '<span id="L3">    0,\n</span>' in laid_out
    assert "1e400" in laid_out or "Infinity" in laid_out
    assert '<span id="L2">' not in shown("config.json", "?view=source")


def test_history_names_the_commits_and_what_each_did(stranger: Person) -> None:
    listed = stranger.page(f"{REPO}/commits/main")
    assert text_of(listed).index("Second") < text_of(listed).index("First <b>words</b>")
    of_file = stranger.page(f"{REPO}/commits/main/src/deep/b.txt")
    assert "Second" not in text_of(of_file) and "First" in text_of(of_file)
    commit = re.search(rf'href="({REPO}/commit/[0-9a-f]{{40}})">Second', listed)
    assert commit is not None
    told = stranger.page(commit[1])
    assert "1 file changed" in text_of(told)
    assert re.search(r'diff-removed"><td class="diff-number">2</td>.*?two = 2</td>', told)
    assert re.search(r'diff-added">.*?<td class="diff-number">2</td>.*?two = 22</td>', told)


def test_blame_and_comparison_agree_with_history(stranger: Person) -> None:
    page = stranger.page(f"{REPO}/blame/main/src/a.py")
    first, second = page.index("First &lt;b&gt;words"), page.index(">Second<")
    assert first < page.index("one = 1") < second < page.index("two = 22")
    assert stranger.get(f"{REPO}/blame/main/w.bin").status_code == 400
    same = stranger.page(f"{REPO}/compare/v1..dev%2Fx")
    assert "All files are the same" in same
    log = stranger.server.admin_api.list_repo_commits("boss/pages")
    page = stranger.page(f"{REPO}/compare/{log[-1].commit_id}...main")
    assert "6 files changed" in text_of(page) or "7 files changed" in text_of(page)
    assert stranger.get(f"{REPO}/compare/main").status_code == 400
    led = stranger.get(f"{REPO}/compare", params={"old": "v1", "new": "dev/x"})
    assert led.headers["location"] == f"{REPO}/compare/v1..dev%2Fx"


def test_blame_names_the_file_that_was_renamed(shared_server: LiveServer) -> None:
    server, at = shared_server, "/boss/renamed"
    server.admin_api.create_repo("boss/renamed")
    put(server, "boss/renamed", {"old name.txt": b"one\ntwo\nthree\nfour\n"}, "Begin")
    owner = Person(server, "boss")
    owner.send(f"{at}/rename/main/old%20name.txt", new_path="new.txt", message="Move")
    owner.send(f"{at}/edit/main/new.txt", text="one\ntwo\n3\nfour\n", message="Change")
    page = owner.page(f"{at}/blame/main/new.txt")
    told = text_of(page)
    assert told.count("Begin") == 2 and told.count("Change") == 1 and "Move" not in told
    begun = server.admin_api.list_repo_commits("boss/renamed")[2].commit_id
    was = f'href="{at}/blob/{begun}/old%20name.txt">as <bdi>old name.txt</bdi>'
    assert page.count(was) == 2
    assert "four" in owner.page(f"{at}/blob/{begun}/old%20name.txt")


def test_files_of_a_gated_repository_are_named_and_not_shown(shared_server: LiveServer) -> None:
    server = shared_server
    server.admin_api.create_repo("boss/gated")
    put(server, "boss/gated", {"secret.txt": b"the secret\n"})
    server.admin_api.update_repo_settings("boss/gated", gated="manual")
    for person in (Person(server, None), Person(server, "eve")):
        assert "secret.txt" in person.page("/boss/gated/tree/main")
        page = person.page("/boss/gated/blob/main/secret.txt")
        assert "the secret" not in page and "Ask for access" in page
        assert "/resolve/" not in page
        commit = person.page("/boss/gated/commit/main")
        assert "the secret" not in commit and "secret.txt" in commit
        assert person.get("/boss/gated/blame/main/secret.txt").status_code in {401, 403}
    owner = Person(server, "boss")
    assert "the secret" in owner.page("/boss/gated/blob/main/secret.txt")
    assert "the secret" in owner.page("/boss/gated/blame/main/secret.txt")


def test_what_is_private_is_not_there_for_others(shared_server: LiveServer) -> None:
    shared_server.admin_api.create_repo("boss/private", private=True)
    pages = "tree/main blob/main/.gitattributes commits/main commit/main compare/main..main"
    pages += " blame/main/.gitattributes upload/main new/main edit/main/.gitattributes"
    for page in pages.split():
        assert httpx.get(f"{shared_server.url}/boss/private/{page}").status_code == 401
        assert Person(shared_server, "eve").get(f"/boss/private/{page}").status_code == 404
    assert ".gitattributes" in Person(shared_server, "boss").page("/boss/private/tree/main")


def test_what_a_page_shows_of_a_closed_repository_is_logged(shared_server: LiveServer) -> None:
    server = shared_server
    server.admin_api.create_repo("boss/logged", private=True)
    put(server, "boss/logged", {"a.txt": b"a", "w.bin": bytes(9)})
    owner = Person(server, "boss")
    for page in ("tree/main", "blob/main/w.bin", "blob/main/a.txt", "blame/main/a.txt"):
        owner.page(f"/boss/logged/{page}")
    server.hub.download_log.flush(server.hub.database)
    logged = sa.select(file_downloads.c.path).join(repositories)
    here = logged.where(repositories.c.full_name == "boss/logged")
    with server.hub.database.read() as conn:
        assert set(conn.execute(here).scalars()) == {"a.txt"}
