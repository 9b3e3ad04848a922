"""Shallow clones: cut where they should be, deepened, and made whole again, in every version."""

from __future__ import annotations

import pytest

from tests.hub.git_http.workshop import VERSIONS, Workshop

FIRST_DAY = 1_700_000_000


@pytest.fixture
def with_history(shop: Workshop) -> Workshop:
    """Ten commits a day apart, a merged branch among them, and a tag at the fifth."""
    shop.clone("source")
    for day in range(10):
        date = f"{FIRST_DAY + day * 86_400} +0000"
        moment = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        if day == 6:
            shop.git("checkout", "-q", "-b", "side", "HEAD~2", at="source")
            (shop.folder / "source/side.txt").write_text("side")
            shop.git("add", "-A", at="source")
            shop.git("commit", "-q", "-m", "side", at="source", **moment)
            shop.git("checkout", "-q", "main", at="source")
            shop.git("merge", "-q", "--no-ff", "-m", "merged", "side", at="source", **moment)
        (shop.folder / "source" / f"day{day}.txt").write_text(f"day {day}\n")
        shop.git("add", "-A", at="source")
        shop.git("commit", "-q", "-m", f"day {day}", at="source", **moment)
        if day == 4:
            shop.git("tag", "-a", "fifth", "-m", "the fifth", at="source")
    shop.git("push", "-q", "--follow-tags", "origin", "main", at="source")
    return shop


def commits(shop: Workshop, name: str) -> list[str]:
    return shop.git("rev-list", "--topo-order", "HEAD", at=name).split()


@pytest.mark.parametrize("version", VERSIONS)
def test_depth_deepen_and_unshallow(with_history: Workshop, version: str) -> None:
    shop, spoken = with_history, ("-c", f"protocol.version={version}")
    shop.clone("shallow", "--depth", "2", version=version)
    assert commits(shop, "shallow") == commits(shop, "source")[:2]
    shop.git(*spoken, "fetch", "-q", "--deepen", "1", at="shallow")
    assert len(commits(shop, "shallow")) == 3
    shop.git(*spoken, "fetch", "-q", "--depth", "6", at="shallow")
    shop.check("shallow")
    shop.git(*spoken, "fetch", "-q", "--depth", "1", at="shallow")  # less again
    assert len(commits(shop, "shallow")) == 1
    shop.git(*spoken, "fetch", "-q", "--unshallow", at="shallow")
    shop.check("shallow")
    assert set(commits(shop, "shallow")) == set(commits(shop, "source"))
    assert not (shop.folder / "shallow/.git/shallow").exists()


@pytest.mark.parametrize("version", VERSIONS)
def test_cut_by_date_and_by_ref(with_history: Workshop, version: str) -> None:
    shop = with_history
    since = str(FIRST_DAY + 7 * 86_400)
    shop.clone("since", f"--shallow-since={since}", version=version)
    assert commits(shop, "since") == commits(shop, "source")[:3]
    shop.clone("without", "--shallow-exclude=fifth", version=version)
    expected = shop.git("rev-list", "HEAD", "^fifth", at="source").split()
    assert sorted(commits(shop, "without")) == sorted(expected)
    late = shop.try_git("clone", "-q", "--shallow-since=2100-01-01", shop.url, "late")
    assert "no commits selected" in late.said
    other = shop.try_git("clone", "-q", "--shallow-exclude=nothing", shop.url, "other")
    assert not other.is_ok


@pytest.mark.parametrize("version", VERSIONS)
def test_a_shallow_clone_follows_what_is_new_and_pushes(
    with_history: Workshop, version: str
) -> None:
    shop, spoken = with_history, ("-c", f"protocol.version={version}")
    shop.clone("shallow", "--depth", "1", version=version)
    shop.hf.upload_file(path_or_fileobj=b"n", path_in_repo="new.txt", repo_id=shop.repo_id)
    shop.git(*spoken, "pull", "-q", at="shallow")
    assert len(commits(shop, "shallow")) == 2
    mine = shop.commit("shallow", {"mine.txt": b"mine"})
    shop.git(*spoken, "push", "-q", at="shallow")
    assert shop.hub_head() == mine
    shop.hf.upload_file(path_or_fileobj=b"m", path_in_repo="more.txt", repo_id=shop.repo_id)
    shop.git(*spoken, "fetch", "-q", "--depth", "1", at="shallow")
    shop.check("shallow")


def test_a_single_branch_of_several(with_history: Workshop) -> None:
    shop = with_history
    shop.git("push", "-q", "origin", "side", at="source")
    shop.clone("one", "--single-branch", "--branch", "side", "--no-tags")
    assert shop.git("branch", "-r", at="one") == "origin/side"
    assert commits(shop, "one") == shop.git("rev-list", "side", at="source").split()
