"""The tab "Lineage": both trees, who says so, what was taken back, for whom, and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.chromium import open_page, violations
from tests.hub.releases.made import document, publish, release_files
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEY = ec.generate_private_key(ec.SECP256R1())


def _card(
    server: LiveServer, name: str, base: str, more: str = "", *, private: bool = False
) -> None:
    api = server.api(server.user(name.partition("/")[0]))
    api.create_repo(name, private=private)
    card = f"---\nlicense: mit\nbase_model: {base}\n{more}---\n# x\n".encode()
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=name)


@pytest.fixture(scope="module")
def family(shared_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    folder = tmp_path_factory.mktemp("family")
    token = shared_server.user("lab")
    root = release_files(document(), KEY)
    publish(shared_server, token, "lab/root", root, folder / "root")
    signed = document(ancestors=[{"id": "lab/root", "path": ["finetune"], "license": "MIT"},
                                 {"id": "old/one", "path": ["finetune", "adapter"]}])  # fmt: skip
    publish(shared_server, token, "lab/signed", release_files(signed, KEY), folder / "signed")
    _card(shared_server, "lab/lora", "lab/signed", "base_model_relation: adapter\n")
    _card(shared_server, "lab/hidden", "lab/signed", private=True)
    _card(shared_server, "lab/last", "lab/lora")
    shared_server.run_jobs()
    return shared_server


def _get(server: LiveServer, path: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(server.url + path, headers=headers)


def test_both_trees_are_lists_that_need_no_script(family: LiveServer) -> None:
    page = _get(family, "/lab/signed/lineage").text
    assert '<a href="/lab/root">lab/root</a>' in page
    assert "fine-tuned, signed" in page
    assert "adapter, declared" in page
    assert "old/one" in page
    assert "With a signature that is right" in page
    root = _get(family, "/lab/root/lineage").text
    assert "1 model came straight from it" in root
    assert '<a href="/lab/lora">lab/lora</a>' in root
    assert "lab/last" not in root  # one level further: its lineage is a link away
    assert 'href="/lab/lora/lineage"' in root


def test_private_models_are_in_the_trees_of_those_who_may_see_them(family: LiveServer) -> None:
    assert "lab/hidden" not in _get(family, "/lab/signed/lineage").text
    assert "lab/hidden" in _get(family, "/lab/signed/lineage", family.user("lab")).text
    answer = _get(family, "/lab/signed/lineage/branches").json()
    assert [one["name"] for one in answer["branches"]] == ["lab/lora"]
    assert _get(family, "/lab/hidden/lineage").status_code == 401
    assert _get(family, "/lab/hidden/lineage/branches").status_code == 401


def test_what_was_taken_back_is_marked_where_it_stands(family: LiveServer, tmp_path: Path) -> None:
    from paddock.clock import now
    from paddock.hub.lifecycle.tables import lifecycle_events
    from paddock.hub.lookup import find_repository
    from paddock.hub.names import RepositoryName
    from paddock.hub.releases.reading import release_at
    from paddock.hub.types import Kind
    from paddock.signing.events.advisory import Advisory
    from paddock.signing.events.event import Event, render_event

    files = release_files(document(ancestors=[{"id": "lab/root", "path": ["merge"]}]), KEY)
    publish(family, family.user("lab"), "lab/bad", files, tmp_path)
    with family.hub.database.write() as conn:
        repo = find_repository(conn, RepositoryName(Kind.MODEL, "lab", "bad"))
        assert repo is not None and repo.head_oid is not None
        said = release_at(conn, family.hub.blobs, repo, repo.head_oid).statement
        assert said is not None
        told = Advisory("ACME-1", "high", "It tells secrets.", "Stop.")
        event = Event("revoke", 1, "tiny", "1.0.0", said.sha256, "privacy", now(), advisory=told)
        row = {"repo_id": repo.id, "digest": event.digest, "number": 1, "kind": "revoke",
               "payload": render_event(event).decode(), "signers": []}  # fmt: skip
        conn.execute(lifecycle_events.insert().values(row))
    page = _get(family, "/lab/root/lineage").text
    assert "revoked: ACME-1" in page
    (branch,) = [b for b in _get(family, "/lab/root/lineage/branches").json()["branches"]
                 if b["name"] == "lab/bad"]  # fmt: skip
    assert (branch["state"], branch["isBad"], branch["advisories"]) == ("revoked", True, ["ACME-1"])


def test_a_tree_is_walked_and_opened_by_keyboard(family: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, family, "/lab/root/lineage") as page:
        tree = page.get_by_role("tree", name="What stands on this")
        tree.get_by_role("treeitem").first.focus()
        lora = page.get_by_role("treeitem", name="lab/lora")
        for _ in range(12):
            if lora.evaluate("item => item === document.activeElement"):
                break
            page.keyboard.press("ArrowDown")
        assert lora.get_attribute("aria-expanded") == "false"
        page.keyboard.press("ArrowRight")
        last = page.get_by_role("treeitem", name="lab/last")
        last.wait_for()
        page.keyboard.press("ArrowRight")
        assert last.evaluate("item => item === document.activeElement")
        page.get_by_label("Show names with").fill("last")
        assert not page.get_by_role("treeitem", name="lab/bad").is_visible()
        assert last.is_visible()
        assert violations(page) == []
        last.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/lab/last")
