"""Configurations and splits, by the card and by names."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.hub.previews.subsets import configurations

PATHS = [
    "README.md", "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet",
    "data/test.parquet", "en/validation.csv", "extra/notes.jsonl", "dataset_infos.json", "a.bin",
]  # fmt: skip


def told(card: Any, paths: list[str] = PATHS) -> dict[str, dict[str, list[str]]]:
    return {
        one.name: {split.name: list(split.paths) for split in one.splits}
        for one in configurations(card, paths)
    }


def test_names_say_what_a_card_does_not() -> None:
    assert told(None) == {
        "default": {
            "train": [*PATHS[1:3], "extra/notes.jsonl"],
            "validation": ["en/validation.csv"],
            "test": ["data/test.parquet"],
        }
    }
    assert told(None, ["README.md", "x.bin"]) == {}
    assert told(None, ["contest/latest.csv"]) == {"default": {"train": ["contest/latest.csv"]}}


@pytest.mark.parametrize(
    ("files", "splits"),
    [
        ("extra/*.jsonl", {"train": ["extra/notes.jsonl"]}),
        (["extra/*", "**/*.csv"], {"train": ["en/validation.csv", "extra/notes.jsonl"]}),
        ([{"split": "mine", "path": "data/t*.parquet"}], {"mine": PATHS[1:4]}),
        ([{"split": "test", "path": ["data/test.parquet"]}], {"test": ["data/test.parquet"]}),
        ({"dev": "en/*"}, {"dev": ["en/validation.csv"]}),
    ],
)
def test_the_card_says_it_in_each_of_the_ways_there_are(files: Any, splits: Any) -> None:
    assert told({"configs": [{"config_name": "one", "data_files": files}]}) == {"one": splits}


def test_a_folder_of_data_counts_alone() -> None:
    card = {"configs": [{"config_name": "english", "data_dir": "en"}, {"data_files": "none/*"}]}
    assert told(card) == {"english": {"validation": ["en/validation.csv"]}}


@pytest.mark.parametrize(
    "configs",
    [None, 3, "x", [], [3], [{"data_files": 3}], [{"data_files": [{"path": None}]}],
     [{"data_files": "[" * 99}], [{"data_files": "*a" * 900}] * 99],
)  # fmt: skip
def test_a_card_that_makes_no_sense_counts_as_none(configs: Any) -> None:
    assert list(told({"configs": configs})) == ["default"]
