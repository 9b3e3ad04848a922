"""What the settings make of a hub, before anything is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.config import Settings
from paddock.web.server import open_hub


@pytest.mark.parametrize("targets", ["public", "any"])
def test_where_webhooks_may_go_is_the_administrators_choice(tmp_path: Path, targets: str) -> None:
    hub = open_hub(Settings(data=tmp_path, webhook_targets=targets))
    assert hub.webhook_targets == targets
    hub.database.dispose()


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": 80}, "http://127.0.0.1:80"),
        ({"host": "::1", "port": 9}, "http://[::1]:9"),
        ({"public_url": "https://hub.example"}, "https://hub.example"),
    ],
)
def test_work_that_no_request_asked_for_knows_the_hubs_address(
    tmp_path: Path, settings: dict[str, object], url: str
) -> None:
    hub = open_hub(Settings(data=tmp_path, **settings))
    assert hub.background_url == url
    hub.database.dispose()
