"""Packets: whatever is framed is read back, and nothing but packets is accepted."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.git_http.pkt_lines import (
    MAX_PAYLOAD_BYTES,
    BadGitRequest,
    Mark,
    on_band,
    pkt,
    read_lines,
    read_packet,
)

packets = st.one_of(st.sampled_from(Mark), st.binary(max_size=200))


@given(st.lists(packets))
def test_what_is_framed_is_read_back(sent: list[bytes | Mark]) -> None:
    wire = b"".join(item.value if isinstance(item, Mark) else pkt(item) for item in sent)
    source = io.BytesIO(wire)
    assert [read_packet(source) for _ in sent] == sent
    assert read_packet(source) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_packets_or_refused(wire: bytes) -> None:
    source = io.BytesIO(wire)
    try:
        while read_packet(source) is not None:
            pass
    except BadGitRequest:
        return
    assert source.read() == b""


@pytest.mark.parametrize("wire", [b"0003", b"00", b"zzzz", b"0009abc", b"ffff" + b"x" * 65531])
def test_a_length_that_cannot_be_is_refused(wire: bytes) -> None:
    with pytest.raises(BadGitRequest):
        read_packet(io.BytesIO(wire))


def test_lines_end_at_a_mark_and_must_be_text() -> None:
    source = io.BytesIO(pkt(b"one\n") + pkt(b"two") + b"0000" + pkt(b"three"))
    assert list(read_lines(source)) == ["one", "two"]
    with pytest.raises(BadGitRequest):
        list(read_lines(io.BytesIO(pkt(b"\xff\xfe"))))


@given(st.binary(max_size=200_000), st.sampled_from([1, 2, 3]))
def test_a_band_carries_everything_in_packets_of_legal_size(data: bytes, band: int) -> None:
    source = io.BytesIO(b"".join(on_band(band, [data])))
    carried = b""
    while isinstance(packet := read_packet(source), bytes):
        assert packet[0] == band
        assert len(packet) <= MAX_PAYLOAD_BYTES
        carried += packet[1:]
    assert carried == data
