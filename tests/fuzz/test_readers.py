"""Mutated files are read or refused in words, by every reader."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fuzz.mutation import MAX_BYTES, Kind, Mutation, mutated
from fuzz.targets import TARGETS, is_accepted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MUTATIONS = st.lists(
    st.builds(
        Mutation,
        kind=st.sampled_from(Kind),
        at=st.integers(0, 2000),
        value=st.integers(0, 1 << 16),
        length=st.integers(0, 100),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("reader", TARGETS)
def test_what_mutations_begin_with_is_valid(folder: Path, reader: str) -> None:
    target = TARGETS[reader]
    for number, sample in enumerate(target.samples()):
        (folder / f"{reader}-{number}").mkdir()
        content = target.pack(sample) if target.pack else sample
        assert is_accepted(target, content, folder / f"{reader}-{number}")


@pytest.mark.parametrize("reader", TARGETS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_file_is_read_or_refused_in_words(
    folder: Path, reader: str, data: st.DataObject
) -> None:
    target = TARGETS[reader]
    samples = st.sampled_from(target.samples())
    content = mutated(data.draw(samples), data.draw(MUTATIONS), data.draw(samples))
    packed = target.pack(content) if target.pack and data.draw(st.booleans()) else content
    (folder / reader).mkdir(exist_ok=True)
    began = time.process_time()
    is_accepted(target, packed, folder / reader)
    assert time.process_time() - began < 2


@given(st.binary(max_size=100), MUTATIONS, st.binary(max_size=100))
def test_any_content_can_be_mutated(
    content: bytes, mutations: list[Mutation], other: bytes
) -> None:
    assert len(mutated(content, mutations, other)) <= MAX_BYTES
    assert mutated(content, mutations, other) == mutated(content, mutations, other)
