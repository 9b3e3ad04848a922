"""The example is made whole, by the stock client."""

from __future__ import annotations

from pathlib import Path

from tests.example.content import GATED, STARTER, TALES, fill
from tests.live import LiveServer


def test_everything_is_there(shared_server: LiveServer, tmp_path: Path) -> None:
    example = fill(shared_server, tmp_path, scanned=False)
    anyone = shared_server.api()
    assert {one.id for one in anyone.list_models(author="lighthouse")} == {STARTER, GATED}
    assert anyone.dataset_info(TALES).siblings
    assert all(example.named.values())
