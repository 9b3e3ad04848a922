"""Any type to any other: the same bits by every way, pieces as the whole, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.codecs.transcoding import (
    SOURCES,
    TARGETS,
    decode,
    encode,
    transcode,
)
from paddock.checkpoint.dtypes import BLOCKS, elements_in, size_in_bytes
from paddock.checkpoint.errors import BadElements
from tests.checkpoint.codecs.samples import KINDS, WAYS, run

Outcome = bytes | tuple[str, str]


def outcome(raw: bytes, source: str, target: str) -> Outcome:
    try:
        return bytes(transcode(raw, source, target))
    except BadElements as e:
        return e.reason, e.message


def outcomes(raw: bytes, source: str, target: str) -> list[Outcome]:
    """What each way makes of the same bytes."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = []
        for way in WAYS:
            run(way, monkeypatch)
            found.append(outcome(raw, source, target))
        return found


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_gives_the_same_bits(kind: str, target: str) -> None:
    raw = KINDS[kind][: 256 * 33].tobytes()
    first, *others = outcomes(raw, "F32", target)
    assert all(other == first for other in others)


@pytest.mark.parametrize("source", sorted(SOURCES - {"F32"}))
def test_every_way_agrees_on_hostile_bytes(source: str) -> None:
    size = size_in_bytes(source, 256 * 9)
    raw = np.random.default_rng(3).integers(0, 256, size, np.uint8).tobytes()
    for target in sorted(TARGETS):
        first, *others = outcomes(raw, source, target)
        assert all(other == first for other in others), target


@given(
    bits=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=64),
    source=st.sampled_from(sorted(SOURCES)),
    target=st.sampled_from(sorted(TARGETS)),
)
def test_whatever_the_bytes_are_every_way_says_the_same(
    bits: list[int], source: str, target: str
) -> None:
    size = size_in_bytes(source, 512)
    raw = (np.array(bits, np.uint32).tobytes() * size)[:size]
    first, *others = outcomes(raw, source, target)
    assert all(other == first for other in others)
    if isinstance(first, bytes):
        assert len(first) == size_in_bytes(target, 512)


@pytest.mark.parametrize("target", sorted(TARGETS - {"BF16"}))
def test_pieces_in_threads_are_the_whole(target: str) -> None:
    raw = bytes(transcode(KINDS["of a layer"].tobytes(), "F32", "BF16"))
    piece = 256 * 2 * 3
    pieces = [memoryview(raw)[at : at + piece] for at in range(0, len(raw), piece)]
    with ThreadPoolExecutor(4) as pool:
        written = b"".join(pool.map(lambda part: transcode(part, "BF16", target), pieces))
    assert written == transcode(raw, "BF16", target)


@pytest.mark.parametrize("way", WAYS)
def test_what_lies_askew_in_memory_is_read_all_the_same(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(way, monkeypatch)
    raw = KINDS["normal"][:512].tobytes()
    for target in sorted(TARGETS):
        askew = memoryview(bytearray(b"\0" + raw))[1:]
        assert transcode(askew, "F32", target) == transcode(raw, "F32", target)


@pytest.mark.parametrize("dtype", sorted(BLOCKS))
def test_what_was_quantised_is_quantised_to_almost_itself(dtype: str) -> None:
    values = decode(encode(KINDS["of a layer"], dtype), dtype)
    again = decode(encode(values, dtype), dtype)
    assert np.abs(again - values).max() <= 0.05 * np.abs(values).max()


def test_nothing_is_nothing_in_any_type() -> None:
    assert all(
        bytes(transcode(b"", source, target)) == b"" for source in SOURCES for target in TARGETS
    )


def test_the_same_type_is_the_same_bytes() -> None:
    raw = KINDS["normal"][:256].tobytes()
    assert transcode(raw, "F32", "F32").obj is raw


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", sorted(BLOCKS))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_block_takes_what_is_not_finite(
    way: str, target: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(way, monkeypatch)
    values = KINDS["normal"].copy()
    values[12345] = value
    with pytest.raises(BadElements, match=f"element 12345 is {value}, which {target}") as e:
        encode(values, target)
    assert e.value.reason == "not_finite"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", sorted(BLOCKS))
def test_no_scale_is_ever_infinite(way: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(way, monkeypatch)
    for magnitude in (3e9, 1e20, 3e38):
        values = KINDS["of a layer"].copy()
        values[777] = -magnitude
        with pytest.raises(BadElements, match="element 777 is") as e:
            encode(values, target)
        assert e.value.reason == "out_of_range"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", sorted(BLOCKS))
def test_what_is_accepted_reads_back_finite(
    way: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(way, monkeypatch)
    accepted = 0
    for exponent in range(0, 32):
        values = KINDS["positive"][:512] * np.float32(2.0**exponent)
        for signed in (values, -values):
            try:
                raw = encode(signed, target)
            except BadElements:
                continue
            accepted += 1
            back = decode(raw, target)
            assert np.isfinite(back).all()
            assert np.abs(back - signed).max() <= 0.2 * values.max()
    assert accepted > 30


def test_lengths_that_are_no_blocks_are_refused() -> None:
    for raw, source, target in (
        (b"abc", "F32", "F16"),
        (b"a" * 35, "Q8_0", "F32"),
        (b"a" * 4 * 31, "F32", "Q8_0"),
        (b"a" * 34, "Q8_0", "Q4_K"),
    ):
        with pytest.raises(BadElements) as e:
            transcode(raw, source, target)
        assert e.value.reason == "bad_length"


def test_types_that_are_not_numbers_are_refused() -> None:
    for source, target in (("I64", "F32"), ("F32", "Q2_K"), ("F32", "F64"), ("\x00" * 999, "F32")):
        with pytest.raises(BadElements) as e:
            transcode(b"", source, target)
        assert e.value.reason == "unknown_dtype"
        assert len(e.value.message) < 600


def test_elements_are_counted_by_type() -> None:
    assert elements_in("Q8_0", 34 * 3) == 96
    assert elements_in("Q6_K", 210) == 256
    assert elements_in("BF16", 5) == 2  # a part of one counts as none
