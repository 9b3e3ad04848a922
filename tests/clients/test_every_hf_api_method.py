"""Every public method of the installed client's ``HfApi``: called, or refused on purpose.

The list comes from the client itself, so a method that a newer client brings fails here by name.
"""

from __future__ import annotations

import inspect
import re
import time
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from tests.clients.hf_api import people_calls, refused_calls, repository_calls
from tests.clients.hf_api.world import World
from tests.conftest import REPOSITORY
from tests.live import LiveServer

METHODS = sorted(
    name for name, _ in inspect.getmembers(HfApi, inspect.isfunction) if not name.startswith("_")
)
ANSWERED = {**repository_calls.CALLS, **people_calls.CALLS}
REFUSED = refused_calls.CALLS


# Methods that warn that they are experimental, or that what they do cannot be undone.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def world(shared_server: LiveServer, tmp_path: Path) -> World:
    return World(shared_server, tmp_path)


@pytest.mark.parametrize("method", [name for name in METHODS if name not in REFUSED])
def test_the_method_does_what_its_callers_expect(method: str, world: World) -> None:
    ANSWERED[method](world)


@pytest.mark.parametrize("method", sorted(REFUSED))
def test_what_this_hub_does_not_do_is_refused_at_once_in_a_sentence(
    method: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.server.url  # these two are other hosts unless somebody points them at the hub
    monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", f"{url}/v2")
    monkeypatch.setattr(constants, "INFERENCE_CATALOG_ENDPOINT", f"{url}/api/v1/catalog")
    if method in refused_calls.BY_THE_CLIENT:
        with pytest.raises(ValueError, match="third-party endpoints"):
            REFUSED[method](world)
        return
    began = time.monotonic()
    with pytest.raises(HfHubHTTPError) as refused:
        REFUSED[method](world)
    assert refused.value.response.status_code == 501
    assert re.search(r"this hub", str(refused.value))
    assert time.monotonic() - began < 20, "the client tried again and again"


def test_nothing_is_called_that_the_client_does_not_have() -> None:
    assert sorted({*ANSWERED, *REFUSED}) == METHODS
    assert not ANSWERED.keys() & REFUSED.keys()


def test_the_documents_count_the_methods_truly() -> None:
    told = (REPOSITORY / "docs" / "hub.md").read_text(encoding="utf-8")
    match = re.search(r"(\d+) public methods.*?(\d+) are answered.*?(\d+) are refused", told, re.S)
    assert match
    assert [int(number) for number in match.groups()] == [
        len(METHODS),
        len(ANSWERED),
        len(REFUSED),
    ]
