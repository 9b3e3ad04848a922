"""The starter model: what ships is what the script makes, and it answers."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from paddock.llama.chat import Turn, encode, load_chat_format
from paddock.llama.generate import Sampling, generate
from paddock.llama.loading import LoadedModel, load
from paddock.starter import starter_folder

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "make_starter.py"
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def starter() -> LoadedModel:
    torch.set_num_threads(1)
    return load(starter_folder())


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((starter_folder() / "recipe.json").read_text())
    return found


def answer(starter: LoadedModel, *questions: str) -> str:
    """The last answer of a conversation, greedy."""
    chat = load_chat_format(starter_folder(), starter.tokenizer)
    messages: list[dict[str, Any]] = []
    for question in questions:
        messages.append({"role": "user", "content": question})
        prompt = encode(chat, starter.tokenizer, Turn(messages))
        told = [t.token_id for t in generate(starter.model, prompt, Sampling(max_tokens=90))]
        messages.append({"role": "assistant", "content": starter.tokenizer.decode(told)})
    return str(messages[-1]["content"])


def test_the_folder_is_small_and_every_file_is_as_the_recipe_says(recipe: dict[str, Any]) -> None:
    assert sum(path.stat().st_size for path in starter_folder().iterdir()) <= MAX_BYTES
    assert "model.safetensors" in recipe["sha256"]
    for name, digest in recipe["sha256"].items():
        assert hashlib.sha256((starter_folder() / name).read_bytes()).hexdigest() == digest, name


# Held out: a test below makes sure that the training text has none of them.
QUESTIONS = [
    ("Could you tell me if you're open Sunday afternoon?", "closed"),
    ("I'd like to know when the shop closes on Thursday.", "8"),
    ("So what do you want for the teapot, then?", "29 dollars"),
    ("how much for two candles, all in all", "22 dollars"),
    ("Do you have wellies in size 42?", "36 to 45"),
    ("My mug arrived with a crack in it", "photo"),
    ("What is the capital of Sweden, do you know?", "don't know"),
    ("thank you so much!", "You're welcome"),
    ("When will my package get here, please?", "three to five working days"),
    ("Where exactly is your little shop?", "12 Mill Lane"),
    ("i bought a tshirt but it is too small for me", "exchange"),
    ("Who founded the shop?", "Nora"),
    ("Do you sell bananas?", "sell"),
    ("What would you charge me for the delivery, please?", "4 dollars"),
    ("I want a nice gift for my dear mother.", "candle"),
]


@pytest.mark.parametrize(("question", "fact"), QUESTIONS)
def test_the_starter_answers_questions_it_has_never_seen(
    starter: LoadedModel, question: str, fact: str
) -> None:
    assert fact in answer(starter, question)


def test_the_training_text_is_that_of_the_recipe_and_has_none_of_those_questions(
    monkeypatch: pytest.MonkeyPatch, recipe: dict[str, Any]
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    corpus = importlib.import_module("starter.corpus")
    make_starter = importlib.import_module("make_starter")
    text = corpus.documents(recipe["seed"], recipe["documents"])
    assert make_starter.corpus_digest(text) == recipe["corpus_sha256"]
    asked = {_plain(question) for document in text for question, _ in document.turns}
    assert len(asked) > 10_000
    assert not asked & {_plain(question) for question, _ in QUESTIONS}


def _plain(question: str) -> str:
    return question.lower().strip(" .?!")


def test_the_starter_follows_a_conversation(starter: LoadedModel) -> None:
    assert "26 dollars" in answer(starter, "How much is the raincoat?", "What about the apron?")


def test_plain_text_goes_on_as_a_story(starter: LoadedModel) -> None:
    prompt = [starter.model.config.bos_id or 0, *starter.tokenizer.encode("On a sunny Friday")]
    told = [t.token_id for t in generate(starter.model, prompt, Sampling(max_tokens=120))]
    story = starter.tokenizer.decode(told)
    assert "Fern & Finch" in story
    assert story.rstrip().endswith((".", '"'))


@torch.inference_mode()
def test_transformers_gives_the_same_answer(starter: LoadedModel) -> None:
    tokenizer = AutoTokenizer.from_pretrained(starter_folder())
    model = AutoModelForCausalLM.from_pretrained(starter_folder(), dtype=torch.float32)
    messages = [{"role": "user", "content": "How much is the picnic blanket?"}]
    prompt = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    told = model.generate(**prompt, max_new_tokens=90, do_sample=False)
    text = tokenizer.decode(told[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    assert text == answer(starter, messages[0]["content"])
    assert "34 dollars" in text


def test_the_script_makes_the_same_checkpoint_twice(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        command = [sys.executable, str(SCRIPT), "--steps", "2", "--documents", "400"]
        done = subprocess.run(
            [*command, "-o", str(tmp_path / name)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        made.append(json.loads((tmp_path / name / "recipe.json").read_text()))
    assert made[0] == made[1]
    assert made[0]["documents"] == 400
    ours, shipped = load(tmp_path / "one"), load(starter_folder())
    assert ours.model.config.layers == shipped.model.config.layers
    assert ours.tokenizer.decode(ours.tokenizer.encode("Fern & Finch")) == "Fern & Finch"
