"""Random histories with merges, renames, equal folders: every fetch ends with the same objects."""

from __future__ import annotations

import random

import pytest

from tests.hub.git_http.workshop import VERSIONS, Workshop

COMMITS = 40


def stream(chance: random.Random) -> bytes:
    """Commands of ``git fast-import`` for a history of several branches."""
    out: list[bytes] = []
    paths = [
        b"a.txt",
        b"d/a.txt",
        b"d/e/b.txt",
        b"d/e/c.txt",
        b"f/b.txt",
        b"100644 x",
        b"d.txt",
        b"f",
        b"g/h/i/j.txt",
    ]
    branches: dict[bytes, int] = {}
    for mark in range(1, COMMITS + 1):
        branch = chance.choice([b"main", b"main", b"one", b"two"])
        who = b"A <a@example.org> %d +0000" % (1_700_000_000 + mark)
        out.append(b"commit refs/heads/%s\nmark :%d\ncommitter %s\n" % (branch, mark, who))
        out.append(b"data 1\nm\n")
        if branch not in branches and branches:
            out.append(b"from :%d\n" % chance.choice(list(branches.values())))
        others = [at for name, at in branches.items() if name != branch]
        if branch in branches and others and chance.random() < 0.3:
            out.append(b"merge :%d\n" % chance.choice(others))
        for _ in range(chance.randrange(3)):
            path = chance.choice(paths)
            content = b"".join(chance.choices([b"one\n", b"two\n", b"three\n"], k=30))
            out.append(b'M 100644 inline "%s"\ndata %d\n%s\n' % (path, len(content), content))
        if chance.random() < 0.2:
            out.append(b"D d/e\n")
        branches[branch] = mark
        if chance.random() < 0.1:
            out.append(b"reset refs/tags/t%d\nfrom :%d\n\n" % (mark, mark))
    return b"".join(out)


def objects(shop: Workshop, name: str, *revisions: str) -> set[str]:
    listed = shop.git("rev-list", "--objects", "--no-object-names", *revisions, at=name)
    return set(listed.split())


@pytest.mark.parametrize("seed", range(4))
def test_fetches_from_anywhere_end_with_the_same_objects(shop: Workshop, seed: int) -> None:
    chance = random.Random(seed)
    shop.git("init", "-q", "-b", "main", "source")
    (shop.folder / "stream").write_bytes(stream(chance))
    shop.git("-c", "core.ignoreCase=false", "fast-import", "--quiet", at="source",
             stdin=shop.folder / "stream")  # fmt: skip
    shop.git("remote", "add", "origin", shop.url, at="source")
    everything = shop.git("rev-list", "--all", at="source").split()
    middle = chance.choice(everything)
    shop.git("push", "-q", "origin", f"{middle}:refs/heads/early", at="source")
    for version in VERSIONS:  # each with other things in hand
        shop.clone(f"early{version}", "-b", "early", version=version)
    shop.git("push", "-q", "-f", "-o", "force", "--all", at="source")
    shop.git("push", "-q", "--tags", at="source")
    for version in VERSIONS:
        name = f"early{version}"
        depth = chance.choice([(), ("--depth", "3"), ("--depth", "6")])
        shop.try_git("-c", f"protocol.version={version}", "fetch", "-q", *depth, "origin", at=name)
        shop.check(name)
        if depth:
            shop.try_git("fetch", "-q", "--unshallow", at=name)
        shop.git("-c", f"protocol.version={version}", "fetch", "-q", "--tags", "origin", at=name)
        shop.check(name)
        for branch in shop.git("branch", "--format=%(refname:short)", at="source").split():
            theirs = objects(shop, name, f"origin/{branch}")
            assert theirs == objects(shop, "source", branch), (version, depth, branch)
    shop.clone("late")
    assert objects(shop, "late", "--all") >= objects(shop, "source", "--all")
