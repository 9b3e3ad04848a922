"""The files of one folder about its tokens."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.checkpoint.scan.report import Report
from tests.checkpoint.scan.scanned import Content, scanned
from tests.checkpoint.scan.tokenizers.samples import tokenizer


def folder(**said: Any) -> dict[str, Content]:
    """A folder in agreement; keywords change what a file says."""
    return {
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": {"bos_token": "<s>", "eos_token": {"content": said.get("text", "</s>")}},
        "config.json": {"bos_token_id": 0, "eos_token_id": said.get("config", 1)},
        "generation_config.json": {"eos_token_id": said.get("generation", [1, 20])},
    }  # fmt: skip


def across(report: Report) -> set[str]:
    return {reason.code for reason in report.across}


def test_files_that_agree_are_clean() -> None:
    assert scanned(folder()).reasons == ()


@pytest.mark.parametrize(
    "said", [{"config": 5}, {"generation": 7}, {"text": "the"}, {"config": [3, 4]}]
)
def test_another_end_token_waits_for_a_person(said: dict[str, Any]) -> None:
    report = scanned(folder(**said))
    assert across(report) == {"special_ids"}
    assert report.verdict == "quarantine"


def test_a_generation_may_know_more_ends() -> None:
    assert across(scanned(folder(config=1, generation=[20, 1]))) == set()


def test_an_id_that_the_settings_give_to_another_token_is_refused() -> None:
    named = {"added_tokens_decoder": {"0": {"content": "</s>", "special": True}}}
    assert across(scanned({"tokenizer.json": tokenizer(), "tokenizer_config.json": named})) == {
        "token_ids"
    }


def test_two_vocabularies_with_swapped_words_are_refused() -> None:
    vocab = dict(tokenizer()["model"]["vocab"])
    same = {"tokenizer.json": tokenizer(), "vocab.json": vocab}
    assert across(scanned(same)) == set()
    swapped = vocab | {"no": vocab["yes"], "yes": vocab["no"]}
    assert across(scanned({**same, "vocab.json": swapped})) == {"token_ids"}


def test_another_numbering_throughout_is_no_swap() -> None:
    shifted = {word: number + 1 for word, number in tokenizer()["model"]["vocab"].items()}
    assert across(scanned({"tokenizer.json": tokenizer(), "vocab.json": shifted})) == set()


def test_models_in_other_folders_speak_for_themselves() -> None:
    files = {f"a/{name}": content for name, content in folder().items()}
    files |= {"b/config.json": {"eos_token_id": 30}}
    assert across(scanned(files)) == set()
