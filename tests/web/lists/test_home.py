"""The first page: of an empty hub, and of one where something is."""

from __future__ import annotations

import httpx

from paddock.hub.tables import repositories
from tests.live import LiveServer


def test_the_home_page_of_an_empty_hub_says_what_to_do(shared_server: LiveServer) -> None:
    page = httpx.get(shared_server.url)
    assert page.status_code == 200
    assert f"export HF_ENDPOINT={shared_server.url}" in page.text


def test_home_lists_public_repositories_and_no_private_one(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/open-model")
    api.create_repo("boss/hidden-model", private=True)
    api.create_repo("boss/open-data", repo_type="dataset")
    page = httpx.get(shared_server.url).text
    assert "boss/open-model" in page
    assert 'href="/datasets/boss/open-data"' in page
    assert "hidden-model" not in page
    assert "HF_ENDPOINT" not in page
    assert httpx.get(f"{shared_server.url}/boss/hidden-model").status_code == 401
    assert "Trending" not in page
    with shared_server.hub.database.write() as conn:
        conn.execute(repositories.update().values(trending=1))
    page = httpx.get(shared_server.url).text
    assert "Trending models" in page
    assert "New and changed" not in page  # nothing else is here
    assert "hidden-model" not in page
