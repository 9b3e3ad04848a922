"""What counts as a download, asked over HTTP."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi

from paddock.hub import noting
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture(autouse=True)
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test says when counts are written."""
    monkeypatch.setattr(noting, "FLUSH_SECONDS", 3600.0)


def counted(hosted: Hosted) -> int:
    hub = hosted.server.hub
    hub.downloads.flush(hub.database)
    info = hosted.hf.model_info(hosted.repo_id, expand=["downloads", "downloadsAllTime"])
    assert info.downloads == info.downloads_all_time
    return info.downloads or 0


def test_asking_about_a_file_is_no_download_and_taking_it_is_one(
    shared_server: LiveServer, tmp_path: object
) -> None:
    with host(shared_server) as hosted, hosted.stranger() as stranger:
        hosted.commit({f"{n}.json": b"{}" for n in range(5)})
        address = f"/{hosted.repo_id}/resolve/main"
        stranger.head(f"{address}/0.json")
        stranger.get(f"{address}/0.json", headers={"Range": "bytes=0-0"})
        stranger.get(f"{address}/absent.json")
        stranger.get(f"/{hosted.repo_id}/raw/main/0.json")
        stranger.get(f"/api/models/{hosted.repo_id}/tree/main")
        assert counted(hosted) == 0
        for n in range(5):
            stranger.get(f"{address}/{n}.json")
        assert counted(hosted) == 1
        HfApi(endpoint=shared_server.url, token=hosted.token).snapshot_download(
            hosted.repo_id, cache_dir=str(tmp_path)
        )
        assert counted(hosted) == 2  # an account is somebody else than a stranger


def test_a_token_for_xet_is_a_download(shared_server: LiveServer) -> None:
    with host(shared_server) as hosted:
        hosted.http.get(f"{hosted.api}/xet-write-token/main")
        assert counted(hosted) == 0
        for _ in range(3):
            assert hosted.http.get(f"{hosted.api}/xet-read-token/main").status_code == 200
        assert counted(hosted) == 1
