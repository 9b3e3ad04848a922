"""Two people say yes, neither of them the author, each with an own key, about these bytes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from paddock.errors import BadInput
from paddock.release.errors import BadReleaseFile
from tests.release.gate.stories import NOW, OTHER_ROOT, Lab, sentences, unmet_ids

TWO = {"required": 2, "roles": ["safety", "legal"]}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path, approvals=TWO)
    lab.hire("ada", "safety", "legal")
    lab.hire("bob", "legal")
    lab.hire("eve", "safety", "legal")
    return lab


def test_two_people_in_their_roles_let_it_leave(lab: Lab) -> None:
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    decision = lab.decide()
    assert decision.allowed, sentences(decision)
    assert [(a.person, a.role) for a in decision.approvals] == [("ada", "safety"), ("bob", "legal")]


def test_nobody_yet_is_told_with_what_to_run(lab: Lab) -> None:
    decision = lab.decide()
    assert unmet_ids(decision) == [
        "approvals.count", "approvals.role:legal", "approvals.role:safety",
    ]  # fmt: skip
    assert "0 of 2 people approve: nobody yet" in sentences(decision)
    assert all("paddock release approve" in str(c.hint) for c in decision.checks if c.blocks)


def test_one_person_signing_twice_is_one_person(lab: Lab) -> None:
    lab.approve("ada", "safety", hours_ago=3)
    lab.approve("ada", "legal", hours_ago=2)
    decision = lab.decide()
    assert unmet_ids(decision) == ["approvals.count", "approvals.role:safety"]
    assert "ada signed again later: a person counts once" in sentences(decision)


def test_the_same_file_under_two_names_is_one_approval(lab: Lab) -> None:
    signed = lab.approve("ada", "safety")
    (signed.parent / "again.json").write_bytes(signed.read_bytes())
    assert "1 of 2 people approve" in sentences(lab.decide())


def test_two_people_with_one_key_are_refused(lab: Lab) -> None:
    lab.hire("zoe", "safety", key_of="bob")
    lab.approve("zoe", "safety")
    lab.approve("bob", "legal")
    decision = lab.decide()
    assert "approvals.key:bob" in unmet_ids(decision)
    assert "bob has the same key as zoe" in sentences(decision)


def test_the_author_does_not_count(lab: Lab) -> None:
    lab.approve("eve", "safety")
    lab.approve("bob", "legal")
    decision = lab.decide()
    assert "approvals.count" in unmet_ids(decision)
    assert "eve is the author" in sentences(decision)


def test_whoever_signs_the_release_does_not_count(lab: Lab) -> None:
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    key = lab.candidate().people_keys["ada"]
    decision = lab.decide(signers=frozenset({key}))
    assert "approvals.role:safety" in unmet_ids(decision)


def test_without_an_author_nobody_can_tell(lab: Lab) -> None:
    del lab.sections["gate"]["author"]
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    assert unmet_ids(lab.decide()) == ["approvals.author"]
    lab.sections["gate"]["approvals"] = {**TWO, "not_author": False}
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    assert lab.decide().allowed


def test_approval_of_other_bytes_does_not_count(lab: Lab) -> None:
    lab.approve("ada", "safety", root=OTHER_ROOT)
    lab.approve("bob", "legal")
    decision = lab.decide()
    assert "approvals.role:safety" in unmet_ids(decision)
    assert "it is about the content root b2b2" in sentences(decision)


def test_a_word_changed_in_the_release_file_ends_every_approval(lab: Lab) -> None:
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    lab.metadata["description"] = "Something else."
    decision = lab.decide()
    assert "approvals.count" in unmet_ids(decision)
    assert "release.yaml says something else than when it was signed" in sentences(decision)


def test_where_it_goes_is_not_approved(lab: Lab) -> None:
    lab.approve("ada", "safety")
    lab.approve("bob", "legal")
    lab.sections["publish"] = {"to": "hub", "repo": "acme/acme"}
    assert lab.decide().allowed


def test_a_date_to_come_does_not_count(lab: Lab) -> None:
    lab.approve("ada", "safety", hours_ago=-1)
    assert "which is to come" in sentences(lab.decide())


def test_another_release_does_not_count(lab: Lab) -> None:
    lab.metadata["version"] = "2.0.0"
    lab.approve("ada", "safety")
    lab.metadata["version"] = "1.0.0"
    assert "it is about 'acme 2.0.0', not acme 1.0.0" in sentences(lab.decide())


def test_a_key_of_nobody_and_a_changed_byte_do_not_count(lab: Lab, tmp_path: Path) -> None:
    other = Lab(tmp_path / "other", approvals=TWO)
    other.hire("ada", "safety", "legal")
    stranger = other.approve("ada", "safety", spec=lab.spec.model_copy(
        update={"gate": other.spec.gate}
    ))  # fmt: skip
    (lab.base / "statements").mkdir()
    (lab.base / "statements" / "stranger.json").write_bytes(stranger.read_bytes())
    signed = lab.approve("bob", "legal")
    envelope = json.loads(signed.read_bytes())
    sig = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = ("A" if sig[0] != "A" else "B") + sig[1:]
    signed.write_bytes(json.dumps(envelope).encode())
    said = sentences(lab.decide())
    assert "signed by a key that nobody named" in said
    assert "the signature is not right" in said
    assert "0 of 2 people approve" in said


def test_one_persons_key_does_not_speak_for_another(lab: Lab) -> None:
    lab.private["ada"] = lab.private["bob"]
    lab.sections["gate"]["people"][0]["key"] = "people/bob.pem"
    forged = lab.approve("ada", "safety").read_bytes()
    lab.sections["gate"]["people"][0]["key"] = "people/ada.pem"
    (lab.base / "statements" / "forged.json").write_bytes(forged)
    assert "another's key signed it" in sentences(lab.decide())


def test_signing_what_could_never_count_is_refused(lab: Lab) -> None:
    with pytest.raises(BadInput, match="bob does not have the role safety"):
        lab.approve("bob", "safety")
    lab.private["ada"] = lab.private["bob"]
    with pytest.raises(BadInput, match=r"is not the one that gate\.people names for ada"):
        lab.approve("ada", "safety")


def test_cooling_off_begins_with_the_last_approval_that_was_needed(lab: Lab) -> None:
    lab.sections["gate"]["cooloff_hours"] = 48
    lab.hire("zoe", "safety")
    lab.approve("ada", "safety", hours_ago=60)
    lab.approve("bob", "legal", hours_ago=47)
    lab.approve("zoe", "safety", hours_ago=1)  # one more than needed: the clock runs on
    decision = lab.decide()
    assert unmet_ids(decision) == ["approvals.cooloff"]
    assert "2026-11-23T13:00:00.000Z" in sentences(decision)
    assert lab.decide(now=NOW + timedelta(hours=1)).allowed


def test_cooling_off_waits_for_every_role(lab: Lab) -> None:
    lab.sections["gate"]["cooloff_hours"] = 48
    lab.approve("ada", "legal", hours_ago=90)
    lab.approve("bob", "legal", hours_ago=80)
    assert unmet_ids(lab.decide()) == ["approvals.cooloff", "approvals.role:safety"]


def test_cooling_off_without_approvals_never_ends(lab: Lab) -> None:
    lab.sections["gate"] = {"cooloff_hours": 1}
    lab.sections["gate"]["approvals"] = {"required": 1}
    lab.sections["gate"]["author"] = "eve"
    assert "approvals.cooloff" in unmet_ids(lab.decide())


def test_a_link_in_place_of_a_key_is_refused(lab: Lab) -> None:
    (lab.base / "people" / "ada.pem").unlink()
    (lab.base / "people" / "ada.pem").symlink_to(lab.base / "people" / "bob.pem")
    with pytest.raises(BadInput, match=r"gate\.people: people/ada\.pem cannot be read"):
        lab.decide()


@pytest.mark.parametrize(
    "spelling",
    ["Eve", "EVE", "eve ", "ｅｖｅ", "е​ve", "eνe", "ève", "e v e"],
)
def test_the_author_under_another_spelling_is_the_author(tmp_path: Path, spelling: str) -> None:
    lab = Lab(tmp_path, approvals={"required": 1})
    try:
        lab.hire(spelling, "safety")
        lab.approve(spelling, "safety")
    except BadReleaseFile:  # a name that nobody could read is refused before
        return
    decision = lab.decide()
    assert unmet_ids(decision) == ["approvals.count"]
    assert "is the author" in sentences(decision)


def test_two_spellings_of_one_name_are_not_two_people(tmp_path: Path) -> None:
    lab = Lab(tmp_path, approvals={"required": 2})
    people = ("ada@acme.example", "Ada@Acme.example")
    for person in people:
        lab.hire(person, "safety")
    for person in people:
        lab.approve(person, "safety")
    decision = lab.decide()
    assert unmet_ids(decision) == ["approvals.name:Ada@Acme.example"]
    assert "two people or one?" in sentences(decision)


def test_people_whose_names_differ_are_two(tmp_path: Path) -> None:
    lab = Lab(tmp_path, approvals={"required": 2})
    people = ("Анна", "Ωμεγα")
    for person in people:
        lab.hire(person, "safety")
    for person in people:
        lab.approve(person, "safety")
    assert lab.decide().allowed
