"""The pages: what a stranger sees, and that nothing uploaded runs in a browser."""

from __future__ import annotations

import httpx

from tests.live import LiveServer

CARD = """---
license: apache-2.0
tags: [tiny]
---
# A <script>alert(1)</script> model

[click](javascript:alert(1)) <img src=x onerror=alert(1)>

| a | b |
|---|---|
| 1 | 2 |
"""


def test_the_home_page_of_an_empty_hub_says_what_to_do(server: LiveServer) -> None:
    page = httpx.get(server.url)
    assert page.status_code == 200
    assert f"export HF_ENDPOINT={server.url}" in page.text


def test_home_lists_public_repositories_and_no_private_one(shared_server: LiveServer) -> None:
    shared_server.admin_api.create_repo("boss/open-model")
    shared_server.admin_api.create_repo("boss/hidden-model", private=True)
    page = httpx.get(shared_server.url).text
    assert "boss/open-model" in page
    assert "hidden-model" not in page
    assert httpx.get(f"{shared_server.url}/boss/hidden-model").status_code == 401


def test_a_card_is_shown_without_anything_that_runs(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/carded")
    api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="boss/carded")
    page = httpx.get(f"{shared_server.url}/boss/carded")
    assert "\nhf download boss/carded\npaddock verify boss/carded<" in page.text
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert 'href="javascript' not in page.text
    assert "<table>" in page.text
    assert "license: apache-2.0\n" not in page.text  # the front matter is not prose
    assert "license:apache-2.0" in page.text
    assert page.text.index('class="card"') < page.text.index('id="files"')  # the card comes first
    assert '<a class="fact" href="#files">2 files</a>' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_files_link_to_their_bytes_at_that_commit(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/linked", repo_type="dataset")
    name = "a b/ü#?.txt"
    api.upload_file(
        path_or_fileobj=b"bytes", path_in_repo=name, repo_id="boss/linked", repo_type="dataset"
    )
    page = httpx.get(f"{shared_server.url}/datasets/boss/linked").text
    link = next(part for part in page.split('"') if "/resolve/" in part and "txt" in part)
    assert httpx.get(shared_server.url + link).content == b"bytes"


def test_addresses_that_clients_print_lead_somewhere(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/printed")
    done = api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="boss/printed")
    assert httpx.get(done.commit_url, follow_redirects=True).status_code == 200
    blob = f"{shared_server.url}/boss/printed/blob/main/x.txt"
    page = httpx.get(blob).text
    link = next(part for part in page.split('"') if "/resolve/" in part)
    assert httpx.get(shared_server.url + link).text == "x"
    assert httpx.get(f"{blob}.gone").status_code == 404
    assert httpx.get(f"{shared_server.url}/boss/printed/tree/nowhere").status_code == 404
