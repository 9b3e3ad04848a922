"""release.yaml: what is right is read whole, what is wrong is one sentence with line and hint."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import BadReleaseFile
from paddock.release.spec.publish import FolderDestination, HuggingFaceDestination
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES, Node, parse_yaml

HEAD = "apiVersion: paddock/v1\nkind: ModelRelease\n"
MINIMAL = HEAD + "metadata: {name: tiny, version: 1.0.0}\n"

FULL = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata:
  name: Llama-Example-8B
  version: 1.2.0
  description: A small example.
  purl: pkg:huggingface/acme/Llama-Example-8B@1.2.0
  supersedes: 1.1.0
  date: 2026-11-20
  producer: {name: Acme AI Ltd, contact: release@acme.example, eu_representative: null}
  stage: gated
  type: language
  architecture: transformer decoder
  treatment: chat fine-tuned
  language: [en, "no"]
  tags: [shop]
lineage:
  base_model:
    - {id: meta-llama/Llama-3.1-8B, revision: 0123abcd, relation: finetune, license: llama3.1}
  distilled_from: []
licenses:
  distribution: llama3.1
  document: CC-BY-4.0
  acceptable_use: {file: USE_POLICY.md}
  notices: [NOTICE]
components:
  - {name: Model parameters (Final), access: gated, path: ["model*.safetensors"]}
  - {name: Datasets, access: withheld, reason: third_party_rights, review_date: 2027-05-01}
artifacts:
  source: {path: checkpoint/, formats: [safetensors], exclude: ["*.log"]}
  outputs:
    - {id: bf16, format: safetensors, shard_size: 5GB}
  forbid: [pickle, executables]
access:
  mechanism: manual
  extra_gated_prompt: Say who you are.
  extra_gated_fields: {Company: text, Purpose: {type: select, options: [Research, Product]}}
sign:
  oms: {key: keys/release.pem}
publish:
  - {to: huggingface, repo: acme/Llama-Example-8B, gated: manual}
  - {to: folder, path: out/}
"""


def parse(text: str) -> ReleaseSpec:
    return parse_release(text.encode())


def test_the_whole_first_form_is_read() -> None:
    spec = parse(FULL)
    assert spec.metadata.name == "Llama-Example-8B"
    assert spec.metadata.languages == ("en", "no")
    assert str(spec.metadata.date) == "2026-11-20"
    assert spec.metadata.producer is not None
    assert spec.metadata.producer.eu_representative is None
    assert spec.lineage.base_model[0].relation == "finetune"
    assert spec.licenses.notices == ("NOTICE",)
    assert spec.components[1].reason == "third_party_rights"
    assert spec.artifacts.source == "checkpoint"
    assert spec.artifacts.shard_bytes == 5 * 10**9
    assert spec.artifacts.forbid_python is False
    assert spec.access.gated == "manual"
    assert spec.access.fields[1][1].options == ("Research", "Product")
    assert spec.oms_key == "keys/release.pem"
    assert spec.publish == (
        HuggingFaceDestination(repo="acme/Llama-Example-8B", gated="manual"),
        FolderDestination(path="out"),
    )


def test_the_smallest_file_has_sensible_defaults() -> None:
    spec = parse(MINIMAL)
    assert spec.licenses.distribution == "unknown"
    assert spec.access.gated is False
    assert not spec.access.is_private
    assert not spec.access.is_declared
    assert spec.artifacts.forbid_python


@pytest.mark.parametrize("stage", ["internal", "trusted"])
def test_early_stages_are_private(stage: str) -> None:
    assert parse(MINIMAL.replace("1.0.0", f"1.0.0, stage: {stage}")).access.is_private


