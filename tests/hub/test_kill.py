"""``kill -9`` of the server in the middle of commits and uploads, again and again.

What must hold after a restart, for clients that noted what they meant before they sent it and what
was acknowledged after it was:

1. Every acknowledged commit is in the branch's history under the id it was acknowledged with, and
   every byte of it reads back.
2. Of commits that were not acknowledged, only those in flight at a kill may be there (their answer
   may have been lost after they were durable), at most one a client and kill, and then whole.
3. Nothing else is there: the tree of each commit is exactly what the history says, and git agrees.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import httpx

from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.hub import real_git
from tests.hub.kill_journal import Meant, Story, read_story
from tests.process import RunningHub, running_hub

KILLS = 3
CLIENTS = 4
COMMITS_A_ROUND = (10, 25)  # acknowledged ones, before the kill
PATIENCE_SECONDS = 180.0


def test_a_killed_server_loses_nothing_acknowledged_and_shows_nothing_half_done(
    database_url: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    dice = random.Random(database_url.partition(":")[0])
    for turn in range(KILLS):
        with running_hub(tmp_path, database_url=database_url) as hub:
            if turn == 0:
                token, repos = hub.token, [f"{hub.admin}/one", f"{hub.admin}/two"]
                for repo in repos:
                    post(hub, token, "/api/repos/create", {"name": repo.split("/")[1]})
            drive_and_kill(hub, token, journal, turn, repos, dice)
    story = read_story(journal)
    assert story.refused == []
    visible = check_history_by_git(database_url, tmp_path, repos, story)
    check_blobs_are_what_they_are_named(tmp_path)
    with running_hub(tmp_path, database_url=database_url) as hub:
        check_bytes_over_http(hub, token, story, visible)
        check_uploads_are_kept(hub, token, story)


def drive_and_kill(
    hub: RunningHub, token: str, journal: Path, turn: int, repos: list[str], dice: random.Random
) -> None:
    before = len(read_story(journal).acknowledged)
    wanted = before + dice.randint(*COMMITS_A_ROUND)
    environ = {**os.environ, "HF_HOME": str(hub.data / "hf"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-m", "tests.hub.kill_driver", hub.url, token, journal]
    with (
        journal.with_suffix(".stderr").open("w") as complaints,
        subprocess.Popen([*command, f"r{turn}", *repos], env=environ, stderr=complaints) as driver,
    ):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(read_story(journal).acknowledged) < wanted:
            assert driver.poll() is None, "the driver ended by itself"
            assert time.monotonic() < deadline, "the server is too slow to be killed in time"
            time.sleep(0.01)
        time.sleep(dice.random() * 0.2)
        hub.process.kill()
        hub.process.wait()
        driver.kill()


def check_bytes_over_http(
    hub: RunningHub, token: str, story: Story, visible: dict[str, str]
) -> None:
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=hub.url, headers=headers, follow_redirects=True) as client:
        for title, oid in visible.items():
            meant = story.meant[title]
            for path in meant.adds:
                answer = client.get(f"/{meant.repo}/resolve/{oid}/{path}")
                assert answer.status_code == 200, (title, path, answer.text)
                assert answer.content == meant.content(path), (title, path)


def check_uploads_are_kept(hub: RunningHub, token: str, story: Story) -> None:
    """Bytes whose arrival was acknowledged need not be sent again, committed or not."""
    assert story.uploaded
    for title in story.uploaded:
        meant = story.meant[title]
        objects = [large_object(meant, path) for path in meant.adds]
        wanted = {"operation": "upload", "transfers": ["basic"], "objects": objects}
        answer = post(hub, token, f"/{meant.repo}.git/info/lfs/objects/batch", wanted)
        assert all("actions" not in found for found in answer["objects"]), title


def large_object(meant: Meant, path: str) -> dict[str, object]:
    content = meant.content(path)
    return {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}


def check_history_by_git(
    database_url: str, folder: Path, repos: list[str], story: Story
) -> dict[str, str]:
    """Title to id of every commit that is there."""
    database = Database(database_url)
    blobs = LocalBlobStore(folder / "data" / "blobs")
    visible: dict[str, str] = {}
    for number, repo in enumerate(repos):
        with database.read() as conn:
            row = find_repository(conn, RepositoryName(Kind.MODEL, *repo.split("/")))
            assert row is not None
            exported = real_git.export(conn, blobs, row, folder / f"{number}.git")
        real_git.assert_sound(exported)
        visible |= check_trees(exported, repo, story)
    database.dispose()
    assert story.acknowledged.items() <= visible.items()
    assert len(visible.keys() - story.acknowledged.keys()) <= KILLS * CLIENTS
    return visible


def check_trees(exported: Path, repo: str, story: Story) -> dict[str, str]:
    """Title to id of the commits that are there; each tree is the last one and what was meant."""
    log = real_git.git(exported, "log", "--reverse", "--format=%H %s", "main").splitlines()
    first, *rest = (line.split(" ", 1) for line in log)
    expected = tree(exported, first[0])
    for oid, title in rest:
        meant = story.meant[title]
        assert meant.repo == repo
        expected |= {path: blob_oid(meant.git_blob(path)) for path in meant.adds}
        for path in meant.deletes:
            del expected[path]
        assert tree(exported, oid) == expected, title
    titles = [title for _, title in rest]
    assert len(titles) == len(set(titles))
    return {title: oid for oid, title in rest}


def tree(exported: Path, commit: str) -> dict[str, str]:
    """Path to blob id, of a whole revision."""
    listed = real_git.git(exported, "ls-tree", "-r", "-z", commit).split("\0")[:-1]
    return {line.split("\t")[1]: line.split("\t")[0].split()[2] for line in listed}


def blob_oid(content: bytes) -> str:
    """The id that git gives these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def check_blobs_are_what_they_are_named(folder: Path) -> None:
    blobs = [path for path in (folder / "data/blobs/blobs").rglob("*") if path.is_file()]
    assert blobs
    for path in blobs:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def post(
    hub: RunningHub, token: str, path: str, body: dict[str, object]
) -> dict[str, list[object]]:
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.post(hub.url + path, json=body, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, list[object]] = answer.json()
    return found
