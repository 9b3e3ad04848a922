"""The hub's own failures, with the codes that the stock client decides on.

``hub_code`` becomes the ``X-Error-Code`` header, from which ``huggingface_hub`` chooses its
exception (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError, GatedRepoError).
"""

from __future__ import annotations

from typing import ClassVar

from paddock.errors import BadInput, Conflict, Forbidden, NotFound, PaddockError, Unauthorized


class RepositoryNotFound(NotFound):
    """It does not exist, or this caller may not know that it does."""

    code = "repository_not_found"
    hub_code: ClassVar[str] = "RepoNotFound"


class RepositoryHidden(Unauthorized):
    """The same for a stranger, who might see it after signing in."""

    code = "repository_hidden"
    hub_code: ClassVar[str] = "RepoNotFound"


class RevisionNotFound(NotFound):
    """No branch, tag, commit or ref has this name."""

    code = "revision_not_found"
    hub_code: ClassVar[str] = "RevisionNotFound"


class EntryNotFound(NotFound):
    """The revision exists and has no such path; ``commit_oid`` lets clients cache the absence."""

    code = "entry_not_found"
    hub_code: ClassVar[str] = "EntryNotFound"

    def __init__(self, message: str, *, commit_oid: str | None = None) -> None:
        super().__init__(message)
        self.commit_oid = commit_oid


class GatedForStranger(Unauthorized):
    """The repository's contents are gated and nobody is signed in."""

    code = "gated_stranger"
    hub_code: ClassVar[str] = "GatedRepo"


class GatedForCaller(Forbidden):
    """The repository's contents are gated and the caller was not let in.

    ``ask_at`` is the path of the page to ask on; the web ends the sentence with its address, and
    with what is done there.
    """

    code = "gated"
    hub_code: ClassVar[str] = "GatedRepo"

    def __init__(
        self, message: str, *, ask_at: str | None = None, ask_to: str = "ask for access"
    ) -> None:
        super().__init__(message)
        self.ask_at = ask_at
        self.ask_to = ask_to


class RepositoryMoved(PaddockError):
    """The name now leads elsewhere: the web answers 307 to the same address under the new name."""

    code = "repository_moved"
    status = 307

    def __init__(self, old_full_name: str, new_full_name: str) -> None:
        super().__init__(f"{old_full_name} is now {new_full_name}")
        self.old_full_name = old_full_name
        self.new_full_name = new_full_name


class AlreadyExists(Conflict):
    """The name is taken; ``url`` is where it leads (clients read it for ``exist_ok``)."""

    code = "already_exists"

    def __init__(self, message: str, *, url: str | None = None) -> None:
        super().__init__(message)
        self.url = url


class StaleParent(PaddockError):
    """Somebody committed first. The Hub's words, which clients match."""

    code = "stale_parent"
    status = 412

    def __init__(self) -> None:
        super().__init__(
            "The branch was updated since you opened this page. Please refresh and try again."
        )


class BadPath(BadInput):
    """A path that no honest repository needs."""

    code = "bad_path"
    status = 422


class BadName(BadInput):
    """A repository, branch, tag or account name outside the rules."""

    code = "bad_name"


class NotOffered(PaddockError):
    """The Hub can do this, and this hub does not."""

    code = "not_offered"
    status = 501


class NotUploaded(BadInput):
    """A commit names a large file whose bytes this repository was never given."""

    code = "not_uploaded"
