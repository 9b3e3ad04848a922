"""The first page of a repository: its card, what is known of it, and who may see what of it."""

from __future__ import annotations

from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from tests.hub.releases.made import document, publish, release_files
from tests.live import LiveServer

CARD = """---
license: apache-2.0
tags: [tiny]
base_model: [boss/carded, far/away]
---
# A <script>alert(1)</script> model

[click](javascript:alert(1)) <img src=https://e.example/x.png onerror=alert(1)>

| a | b |
|---|---|
| 1 | 2 |
"""
HEAD = b"---\nlicense: mit\n---\n"


def _put(server: LiveServer, repo: str, files: dict[str, bytes], **more: object) -> None:
    api = server.admin_api
    api.create_repo(repo, exist_ok=True, **more)  # type: ignore[arg-type]
    for path, content in files.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repo)


def test_a_card_is_shown_without_anything_that_runs(shared_server: LiveServer) -> None:
    _put(shared_server, "boss/carded", {"README.md": CARD.encode()})
    page = httpx.get(f"{shared_server.url}/boss/carded")
    assert "\nhf download boss/carded\npaddock verify boss/carded<" in page.text
    assert page.text.index("hf download boss/carded") < page.text.index('class="card prose"')
    assert "<script>alert" not in page.text
    assert "alert(1)</script>" not in page.text
    assert "e.example/x.png onerror" not in page.text
    assert 'src="https://e.example' not in page.text
    assert 'href="javascript' not in page.text
    assert "<table>" in page.text
    assert "license: apache-2.0\n" not in page.text  # the front matter is not prose
    assert ">apache-2.0" in page.text
    assert '<a href="/boss/carded">boss/carded</a>, far/away' in page.text
    assert '/models?filter=tiny">tiny</a>' in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.text.count("<h1") == 1


def test_an_empty_repository_and_one_without_a_card_say_so(shared_server: LiveServer) -> None:
    shared_server.admin_api.create_repo("boss/empty")
    page = httpx.get(f"{shared_server.url}/boss/empty").text
    assert "Nothing is here yet" in page or "There is no card" in page
    _put(shared_server, "boss/bare", {"x.txt": b"x"})
    assert "There is no card" in httpx.get(f"{shared_server.url}/boss/bare").text


def test_private_repositories_are_not_there_for_strangers(shared_server: LiveServer) -> None:
    _put(shared_server, "boss/hidden", {"README.md": HEAD + b"secret words"}, private=True)
    answer = httpx.get(f"{shared_server.url}/boss/hidden")
    assert answer.status_code == 401
    assert "secret words" not in answer.text
    token = {"Authorization": f"Bearer {shared_server.admin_token}"}
    page = httpx.get(f"{shared_server.url}/boss/hidden", headers=token)
    assert "secret words" in page.text
    assert "export HF_TOKEN=" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_what_a_release_says_stands_beside_the_card(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    token = shared_server.user("lab")
    files = release_files(
        document(), ec.generate_private_key(ec.SECP256R1()), {"LICENSE": b"words"}
    )
    publish(shared_server, token, "lab/tiny", files, tmp_path / "v1")
    page = httpx.get(f"{shared_server.url}/lab/tiny").text
    assert '2,213,952 <span class="source" title="measured, as the release says"' in page
    assert '512 tokens <span class="source"' in page
    assert '<a href="/lab/tiny/blob/main/LICENSE">its text</a>' in page
    assert '<a href="/lab/tiny/release#components">Datasets</a>' in page
    assert "Not released with paddock" not in page
    assert "nobody whose signature is right" not in page


def test_an_older_revision_is_shown_as_such(shared_server: LiveServer) -> None:
    _put(shared_server, "boss/older", {"README.md": HEAD + b"first words"})
    first = shared_server.admin_api.model_info("boss/older").sha
    _put(shared_server, "boss/older", {"README.md": HEAD + b"second words"})
    page = httpx.get(f"{shared_server.url}/boss/older?rev={first}").text
    assert "first words" in page
    assert "not at main" in page
    assert "second words" in httpx.get(f"{shared_server.url}/boss/older").text
    assert httpx.get(f"{shared_server.url}/boss/older?rev=nowhere").status_code == 404


def test_a_card_of_fifty_megabytes_is_not_read(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/heavy", repo_type="dataset")
    api.upload_file(
        path_or_fileobj=HEAD + b"words " * 500_000, path_in_repo="README.md", repo_id="boss/heavy",
        repo_type="dataset",
    )  # fmt: skip
    page = httpx.get(f"{shared_server.url}/datasets/boss/heavy")
    assert "too large to be shown" in page.text
    assert len(page.content) < 50_000


def test_config_json_of_a_gated_model_is_told_to_those_who_were_let_in(
    shared_server: LiveServer,
) -> None:
    config = b'{"max_position_embeddings": 4321, "model_type": "llama"}'
    _put(shared_server, "boss/gated", {"README.md": HEAD + b"# gated card", "config.json": config})
    shared_server.admin_api.update_repo_settings("boss/gated", gated="manual")
    page = httpx.get(f"{shared_server.url}/boss/gated").text
    assert "gated card" in page
    assert "4,321" not in page
    token = {"Authorization": f"Bearer {shared_server.admin_token}"}
    assert "4,321" in httpx.get(f"{shared_server.url}/boss/gated", headers=token).text