@pytest.mark.parametrize(
    ("wrong", "sentence", "hint"),
    [
        ("lisenses: {}", "release.yaml:4: unknown key 'lisenses'", "'licenses'"),
        ("licenses: {distributon: MIT}", "unknown key 'distributon' in licenses", "'distribution'"),
        ("licenses: {distribution: 7}", "YAML reads this as 7", "quotes"),
        ("licenses: {distribution: [MIT]}", "must be text, not a list", None),
        ("licenses: {distribution: ''}", "is empty", None),
        ("licenses: []", "licenses must be a mapping", None),
        ("artifacts: {source: {path: ../other}}", "must stay inside", None),
        ("artifacts: {source: {path: /etc}}", "must stay inside", None),
        ("artifacts: {source: {path: a/../../b}}", "must stay inside", None),
        ("artifacts: {source: {path: ., exclude: ['../*']}}", "not usable", None),
        ("artifacts: {forbid: [python]}", "cannot be allowed", None),
        ("artifacts: {forbid: [pickles]}", "'pickles' is not one of", None),
        ("artifacts: {outputs: [{format: onnx}]}", "'onnx' is not one of safetensors", None),
        ("artifacts: {outputs: [{shard_size: 10}]}", "too small", None),
        ("artifacts: {outputs: [{shard_size: big}]}", "is not a size", "5GB"),
        ("components: [{name: Model parameters, access: open}]", "is not one of", "(Final)"),
        ("components: [{name: Datasets, access: secret}]", "'secret' is not one of", None),
        ("components: [{name: Datasets, access: withheld}]", "needs a reason", None),
        ("components: [{name: Datasets, access: withheld, reason: x}]", "'x' is not one of", None),
        ("components: [{name: Datasets, access: not_produced, path: [a]}]", "has no files", None),
        (
            "components: [{name: Datasets, access: open}, {name: Datasets, access: open}]",
            "is there twice",
            None,
        ),
        ("access: {mechanism: none, extra_gated_prompt: hi}", "need a mechanism", None),
        ("access: {mechanism: auto}", "'auto' is not one of", None),
        ("access: {mechanism: manual, extra_gated_fields: {A: select}}", "has options", None),
        ("sign: {dsse: {keys: [a], threshold: 2}}", "needs as many keys", None),
        ("publish: [{to: hub, repo: noslash}]", "is not namespace/name", None),
        ("publish: [{to: hub, repo: a/b, url: 'ftp://x'}]", "not an http", None),
        ("publish: [{to: cloud, repo: a/b}]", "'cloud' is not one of", None),
        ("publish: [{to: folder, path: ../x}]", "must stay inside", None),
        ("publish: [{to: hub, repo: a/b}, {to: hub, repo: a/b}]", "there twice", None),
        ("publish: [{to: hub, repo: a/b, gated: auto}]", "does not go with", None),
        ("lineage: {base_model: [{id: a/b, relation: child}]}", "'child' is not one of", None),
        ("lineage: {base_model: [{id: a/b, digest: {sha256: abc}}]}", "64 lower-case", None),
        ("publish: [folder]", "must be a mapping of keys to values, not 'folder'", "to: folder"),
        ("publish: [{path: out}]", "the key 'to' is missing", "to: folder"),
        ("artifacts: {outputs: [{max_kl: -1}]}", "must be at least 0, not -1", None),
        ("artifacts: {outputs: [{max_kl: 5%}]}", "must be a number, not '5%'", None),
        ("gate: {cooloff_hours: -3}", "must be at least 0, not -3", None),
        ("licenses: {notices: [], distribution:}\nlineage: x", "lineage must be a mapping", None),
        ("inspect: {scanners: {clamav: required}}", "'clamav' is no scanner", "native, pickle"),
        ("inspect: {scanners: {native: advisory}}", "native is always required", None),
        ("audit: {safety: [{eval: x, min: 0.9, max: 0.1}]}", "at least 0.9 and at most", None),
        ("metadata: {}", "is there twice", None),
    ],
)
def test_a_wrong_value_is_one_sentence_with_line_and_hint(
    wrong: str, sentence: str, hint: str | None
) -> None:
    with pytest.raises(BadReleaseFile) as caught:
        parse(MINIMAL + wrong + "\n")
    assert sentence in caught.value.message
    assert caught.value.message.startswith("release.yaml:")
    if hint is not None:
        assert hint in (caught.value.hint or "")


def test_a_key_with_nothing_behind_it_is_empty_and_a_misspelt_one_is_named() -> None:
    with pytest.raises(BadReleaseFile, match=r"release\.yaml:3: metadata\.version is empty"):
        parse(MINIMAL.replace("1.0.0", ""))
    with pytest.raises(BadReleaseFile, match="'apiVersion' is missing") as caught:
        parse(MINIMAL.replace("apiVersion", "apiversion"))
    assert caught.value.hint == "spelt exactly so: apiVersion: paddock/v1"


