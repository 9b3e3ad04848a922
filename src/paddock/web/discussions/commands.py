"""Commands with which people work on a pull request from their own machines.

Pure. They are there to be copied into a shell, so what came from an upload is quoted for one.
"""

from __future__ import annotations

import shlex

from paddock.hub.discussions.values import Discussion
from paddock.hub.git import refs
from paddock.hub.types import Kind, Repository


def to_propose(repo: Repository) -> str:
    """Open a pull request with a file or a folder."""
    return f'{_upload(repo)} --create-pr --commit-message "What changes"'


def to_add(repo: Repository, discussion: Discussion) -> str:
    """Send a file, or a folder, to a pull request."""
    return f"{_upload(repo)} --revision {discussion.git_ref}"


def to_settle(discussion: Discussion) -> str:
    """Merge the base branch into a pull request, in a clone of the repository."""
    assert discussion.proposal is not None  # noqa: S101  (asked of pull requests only)
    branch = f"pr/{discussion.num}"
    base = shlex.quote("origin/" + discussion.proposal.base_ref.removeprefix(refs.BRANCHES))
    return "\n".join(
        (
            f"git fetch origin {discussion.git_ref}:{branch}",
            f"git checkout {branch}",
            f"git merge {base}",
            "# settle the files that git names, then",
            "git commit --all",
            f"git push origin {branch}:{discussion.git_ref}",
        )
    )


def _upload(repo: Repository) -> str:
    kind = "" if repo.kind is Kind.MODEL else f" --repo-type {repo.kind}"
    return f"hf upload {repo.full_name} PATH{kind}"
