"""People, machines and rows of training data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.checkpoint.scan.scanned import Content, codes

PEOPLE = [
    f"{name}@mail.example.net" for name in ("ada", "alan", "grace", "edsger", "barbara", "kurt")
]


@pytest.mark.parametrize(
    "path",
    [
        "/home/ada.lovelace/runs/7",
        "/Users/ada/runs",
        "C:\\Users\\ada\\runs",
        "s3://acme-private-models/7",
        "gpu07.cluster.acme.internal",
    ],
)
def test_a_path_that_names_somebody_is_a_warning(path: str) -> None:
    state = {"best_model_checkpoint": path, "log_history": []}
    assert codes({"trainer_state.json": state}) == {"machine_path"}
    assert codes({"train.log": f"saved to {path}\n"}) == {"machine_path"}


@pytest.mark.parametrize(
    "path", ["/home/user/x", "./out", "/usr/lib", "s3://bucket/x", "home/ada", "/homework"]
)
def test_a_path_of_nobody_is_clean(path: str) -> None:
    assert codes({"trainer_state.json": {"best_model_checkpoint": path}}) == set()


@pytest.mark.parametrize(
    "files",
    [
        {"contacts.txt": "\n".join(PEOPLE)},
        {"users.csv": "name,mail\n" + "".join(f"x,{each}\n" for each in PEOPLE)},
        {"meta.json": {"people": PEOPLE}},
        {"run.yaml": "people:\n" + "".join(f"  - {each}\n" for each in PEOPLE)},
    ],
)
def test_a_list_of_addresses_waits_for_a_person(files: dict[str, Content]) -> None:
    assert codes(files) == {"addresses"}


def test_those_who_sign_a_card_or_a_licence_are_no_list() -> None:
    text = "Written by " + ", ".join(PEOPLE) + "\n"
    assert codes({"README.md": text, "AUTHORS": text, "NOTICE.txt": text}) == set()
    assert codes({"notes.txt": "Ask ada@example.org or alan@example.org.\n"}) == set()
    assert codes({"code.txt": "@decorator\n@a\n@b\n@c\n@d\n@e\nx @ y\n"}) == set()


ROW = {"messages": [{"role": "user", "content": "My invoice is wrong and my number is 555."}]}
LOGS: dict[str, Any] = {
    "train.log": "".join(f"INFO step={n} loss=2.{n} sample={json.dumps(ROW)}\n" for n in range(9)),
    "trainer_log.jsonl": "".join(json.dumps({"step": n, "prompt": "Tell me about my own bank account."}) + "\n" for n in range(9)),
    "trainer_state.json": {"log_history": [{"step": n, "sample": ROW} for n in range(9)]},
    "nohup.out": 'text: "The patient was seen in the clinic on Monday"\n' * 5,
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_rows_in_a_log_wait_for_a_person(name: str) -> None:
    assert "training_rows" in codes({name: LOGS[name]})


def test_a_log_of_numbers_is_clean() -> None:
    history = [
        {"step": n, "loss": 2.5 - n / 100, "learning_rate": 1e-4, "grad_norm": float("nan")}
        for n in range(50)
    ]
    assert codes({"trainer_state.json": {"log_history": history, "global_step": 50}}) == set()
    lines = "".join(
        f"2026-01-01 12:00:{n:02} INFO step {n}: loss 2.{n}, 1200 tokens per second\n"
        for n in range(50)
    )
    assert codes({"train.log": lines}) == set()


def test_a_data_set_that_is_no_log_is_not_judged() -> None:
    rows = "".join(
        json.dumps({"prompt": "Tell me about the history of Oslo."}) + "\n" for _ in range(9)
    )
    assert codes({"prompts.jsonl": rows}) == set()
