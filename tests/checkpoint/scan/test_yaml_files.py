"""YAML that builds objects."""

from __future__ import annotations

import pytest

from tests.checkpoint.scan.scanned import codes

BUILDS = {
    "apply": "a: !!python/object/apply:os.system ['true']\n",
    "a name": "a: !!python/name:os.system\n",
    "a long tag": "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n",
    "a handle": "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os.system\n",
    "a target": "model:\n  _target_: os.system\n",
    "a quoted target": 'model: {"_target_": "builtins.eval"}\n',
    "the second document": "a: 1\n---\nb: !!python/module:os\n",
    "before a mistake": "a: !!python/module:os\nb: [\n",
    "a damaged target": "x: [\n_target_: os.system\n",
}
HONEST = {
    "a merge": "models:\n  - model: a/b\n    parameters: {weight: 0.5}\nmerge_method: linear\n",
    "anchors": "a: &x [1, 2]\nb: *x\n",
    "plain tags": "a: !!str 1\nb: !!float 2\n",
    "dates": "date: 2024-07-26\nno: yes\n",
}


@pytest.mark.parametrize("what", BUILDS)
def test_yaml_that_builds_objects_is_refused(what: str) -> None:
    assert "instantiates" in codes({"config.yaml": BUILDS[what]})


@pytest.mark.parametrize("what", HONEST)
def test_plain_yaml_is_clean(what: str) -> None:
    assert codes({"config.yaml": HONEST[what]}) == set()


def test_the_head_of_a_card_is_yaml_too() -> None:
    assert "instantiates" in codes({"README.md": f"---\n{BUILDS['apply']}---\n# x\n"})
    assert (
        codes({"README.md": "---\nlicense: mit\ntags: [a]\n---\n# x\n\n    _target_: y\n"}) == set()
    )


def test_an_unknown_tag_waits_for_a_person() -> None:
    assert codes({"config.yaml": "a: !include other.yaml\n"}) == {"unparsed"}


def test_hydra_is_known_in_toml() -> None:
    assert "instantiates" in codes(
        {"config.toml": 'title = "x"\n[model]\n_target_ = "os.system"\n'}
    )
