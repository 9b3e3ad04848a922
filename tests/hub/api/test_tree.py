"""What a revision holds, page by page and path by path."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from huggingface_hub import HfFileSystem, RepoFile, RepoFolder
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

from paddock.hub.api import tree
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

CONTENTS = {
    "README.md": b"# Hi",
    "a/b.txt": b"12",
    "a/c/d.txt": b"123",
    "é/🐎 x.txt": b"1234",
}


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        made.commit(CONTENTS)
        yield made


def test_the_stock_client_lists_folders_and_files(hosted: Hosted) -> None:
    entries = list(hosted.hf.list_repo_tree(hosted.repo_id, recursive=True))
    files = {entry.path: entry.size for entry in entries if isinstance(entry, RepoFile)}
    folders = [entry.path for entry in entries if isinstance(entry, RepoFolder)]
    assert {path: files[path] for path in CONTENTS} == {p: len(c) for p, c in CONTENTS.items()}
    assert folders == ["a", "a/c", "é"]
    shallow = hosted.hf.list_repo_tree(hosted.repo_id, "a")
    assert [entry.path for entry in shallow] == ["a/b.txt", "a/c"]
    deep = hosted.hf.list_repo_tree(hosted.repo_id, "é", recursive=True)
    assert [entry.path for entry in deep] == ["é/🐎 x.txt"]


def test_expanding_names_the_last_commit_of_each_entry(shared_server: LiveServer) -> None:
    with host(shared_server) as hosted:
        first = hosted.commit({"a/x": b"1", "b": b"1"}, message="first")
        second = hosted.commit({"a/x": b"2"}, message="second")
    listed = hosted.hf.list_repo_tree(hosted.repo_id, recursive=True, expand=True)
    touched = {entry.path: entry.last_commit for entry in listed}
    oids = {path: commit.oid for path, commit in touched.items() if commit}
    assert {path: oids[path] for path in ("a", "a/x", "b")} == {
        "a": second, "a/x": second, "b": first,
    }  # fmt: skip
    assert touched["b"] and touched["b"].title == "first"


def test_pages_are_linked_and_name_the_commit(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = hosted.http.get(f"{hosted.api}/tree/main?recursive=true&limit=3")
    link = answer.links["next"]["url"]
    assert link.startswith(f"{hosted.server.url}{hosted.api}/tree/{hosted.tip()}?")
    paths = []
    while True:
        paths += [entry["path"] for entry in answer.json()]
        if "next" not in answer.links:
            break
        assert len(answer.json()) == 3
        answer = hosted.http.get(answer.links["next"]["url"])
    whole = hosted.http.get(f"{hosted.api}/tree/main?recursive=1").json()
    assert paths == [entry["path"] for entry in whole]
    monkeypatch.setattr(tree, "PAGE_ENTRIES", 2)
    assert len(list(hosted.hf.list_repo_tree(hosted.repo_id, recursive=True))) == len(whole)
    monkeypatch.setattr(tree, "PAGE_ENTRIES", 1)
    inside = hosted.hf.list_repo_tree(hosted.repo_id, "a", recursive=True)
    assert [entry.path for entry in inside] == ["a/b.txt", "a/c", "a/c/d.txt"]


def test_what_is_not_there(hosted: Hosted) -> None:
    with pytest.raises(EntryNotFoundError):
        list(hosted.hf.list_repo_tree(hosted.repo_id, "none"))
    with pytest.raises(EntryNotFoundError):
        list(hosted.hf.list_repo_tree(hosted.repo_id, "README.md"))
    with pytest.raises(RevisionNotFoundError):
        list(hosted.hf.list_repo_tree(hosted.repo_id, revision="none"))
    missing = hosted.http.get(f"{hosted.api}/tree/main/none")
    assert (missing.status_code, missing.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert missing.headers["X-Repo-Commit"] == hosted.tip()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=%%%", 400),
        ("cursor=bm9uZQ==", 400),
        ("cursor=/w==", 400),
        ("limit=0", 400),
        ("limit=-1", 400),
        ("limit=x", 400),
        ("limit=99999999999999999999", 200),
        ("recursive=maybe", 400),
        ("recursive=True&expand=False", 200),
        ("unknown=1", 200),
    ],
)
def test_queries(hosted: Hosted, query: str, status: int) -> None:
    answer = hosted.http.get(f"{hosted.api}/tree/main?{query}")
    assert answer.status_code == status, answer.text


def test_the_stock_client_asks_about_paths(hosted: Hosted) -> None:
    asked = ["README.md", "a/", "none", "é/🐎 x.txt"]
    found = hosted.hf.get_paths_info(hosted.repo_id, asked, expand=True)
    assert [entry.path for entry in found] == ["README.md", "a", "é/🐎 x.txt"]
    assert all(entry.last_commit for entry in found)
    assert hosted.hf.get_paths_info(hosted.repo_id, ["none"]) == []


def test_many_paths_in_one_form(hosted: Hosted) -> None:
    asked = [f"none/{n}" for n in range(5000)] + ["a/b.txt"]
    assert [e.path for e in hosted.hf.get_paths_info(hosted.repo_id, asked)] == ["a/b.txt"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"paths":["a/b.txt"]}', "application/json", 200),
        (b'{"paths":["a/b.txt"],"expand":true}', "application/json; charset=utf-8", 200),
        (b'{"paths":"a/b.txt"}', "application/json", 200),
        (b"paths=a%2Fb.txt", "application/x-www-form-urlencoded", 200),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"3", "application/json", 400),
        (b'{"paths":[3]}', "application/json", 400),
        (b'{"paths":{"a":1}}', "application/json", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_question_about_paths_as_form_or_json(
    hosted: Hosted, body: bytes, content_type: str, status: int
) -> None:
    answer: httpx.Response = hosted.http.post(
        f"{hosted.api}/paths-info/main", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
    if status == 200:
        assert [entry["path"] for entry in answer.json()] == ["a/b.txt"]


def test_the_file_system_of_the_stock_client(hosted: Hosted) -> None:
    fs = HfFileSystem(endpoint=hosted.server.url, token=hosted.token)
    repo = hosted.repo_id
    assert fs.ls(f"{repo}/a", detail=False) == [f"{repo}/a/b.txt", f"{repo}/a/c"]
    assert fs.cat(f"{repo}/a/c/d.txt") == b"123"
    assert fs.info(f"{repo}/README.md")["size"] == 4
    assert fs.info(f"{repo}/a")["type"] == "directory"
    assert sorted(fs.find(repo)) == sorted(
        f"{repo}/{path}" for path in [".gitattributes", *CONTENTS]
    )
    assert fs.exists(f"{repo}/a/b.txt") and not fs.exists(f"{repo}/none")
    with fs.open(f"{repo}/é/🐎 x.txt", "rb") as file:
        file.seek(1)
        assert file.read(2) == b"23"


@pytest.mark.parametrize("spelling", ["main", "refs%2Fheads%2Fmain", "refs/heads/main"])
def test_a_full_ref_may_be_spelled_with_its_slashes(hosted: Hosted, spelling: str) -> None:
    for address, json in (
        (f"tree/{spelling}/a", None),
        (f"revision/{spelling}", None),
        (f"commits/{spelling}", None),
        (f"paths-info/{spelling}", {"paths": ["a"]}),
    ):
        method = "GET" if json is None else "POST"
        answer = hosted.http.request(method, f"{hosted.api}/{address}", json=json)
        assert answer.status_code == 200, (address, answer.text)
    listed = hosted.http.get(f"{hosted.api}/tree/{spelling}/a").json()
    assert [entry["path"] for entry in listed] == ["a/b.txt", "a/c"]