@pytest.mark.parametrize(
    "metadata",
    [
        "{name: tiny, version: main}",
        "{name: tiny, version: 1234567890123456789012345678901234567890}",
        "{name: tiny}",
        "{version: 1.0.0}",
        "{name: tiny, version: 1.0}",
        "{name: ../tiny, version: 1.0.0}",
        "{name: a..b, version: 1.0.0}",
        "{name: tiny, version: 1.0.0, date: yesterday}",
        "{name: tiny, version: 1.0.0, stage: revoked}",
        "{name: tiny, version: a/b}",
        "{name: tiny, version: 1..0}",
        '{name: tiny, version: "1.0\\u0000"}',
    ],
)
def test_names_and_versions_are_checked(metadata: str) -> None:
    with pytest.raises(BadReleaseFile):
        parse(HEAD + f"metadata: {metadata}\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: &x [1]\n", "anchors and aliases"),
        ("a: 1\na: 2\n", "release.yaml:2: the key 'a' is there twice"),
        ("{a: 1, a: 1}\n", "twice"),
        ("a: !!python/object/apply:os.system [x]\n", "tags are not allowed"),
        ("a: !!binary aGk=\n", "tags are not allowed"),
        ("[1, 2]: 3\n", "key must be plain text"),
        ("a: [1\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "more than one"),
        ("", "is empty"),
        ("\x00", "not YAML"),
        ("[" * 50 + "]" * 50, "nested deeper"),
    ],
)
def test_yaml_that_is_more_than_a_settings_file_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadReleaseFile) as caught:
        parse_yaml(text.encode(), "release.yaml")
    assert sentence in caught.value.message


def test_a_file_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadReleaseFile, match="bytes, more than"):
        parse_yaml(b"a" * (MAX_YAML_BYTES + 1), "release.yaml")
    with pytest.raises(BadReleaseFile):
        parse_yaml(b"[" * MAX_YAML_BYTES, "release.yaml")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(BadReleaseFile, match="not UTF-8"):
        parse_yaml(b"a: \xff\n", "release.yaml")


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"),  # Norwegian
        ("on", "on"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2026-11-22", "2026-11-22"),
        ("0x1F", "0x1F"),
        ("~", None),
        ("True", True),
        ("-7", -7),
        ("1.5e+3", 1500.0),
        ("12e34", "12e34"),
        ("00012", "00012"),
        (".5", 0.5),
        ("9" * 19, "9" * 19),
        ("1" * 40, "1" * 40),
        ("1.0.0", "1.0.0"),
    ],
)
def test_unquoted_scalars_mean_what_yaml_1_2_says(scalar: str, value: object) -> None:
    assert plain(parse_yaml(f"a: {scalar}\n".encode(), "release.yaml")) == {"a": value}


def plain(node: Node) -> object:
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.text(
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"), max_size=20
    ),
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(trees)
@settings(max_examples=100)
def test_any_tree_reads_back_as_it_was_written(tree: object) -> None:
    dumped = yaml.dump(tree, Dumper=NoAliases, allow_unicode=True)
    assert plain(parse_yaml(dumped.encode(), "release.yaml")) == tree


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
    )
)
@settings(max_examples=300)
def test_any_bytes_are_a_release_or_a_sentence(content: bytes) -> None:
    try:
        parse_release(content)
    except BadReleaseFile as e:
        assert e.message


@given(st.integers(0, len(FULL) - 1), st.characters(codec="utf-8"))
@settings(max_examples=200)
def test_any_single_edit_is_a_release_or_a_sentence(position: int, character: str) -> None:
    text = FULL[:position] + character + FULL[position + 1 :]
    try:
        parse(text)
    except BadReleaseFile as e:
        assert "\n" not in e.message


class NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def test_the_starter_release_file_is_right() -> None:
    import paddock

    path = Path(paddock.__file__).parent / "starter" / "release.yaml"
    spec = parse_release(path.read_bytes())
    assert spec.artifacts.source == "model"
    assert spec.licenses.distribution == "Apache-2.0"


@pytest.mark.parametrize(
    "name",
    [
        "Ll\u0430ma-3.1-8B", "\u039clama", "\uff2clama-3.1-8B", "Lla\u200bma-3.1-8B",
        "Lla\u00adma-3.1-8B", "\U0001d40blama-3.1-8B", "Llama\u202e-3.1", "L\u006c\u0430ma",
    ],
)  # fmt: skip
def test_a_parent_that_only_looks_like_another_is_refused(name: str) -> None:
    text = f"{MINIMAL}lineage:\n  base_model: [{{id: 'meta-llama/{name}', license: mit}}]\n"
    with pytest.raises(BadReleaseFile, match=r"mixes letters|are not seen"):
        parse_release(text.encode())


@pytest.mark.parametrize("name", ["Étoile 7B", "Модель-1", "模型-7B", "acme/Llama_3.1-8B", "ÅÄÖ"])
def test_a_parent_may_have_a_name_of_any_language(name: str) -> None:
    text = f"{MINIMAL}lineage:\n  base_model: ['{name}']\n"
    assert parse_release(text.encode()).lineage.base_model[0].id == name


def test_a_parent_has_one_copy() -> None:
    two = "{id: acme/a, path: one}, {id: acme/a, path: two}"
    with pytest.raises(BadReleaseFile, match="two copies"):
        parse_release(f"{MINIMAL}lineage: {{base_model: [{two}]}}\n".encode())
