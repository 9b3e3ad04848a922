"""Duties are a union and grants an intersection, whatever the tree and its order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddock.release.licences.expression import alternatives
from paddock.release.licences.origins import (
    OWN,
    Held,
    Origin,
    duties_of,
    grants_of,
    held_terms,
    owed,
)
from paddock.release.licences.table import known_licences
from paddock.release.licences.terms import EDGES

TABLE = known_licences()
OFFERED = alternatives("apache-2.0 OR llama3.1")
NAMES = st.sampled_from(sorted(TABLE.rows))
EXPRESSIONS = st.one_of(
    NAMES,
    st.builds("{} AND {}".format, NAMES, NAMES),
    st.builds("{} OR {}".format, NAMES, NAMES),
)
ANCESTORS = st.builds(
    Origin,
    id=st.sampled_from(["acme/a", "acme/b", "acme/c"]),
    path=st.lists(st.sampled_from(EDGES), min_size=1, max_size=3).map(tuple),
    licence=EXPRESSIONS,
    modified=st.booleans(),
)
OWNS = st.builds(Origin, id=st.just(OWN), path=st.just(()), licence=EXPRESSIONS)
TREES = st.tuples(OWNS, st.lists(ANCESTORS, max_size=6)).map(lambda tree: [tree[0], *tree[1]])
ORDER = {False: 0, None: 1, True: 2}


def held(origins: list[Origin]) -> list[Held]:
    return held_terms(origins, TABLE, OFFERED)


@given(tree=TREES, other=ANCESTORS)
def test_one_more_ancestor_takes_no_duty_away_and_gives_no_grant(
    tree: list[Origin], other: Origin
) -> None:
    before, after = held(tree), held([*tree, other])
    assert set(duties_of(before)) <= set(duties_of(after))
    for one, two in zip(grants_of(before), grants_of(after), strict=True):
        assert ORDER[two.value] <= ORDER[one.value]


@given(tree=TREES, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_tree_changes_nothing(tree: list[Origin], shuffled: object) -> None:
    other = list(tree)
    shuffled.shuffle(other)
    assert duties_of(held(tree)) == duties_of(held(other))
    assert grants_of(held(tree)) == grants_of(held(other))


@given(tree=TREES)
def test_a_grant_is_given_only_where_every_licence_that_reaches_gives_it(
    tree: list[Origin],
) -> None:
    found = held(tree)
    for grant in grants_of(found):
        said = [
            one.terms.grant(grant.name).value
            for one in found
            if one.reaches is True or (one.reaches is None and not one.origin.by_outputs)
        ]
        assert (grant.value is True) == (bool(said) and all(value is True for value in said))
        assert (grant.value is False) == (False in said)


def kinds(licence: str, *path: str, modified: bool = True) -> set[str]:
    edges = tuple(edge for step in path for edge in EDGES if edge == step)
    origin = Origin("acme/a", edges, licence, modified=modified)
    return {duty.kind for one in held([origin]) for duty in owed(one)}


def test_a_licence_reaches_as_far_as_its_own_words() -> None:
    assert kinds("llama3.1", "finetune") >= {"copy_licence", "notice_file", "name_prefix"}
    assert kinds("llama3.1", "trained_on_outputs_of") == {"name_prefix"}
    assert kinds("llama3.1", "finetune", "distilled_from") == {"name_prefix"}
    assert kinds("llama2", "trained_on_outputs_of") == set()  # a ban, and no duty
    assert "pass_restrictions" in kinds("gemma", "trained_on_outputs_of")
    assert "notice_file" in kinds("gemma", "distilled_from")
    assert kinds("openmdw-1.0", "trained_on_outputs_of") == set()
    assert kinds("apache-2.0", "adapter") >= {"copy_licence", "mark_changes"}
    assert "mark_changes" not in kinds("apache-2.0", "quantized", modified=False)
    assert kinds("cc0-1.0", "finetune") == set()


def test_of_a_choice_the_one_that_the_release_offers_itself_is_taken() -> None:
    both = Origin("acme/a", ("finetune",), "gpl-3.0 OR llama3.1")
    assert [one.terms.id for one in held([both])] == ["llama3.1"]
    free = Origin("acme/a", ("finetune",), "gemma OR cc0-1.0")
    assert [one.terms.id for one in held([free])] == ["cc0-1.0"]
    together = Origin("acme/a", ("finetune",), "gemma AND (mit OR cc0-1.0)")
    assert [one.terms.id for one in held([together])] == ["cc0-1.0", "gemma"]
