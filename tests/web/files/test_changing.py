"""Files are made, edited, renamed, deleted and sent by forms: on a branch, or as a proposal."""

from __future__ import annotations

import hashlib

import pytest
from huggingface_hub import CommitOperationAdd

from paddock.web.files import uploading
from tests.live import LiveServer
from tests.web.files.people import Person, text_of


class Repo:
    """A repository of boss with a few files, and boss before it."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.server, self.full, self.path = server, f"boss/{name}", f"/boss/{name}"
        server.admin_api.create_repo(self.full)
        self.put({"a.txt": b"one\ntwo\n", "windows.txt": b"one\r\ntwo\r\n", "w.bin": bytes(300)})
        self.owner = Person(server, "boss")

    def put(self, files: dict[str, bytes]) -> None:
        operations = [CommitOperationAdd(path, content) for path, content in files.items()]
        self.server.admin_api.create_commit(self.full, operations, commit_message="put")

    def read(self, path: str, rev: str = "main") -> bytes:
        answer = self.owner.get(f"{self.path}/resolve/{rev}/{path}", follow_redirects=True)
        return answer.content if answer.status_code == 200 else b"(none)"

    def messages(self) -> list[str]:
        return [one.title for one in self.server.admin_api.list_repo_commits(self.full)]


def test_a_text_is_made_and_changed(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "edits")
    made = repo.owner.send(f"{repo.path}/new/main/docs", new_path="docs/n.md", text="x\r\ny\r\n")
    assert made.headers["location"] == f"{repo.path}/blob/main/docs/n.md"
    assert repo.read("docs/n.md") == b"x\ny\n"
    assert "<textarea" in repo.owner.page(f"{repo.path}/edit/main/a.txt")
    changed = repo.owner.send(
        f"{repo.path}/edit/main/a.txt", text="one\r\n2\r\n", message="Say 2", description="because"
    )
    assert changed.status_code == 303
    assert repo.read("a.txt") == b"one\n2\n"
    assert repo.messages()[:2] == ["Say 2", "Add docs/n.md"]
    assert repo.server.admin_api.list_repo_commits(repo.full)[0].message == "because"


def test_a_file_keeps_the_line_ends_that_it_has(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "ends")
    repo.owner.send(f"{repo.path}/edit/main/windows.txt", text="one\r\n2\r\n3\r\n")
    assert repo.read("windows.txt") == b"one\r\n2\r\n3\r\n"
    repo.put({"lead.txt": b"\n\nfirst lines are empty"})
    page = repo.owner.page(f"{repo.path}/edit/main/lead.txt")
    assert ">\n\n\nfirst lines are empty</textarea>" in page  # a browser drops the first of them


def test_who_was_slower_gets_their_words_back(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "slower")
    page = f"{repo.path}/edit/main/a.txt"
    parent = repo.server.admin_api.model_info(repo.full).sha or ""
    mine = {"form_key": repo.owner.key, "parent": parent, "text": "mine\n"}
    repo.put({"other.txt": b"somebody commits beside it"})
    assert repo.owner.http.post(page, data=mine).status_code == 303
    assert repo.read("a.txt") == b"mine\n"
    again = repo.owner.http.post(page, data={**mine, "text": "mine <again>\n"})
    assert again.status_code == 409
    assert "somebody changed" in text_of(again.text)
    assert "mine &lt;again&gt;" in again.text
    assert repo.read("a.txt") == b"mine\n"


def test_a_file_gets_another_path_or_goes(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "paths")
    led = repo.owner.send(f"{repo.path}/rename/main/w.bin", new_path="sub/v.bin")
    assert led.headers["location"] == f"{repo.path}/blob/main/sub/v.bin"
    assert (repo.read("sub/v.bin"), repo.read("w.bin")) == (bytes(300), b"(none)")
    repo.owner.send(f"{repo.path}/rename/main/a.txt", new_path="sub/a.txt")
    assert repo.read("sub/a.txt") == b"one\ntwo\n"
    for wrong in ("windows.txt", "../up", "sub//x", ".git/config", "sub/a.txt"):
        answer = repo.owner.send(f"{repo.path}/rename/main/sub/a.txt", new_path=wrong)
        assert answer.status_code in {400, 422}, wrong
        assert 'role="alert"' in answer.text
    gone = repo.owner.send(f"{repo.path}/delete/main/sub/a.txt")
    assert gone.headers["location"] == f"{repo.path}/tree/main/sub"
    assert repo.read("sub/a.txt") == b"(none)"
    assert repo.messages()[0] == "Delete sub/a.txt"
    assert repo.owner.get(f"{repo.path}/delete/main/sub/a.txt").status_code == 404


def test_files_come_by_a_plain_form(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "forms")
    large = bytes(range(256)) * 5000
    files = [
        ("files", ("t.txt", b"text", "text/plain")),
        ("files", ("deep/w.safetensors", large, "application/octet-stream")),
    ]
    data = {"form_key": repo.owner.key, "message": "Bring two"}
    sent = repo.owner.http.post(f"{repo.path}/upload/main/in", data=data, files=files)
    assert sent.headers["location"] == f"{repo.path}/tree/main/in"
    assert repo.read("in/t.txt") == b"text"
    assert repo.read("in/deep/w.safetensors") == large
    infos = repo.server.admin_api.get_paths_info(repo.full, ["in/deep/w.safetensors", "in/t.txt"])
    by_path = {info.path: getattr(info, "lfs", None) for info in infos}
    assert by_path["in/t.txt"] is None
    assert by_path["in/deep/w.safetensors"].sha256 == hashlib.sha256(large).hexdigest()
    assert repo.messages()[0] == "Bring two"


def test_a_form_with_too_much_or_nothing_in_it_is_refused(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(shared_server, "much")
    page, data = f"{repo.path}/upload/main", {"form_key": repo.owner.key}
    nothing = repo.owner.http.post(page, data=data, files=[("files", ("", b""))])
    assert nothing.status_code == 400 and "no file was chosen" in nothing.text
    monkeypatch.setattr(uploading, "MAX_FORM_BYTES", 1000)
    much = repo.owner.http.post(page, data=data, files=[("files", ("x", bytes(2000)))])
    assert much.status_code == 413 and "over 1000 bytes" in much.text
    far = repo.owner.http.post(page, data=data, files=[("files", ("x", bytes(900_000)))])
    assert far.status_code == 413
    bad = repo.owner.http.post(page, data=data, files=[("files", ("../x", b"x"))])
    assert bad.status_code == 422
    assert repo.messages()[0] == "put"


def test_who_may_not_write_proposes(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "proposals")
    eve = Person(shared_server, "eve")
    page = eve.page(f"{repo.path}/edit/main/a.txt")
    assert "opens a pull request" in page
    led = eve.send(f"{repo.path}/edit/main/a.txt", text="eve's\n", message="Better")
    number = led.headers["location"].removeprefix(f"{repo.path}/discussions/")
    assert number == "1"
    assert repo.read("a.txt") == b"one\ntwo\n"
    assert repo.read("a.txt", f"refs%2Fpr%2F{number}") == b"eve's\n"
    on = eve.send(f"{repo.path}/new/refs%2Fpr%2F{number}", new_path="more.txt", text="more")
    assert on.status_code == 303
    assert repo.read("more.txt", f"refs%2Fpr%2F{number}") == b"more"
    own = repo.owner.send(f"{repo.path}/delete/main/a.txt", as_pull_request="1")
    assert own.headers["location"] == f"{repo.path}/discussions/2"
    sent = eve.http.post(
        f"{repo.path}/upload/main", data={"form_key": eve.key}, files=[("files", ("e", b"e"))]
    )
    assert sent.headers["location"] == f"{repo.path}/discussions/3"


def test_strangers_and_foreign_forms_change_nothing(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "foreign")
    stranger = Person(shared_server, None)
    before = repo.messages()
    forms = ("edit/main/a.txt", "new/main", "rename/main/a.txt", "delete/main/a.txt", "upload/main")
    for form in forms:
        page = f"{repo.path}/{form}"
        assert stranger.get(page).status_code == 401
        fields = {"text": "x", "new_path": "y", "form_key": "wrong"}
        for person in (stranger, repo.owner):
            sent = person.http.post(page, data=fields, files=[("files", ("f", b"f"))])
            assert sent.status_code in {401, 403}, (page, sent.status_code)
        other = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        fields["form_key"] = repo.owner.key
        assert repo.owner.http.post(page, data=fields, headers=other).status_code == 403
    assert repo.messages() == before


def test_only_branches_take_changes_and_only_texts_are_edited(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "which")
    repo.server.admin_api.create_tag(repo.full, tag="v1")
    repo.put({"latin.txt": "caf\xe9".encode("latin-1")})
    oid = repo.server.admin_api.model_info(repo.full).sha
    for rev in ("v1", oid):
        assert repo.owner.get(f"{repo.path}/edit/{rev}/a.txt").status_code == 400
        assert "Upload" not in text_of(repo.owner.page(f"{repo.path}/tree/{rev}"))
    for path in ("w.bin", "latin.txt"):
        assert repo.owner.get(f"{repo.path}/edit/main/{path}").status_code == 400
    assert repo.owner.get(f"{repo.path}/edit/main/none").status_code == 404
    same = repo.owner.send(f"{repo.path}/edit/main/a.txt", text="one\ntwo\n")
    assert same.status_code == 400 and "nothing was changed" in same.text
    there = repo.owner.send(f"{repo.path}/new/main", new_path="a.txt", text="x")
    assert there.status_code == 400 and "is there already" in there.text


def test_the_address_says_that_files_shall_be_proposed(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "asked-to-propose")
    checkbox = 'name="as_pull_request" value="1"'
    for form in ("upload/main", "new/main", "edit/main/a.txt", "delete/main/a.txt"):
        assert f"{checkbox}>" in repo.owner.page(f"{repo.path}/{form}")
        assert f"{checkbox} checked>" in repo.owner.page(f"{repo.path}/{form}?pr=1")
    new = repo.owner.page(f"{repo.path}/discussions/new?type=pull_request")
    assert f'href="{repo.path}/upload/main?pr=1"' in new
    page = f"{repo.path}/upload/main?pr=1"
    data = {"form_key": repo.owner.key, "as_pull_request": "1", "message": "Mine <1>"}
    bad = repo.owner.http.post(page, data=data, files=[("files", ("../x", b"x"))])
    assert f"{checkbox} checked>" in bad.text and "Mine &lt;1&gt;" in bad.text
    files = [("files", ("a.txt", b"proposed", "text/plain"))]
    led = repo.owner.http.post(page, data=data, files=files)
    thread = led.headers["location"]
    assert thread == f"{repo.path}/discussions/1"
    assert repo.read("a.txt") == b"one\ntwo\n"
    del data["as_pull_request"]  # whoever takes the tick away commits, whatever the address says
    assert "/tree/" in repo.owner.http.post(page, data=data, files=files).headers["location"]
    assert repo.read("a.txt") == b"proposed"


def test_files_are_added_to_a_pull_request_that_is_there(shared_server: LiveServer) -> None:
    repo = Repo(shared_server, "adding")
    eve, own = Person(shared_server, "eve"), f"{repo.path}/upload/refs%2Fpr%2F1"
    thread = eve.send(f"{repo.path}/new/main?pr=1", new_path="b.txt", text="b").headers["location"]
    files = [("files", ("c.txt", b"more", "text/plain"))]
    for one in (eve, repo.owner):
        assert f'href="{own}"' in one.page(thread)
        assert "added to the pull request" in one.page(f"{own}?pr=1")
    sent = eve.http.post(f"{own}?pr=1", data={"form_key": eve.key}, files=files)
    assert sent.headers["location"] == f"{repo.path}/tree/refs%2Fpr%2F1"
    assert repo.read("c.txt", "refs%2Fpr%2F1") == b"more"
    assert repo.owner.get(f"{repo.path}/discussions/2").status_code == 404
    assert f'href="{own}"' not in Person(shared_server, "ann").page(thread)
    closed = eve.http.post(f"{thread}/comment", data={"form_key": eve.key, "status": "closed"})
    assert closed.status_code == 303
    assert f'href="{own}"' not in eve.page(thread)
    late = eve.http.post(own, data={"form_key": eve.key}, files=files)
    assert late.status_code == 409 and "takes no more commits" in late.text
