"""Talking to a hub through the stock client, with its failures in our words.

Knows which exceptions mean what; does not know what a release is. Every call that reaches the
network runs inside ``speaking_to``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars

from paddock.errors import Forbidden, NotFound, PaddockError, Unauthorized
from paddock.release.errors import HubRefused, HubUnreachable

# The client's versions differ in the HTTP library under them; its error family is a base of theirs.
_TRANSPORT_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]
# The client holds a pack of 64 MB for every stream and for every file that it is cutting up. Left
# alone, it opens more streams the slower the hub is, and takes over 1 GB.
_UPLOAD_BOUNDS = {
    "HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY": "2",
    "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY": "3",
    "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION": "2",
}
_TOKEN_HINT = "set HF_TOKEN to a token of that hub; to publish, one with the role 'write'"  # noqa: S105


class Hub(NamedTuple):
    """A hub and how we sign in; no token means as a stranger."""

    url: str
    token: str | None


def client_of(hub: Hub, *, show_progress: bool) -> HfApi:
    """The stock client, pointed at the hub; a token saved for another hub is never sent."""
    if not show_progress and not are_progress_bars_disabled():
        disable_progress_bars()
    return HfApi(endpoint=hub.url.rstrip("/"), token=hub.token or False)


def bound_uploads() -> None:
    """Keep uploads of this process below 1 GB of memory, unless the environment says otherwise."""
    for name, value in _UPLOAD_BOUNDS.items():
        os.environ.setdefault(name, value)


@contextmanager
def speaking_to(hub: Hub, doing: str) -> Iterator[None]:
    """Translate what goes wrong while ``doing`` something with the hub."""
    try:
        yield
    except HfHubHTTPError as e:
        raise _refusal(e, hub, doing) from e
    except (_TRANSPORT_ERROR, OSError, RuntimeError) as e:
        if isinstance(e.__cause__, HfHubHTTPError):
            # The client says that a file is not in its cache; why it is not, the hub has said.
            raise _refusal(e.__cause__, hub, doing) from e
        # hf_xet reports a broken transfer as RuntimeError; offline mode is an OSError.
        raise HubUnreachable(
            f"the hub at {hub.url} did not answer while {doing}: {_first_line(e)}",
            hint="is it running, and is --hub (or HF_ENDPOINT) its address?",
        ) from e
    except (json.JSONDecodeError, KeyError) as e:
        raise HubRefused(
            f"what answered {doing} at {hub.url} does not speak the protocol of a hub",
            hint="is --hub (or HF_ENDPOINT) the address of a hub, and nothing in between?",
        ) from e


def sign_in(api: HfApi, hub: Hub) -> str:
    """The name of the account behind the token; Unauthorized without a good one."""
    if not hub.token:
        raise Unauthorized(f"there is no token for the hub at {hub.url}", hint=_TOKEN_HINT)
    with speaking_to(hub, "signing in"):
        return str(api.whoami()["name"])


def _refusal(error: HfHubHTTPError, hub: Hub, doing: str) -> PaddockError:
    status = getattr(error.response, "status_code", 0)
    said = "; ".join((error.server_message or "").splitlines()) or _first_line(error)
    sentence = f"the hub at {hub.url} refused {doing}: {said}"
    if error.response.headers.get("X-Error-Code") == "FileRejected":
        return Forbidden(sentence, hint="do not load it; its page on the hub tells what was found")
    if isinstance(error, GatedRepoError) or status == 403:
        return Forbidden(sentence, hint="ask for access, or use a token that may do this")
    if isinstance(error, RevisionNotFoundError):
        return NotFound(sentence, hint="name a branch, a tag or a commit of it")
    if isinstance(error, RepositoryNotFoundError):
        return NotFound(sentence, hint="to find a private one, set HF_TOKEN to a token")
    if status == 404:
        return NotFound(sentence, hint="check the name")
    if status == 401:
        return Unauthorized(sentence, hint=_TOKEN_HINT)
    return HubRefused(sentence)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
