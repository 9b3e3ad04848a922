"""A file of events: chained, signed, and refused when a byte, an order or a link is other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import BadInput
from paddock.release.lifecycle.advisories import read_advisory, read_log
from paddock.release.lifecycle.holders import Holding, tell_holder
from paddock.signing.dsse import sign_envelope
from paddock.signing.errors import BadSignature
from paddock.signing.events.advisory import Advisory
from paddock.signing.events.event import PAYLOAD_TYPE, Event, parse_event, render_event
from paddock.signing.events.log import Log, extended, parse_log, render_log
from paddock.signing.events.standing import stage_at, standing_of
from paddock.signing.public_keys import key_fingerprint
from paddock.signing.signers import KeySigner

START = datetime(2026, 11, 23, tzinfo=UTC)
RELEASE = "ab" * 32
OWN = KeySigner(ed25519.Ed25519PrivateKey.generate())
OTHER = KeySigner(ec.generate_private_key(ec.SECP256R1()))
ADVISORY = Advisory("ACME-1", "high", "It leaks.", "Use 1.1.0.", affected=("0.9.0",))


def event(log: Log, kind: Any = "deprecate", **changes: Any) -> Event:
    number = len(log.events) + 1
    said: dict[str, Any] = {
        "kind": kind, "number": number, "name": "tiny", "version": "1.0.0", "release": RELEASE,
        "reason": "so", "at": START + timedelta(hours=number), "previous": log.head,
    }  # fmt: skip
    return Event(**{**said, **changes})


def with_event(log: Log, signer: KeySigner = OWN, **changes: Any) -> Log:
    made = event(log, **changes)
    envelope = sign_envelope(render_event(made), PAYLOAD_TYPE, [signer])
    return extended(log, envelope, signer.private.public_key())


def three() -> Log:
    log = with_event(Log(), kind="supersede", replacement="1.1.0")
    log = with_event(log, kind="revoke", advisory=ADVISORY)
    return with_event(log, kind="stage", stage="open", effective=START + timedelta(days=9))


THREE = render_log(three())


def test_a_log_reads_as_it_was_written() -> None:
    assert render_log(parse_log(THREE)) == THREE
    assert [signed.event.kind for signed in parse_log(THREE).events] == [
        "supersede", "revoke", "stage",
    ]  # fmt: skip


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_byte_of_an_event_can_be_changed(data: st.DataObject) -> None:
    at = data.draw(st.integers(THREE.index(b'"events"'), len(THREE) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != THREE[at]))
    changed = THREE[:at] + bytes([other]) + THREE[at + 1 :]
    try:
        log = parse_log(changed)
    except BadSignature:
        return
    assert render_log(log) == THREE  # white space alone


@pytest.mark.parametrize("keep", [[1, 2], [0, 2], [1, 0, 2], [0, 0, 1], [0, 1, 1, 2]])
def test_no_event_is_taken_out_repeated_or_moved(keep: list[int]) -> None:
    document = json.loads(THREE)
    document["events"] = [document["events"][number] for number in keep]
    with pytest.raises(BadSignature, match="event"):
        parse_log(json.dumps(document).encode())


def test_the_end_can_be_cut_and_that_shows_to_whoever_saw_it() -> None:
    document = json.loads(THREE)
    document["events"] = document["events"][:1]
    assert len(parse_log(json.dumps(document).encode()).events) == 1


def test_a_key_that_is_not_in_the_file_signs_nothing() -> None:
    document = json.loads(THREE)
    document["keys"] = []
    with pytest.raises(BadSignature, match="nobody named"):
        parse_log(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": 5}, "says that it is 5"),
        ({"previous": "0" * 64}, "does not follow the one before"),
        ({"at": START - timedelta(days=1)}, "is older than the one before"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSignature, match=said):
        with_event(three(), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "stage"}, {"kind": "deprecate", "stage": "open"}, {"kind": "supersede"},
        {"kind": "revoke", "replacement": "2"}, {"kind": "other"}, {"reason": ""},
        {"reason": "x" * 3000}, {"number": 0}, {"release": "short"}, {"kind": "stage",
        "stage": "sold"}, {"kind": "yank", "effective": START}, {"reason": "\x1b[2Jall is well"},
        {"reason": "a\r\nX-Header: b"}, {"name": "\u202egnp"}, {"version": "1\n2"},
        {"kind": "revoke", "advisory": replace(ADVISORY, action="\x1b]0;x\x07")},
        {"kind": "revoke", "advisory": replace(ADVISORY, references=("https://a\x00b",))},
    ],
)  # fmt: skip
def test_an_event_that_means_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        parse_event(render_event(event(Log(), **changes)))


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    for read in (parse_log, parse_event):
        with pytest.raises(BadSignature):
            read(raw)


def test_what_is_worst_counts_and_nothing_makes_it_good_again() -> None:
    log = with_event(three(), kind="deprecate")
    events = [signed.event for signed in log.events]
    standing = standing_of(events, release=RELEASE, name="tiny", version="1.0.0")
    assert standing.state == "revoked"
    assert standing.events[0].advisory == ADVISORY
    affected = standing_of(events, release="cd" * 32, name="tiny", version="0.9.0")
    assert affected.state == "revoked"
    assert standing_of(events, release="cd" * 32, name="tiny", version="1.1.0").state == "current"
    assert standing_of(events, release="cd" * 32, name="else", version="0.9.0").state == "current"


@given(st.permutations(range(4)))
@settings(deadline=None)
def test_how_a_release_stands_is_of_no_order(order: list[int]) -> None:
    events = [signed.event for signed in with_event(three(), kind="yank").events]
    mixed = [events[number] for number in order]
    known = {"release": RELEASE, "name": "tiny", "version": "1.0.0"}
    assert standing_of(mixed, **known) == standing_of(events, **known)
    for day in (0, 8, 10):
        at = START + timedelta(days=day)
        assert stage_at(mixed, at) == stage_at(events, at)


def test_a_stage_begins_at_its_moment() -> None:
    events = [signed.event for signed in three().events]
    assert stage_at(events, START + timedelta(days=8)) is None
    begun = stage_at(events, START + timedelta(days=9))
    assert begun is not None
    assert begun.stage == "open"


def test_a_holder_hears_trusted_keys_and_is_told_what_others_say() -> None:
    log = with_event(with_event(Log(), kind="deprecate"), OTHER, kind="revoke")
    held = Holding(RELEASE, "tiny", "1.0.0")
    own, other = (key_fingerprint(k.private.public_key()) for k in (OWN, OTHER))
    told = tell_holder(log, held, {own})
    assert (told.is_revoked, told.standing.state) == (False, "deprecated")
    assert "somebody whom you do not trust says: tiny 1.0.0 was revoked" in " ".join(told.notes)
    assert tell_holder(log, held, {own, other}).is_revoked
    assert not tell_holder(log, held, set()).is_revoked


def test_an_advisory_is_yaml_or_json_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "advisory.yaml"
    path.write_text("id: A-1\nseverity: high\ntext: It leaks.\naction: Use 2.\nfixed: ['2']\n")
    assert read_advisory(path) == Advisory("A-1", "high", "It leaks.", "Use 2.", fixed=("2",))
    for line, said in (
        ("severity: bad", "the severity is 'bad'"), ("affect: ['1']", "unknown key 'affect'"),
        ("references: ['javascript:alert(1)']", "is no address"), ("fixed: 2", "not a short list"),
    ):  # fmt: skip
        key = line.split(":")[0]
        kept = [one for one in path.read_text().splitlines() if not one.startswith(key + ":")]
        (tmp_path / "other.yaml").write_text("\n".join([*kept, line]) + "\n")
        with pytest.raises(BadInput, match=said.replace("(", r"\(")):
            read_advisory(tmp_path / "other.yaml")
    with pytest.raises(BadInput, match="the key 'action' is missing"):
        (tmp_path / "short.json").write_text('{"id":"A","severity":"low","text":"x"}')
        read_advisory(tmp_path / "short.json")


def test_a_file_of_events_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "lifecycle.json"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(BadInput, match="larger than"):
        read_log(path)
