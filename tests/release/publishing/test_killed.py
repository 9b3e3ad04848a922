"""A publication that is killed shows nobody a part, and the same command goes on from there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from paddock.release.errors import SourceChanged
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust
from tests.conftest import REPOSITORY
from tests.live import LiveServer
from tests.release.building.small import small_release

Attempt = tuple[int, str, list[str] | None]  # how it ended, what it said, what anybody saw then


def attempts(path: Path, seen: str, kills: str, hub: str = "", token: str = "") -> list[Attempt]:
    """Killed before each of ``kills``, then finished."""
    command = [sys.executable, "-m", "tests.release.publishing.driver", path, path.parent / "home"]
    command += [hub, token, seen, kills]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    *killed, last = json.loads(ran.stdout)
    assert [status for status, _, _ in killed] == [signal.SIGKILL] * len(killed)
    assert last[0] == 0
    for _, said, _ in (*killed[1:], last):
        assert "scanning" not in said  # what was built is not built again
    return [*killed, last]


def test_a_killed_publication_to_a_hub_is_whole_or_not_there(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    token = shared_server.user("ada")
    api, url = shared_server.api(token), shared_server.url
    path = small_release(tmp_path, "publish: [{to: hub, repo: ada/killed}]")
    seen = f"{url}/api/models/ada/killed"
    # All is sent; the commit is there and private; it is open and has no tag.
    kills = "create_commit,update_repo_settings,create_tag"
    *hidden, open_, last = attempts(path, seen, kills, url, token)
    assert [there for _, _, there in hidden] == [None] * 2
    assert open_[2] == last[2]
    assert {"release.json", "model.safetensors"} <= set(last[2] or ())
    assert [tag.name for tag in api.list_repo_refs("ada/killed").tags] == ["1.0.0"]
    first = api.repo_info("ada/killed").sha
    path.write_text(path.read_text().replace("1.0.0", "2.0.0"))
    (tmp_path / "model" / "NOTES.md").write_text("new")
    killed, last = attempts(path, seen, "create_commit", url, token)
    assert "NOTES.md" not in (killed[2] or ())
    assert "NOTES.md" in (last[2] or ())
    commits = [each.commit_id for each in api.list_repo_commits("ada/killed")]
    assert commits[1] == first
    assert len(commits) == 3  # the repository's own, and two releases


def test_a_repository_that_its_owner_made_private_stays_so(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    token = shared_server.user("ada")
    shared_server.api(token).create_repo("ada/own", private=True)
    path = small_release(tmp_path, "publish: [{to: hub, repo: ada/own}]")
    seen = f"{shared_server.url}/api/models/ada/own"
    ended = attempts(path, seen, "create_commit", shared_server.url, token)
    assert [there for _, _, there in ended] == [None, None]


def test_a_killed_publication_to_a_folder_leaves_nothing_there(tmp_path: Path) -> None:
    path = small_release(tmp_path, "publish: [{to: folder, path: shelf/shop}]")
    killed, _ = attempts(path, str(tmp_path / "shelf" / "shop"), "copy_files")
    assert killed[2] is None
    trust = load_trust(None, tmp_path / "home")
    assert verify_folder(tmp_path / "shelf" / "shop", trust).is_trusted
    assert [each.name for each in (tmp_path / "shelf").iterdir()] == ["shop"]


def test_what_changes_on_its_way_is_not_committed(
    shared_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shared_server.user("ada")
    path = small_release(tmp_path, "publish: [{to: hub, repo: ada/changed}]")
    around = Surroundings(tmp_path / "home", shared_server.url, token, progress=lambda _: None)
    send = HfApi.preupload_lfs_files

    def change(api: HfApi, repo: str, additions: Any, **options: Any) -> None:
        for addition in additions:
            if addition.path_in_repo == "model.safetensors":
                file = Path(addition.path_or_fileobj)
                content = file.read_bytes()
                file.unlink()  # the source has the same bytes, by a second name
                file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        send(api, repo, additions, **options)

    monkeypatch.setattr(HfApi, "preupload_lfs_files", change)
    with pytest.raises(SourceChanged, match=r"model\.safetensors changed after it was signed"):
        publish_release(Wanted(path), around)
    with pytest.raises(RepositoryNotFoundError):
        shared_server.api(token).repo_info("ada/changed")
