"""Files that came whole, in a form: each as an operation of a commit, its bytes kept already.

Knows which files travel inside a commit and what a repository's owner and a contributor may send;
does not know forms. For a few small files: larger ones come in pieces, by Git LFS or Xet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from paddock.hub.access import require_user
from paddock.hub.discussions import contributing
from paddock.hub.git import files, refs
from paddock.hub.git.operations import AddFile, AddLarge, Operation, check_path
from paddock.hub.http.commit_body import to_blob
from paddock.hub.http.committing import Allowed, Target
from paddock.hub.http.travelling import RULES, matching, rules_text
from paddock.hub.large import arriving, usage
from paddock.hub.large.lfs import Right
from paddock.hub.large.viewing import PassingView
from paddock.hub.lookup import repository_by_id


class SentFile(NamedTuple):
    """A file and where it shall be."""

    path: str
    content: bytes


def to_operations(target: Target, allowed: Allowed, sent: Sequence[SentFile]) -> list[Operation]:
    """The files as they are committed; raises BadPath, QuotaExceeded, TooMuchContributed."""
    hub = target.hub
    for file in sent:
        check_path(file.path)
    with hub.database.read() as conn:
        repo = repository_by_id(conn, allowed.repo_id)
        commit_oid = refs.resolve_revision(conn, repo, target.rev)
        present = files.entries_at(conn, repo, commit_oid, RULES)
        rules = matching(*(rules_text(hub, conn, repo, present.get(name)) for name in RULES))
        usage.check_quota(conn, repo.namespace_id, sum(len(file.content) for file in sent))
        is_outsider = contributing.is_outsider(conn, target.caller, repo)
    large = {f.path for f in sent if rules.is_large(f.path, len(f.content), f.content)}
    keep = _keep_from_outsider if is_outsider else _keep
    return [
        keep(target, allowed, file)
        if file.path in large
        else AddFile(file.path, to_blob(hub.blobs, file.path, file.content))
        for file in sent
    ]


def _keep(target: Target, allowed: Allowed, file: SentFile) -> AddLarge:
    """Give the repository a large file, as its client's own upload does."""
    hub, content = target.hub, file.content
    sha256, size_bytes = hashlib.sha256(content).hexdigest(), len(content)
    view = PassingView()
    with hub.blobs.begin(sha256=sha256, size_bytes=size_bytes) as writer:
        writer.write(content)
        view.feed(content)
        blob = writer.commit(sha256=sha256, size_bytes=size_bytes)
    right = Right(allowed.repo_id, sha256, size_bytes, bearer=allowed.bearer)
    arriving.record(hub, right, blob, view)
    return AddLarge(file.path, sha256, size_bytes)


def _keep_from_outsider(target: Target, allowed: Allowed, file: SentFile) -> AddLarge:
    """The same, counted against what somebody may send who does not write here."""
    user_id, limit_bytes = require_user(target.caller).id, target.hub.pull_request_bytes
    sizes = {hashlib.sha256(file.content).hexdigest(): len(file.content)}
    with target.hub.database.write() as conn:
        contributing.record_contribution(conn, allowed.repo_id, user_id, sizes, limit_bytes)
    return _keep(target, allowed, file)
