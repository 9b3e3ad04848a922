"""What lists can be narrowed by: public repositories alone are counted, new choices are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock.hub.catalogue import facets
from paddock.hub.catalogue.facets import FACETS, read_choices
from paddock.hub.context import Hub
from paddock.hub.tables import repositories
from paddock.hub.tags.counting import count_tags
from paddock.hub.types import Kind
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.hub.samples import commit_files, make_repository

CARD = "---\nlicense: {0}\nlanguage: [en, de]\npipeline_tag: {1}\ntags: [mine]\n---\n"


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[Hub]:
    yield Hub(database, LocalBlobStore(tmp_path / "blobs"), None)


def make(hub: Hub, name: str, licence: str = "mit", *, private: bool = False) -> None:
    with hub.database.write() as conn:
        repo = make_repository(conn, name)
        card = CARD.format(licence, "text-generation").encode()
        files = {"README.md": card, "config.json": b'{"model_type": "llama"}', "a.gguf": b"x"}
        commit_files(conn, repo, files)
        change = repositories.update().where(repositories.c.id == repo.id)
        conn.execute(change.values(is_private=private))


def choices(hub: Hub) -> dict[str, dict[str, int]]:
    with hub.database.read() as conn:
        found = read_choices(conn, Kind.MODEL)
    return {key: {c.value: c.repositories for c in each} for key, each in found.by_facet.items()}


def test_choices_are_counted_by_a_job_and_new_ones_are_there_at_once(hub: Hub) -> None:
    make(hub, "one")
    make(hub, "two")
    make(hub, "hidden", "gpl-3.0", private=True)
    before = choices(hub)
    assert before["license"] == {"mit": 2}
    assert before["family"] == {"llama": 2}
    assert before["gate"] == {"none": 2}
    assert before["language"] == {"en": 2, "de": 2}
    count_tags(hub, {})
    make(hub, "three", "apache-2.0")
    after = choices(hub)
    assert after["license"] == {"mit": 2, "apache-2.0": 1}
    assert after["format"] == {"gguf": 2}  # as counted: a choice that was known is not counted anew
    with hub.database.read() as conn:
        assert read_choices(conn, Kind.MODEL).total == 2
    count_tags(hub, {})
    assert choices(hub)["format"] == {"gguf": 3}
    assert "mine" not in str(choices(hub))  # a tag is no choice


def test_a_choice_leads_to_what_it_was_counted_by(hub: Hub) -> None:
    for kind, known in FACETS.items():
        for facet in known:
            term = facet.term("x", kind)
            assert facet.value(term, kind) == "x"
            assert facets.label_of(facet, "x", kind) == "x"


def test_choices_of_a_page_are_kept_for_a_while(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    make(hub, "one")
    assert facets.choices_of(hub.database, Kind.MODEL).by_facet["license"]
    with hub.database.write() as conn:
        conn.execute(sa.delete(repositories))
    assert facets.choices_of(hub.database, Kind.MODEL).by_facet["license"]
    monkeypatch.setattr(facets, "_FRESH_SECONDS", -1.0)
    assert not facets.choices_of(hub.database, Kind.MODEL).by_facet["license"]
