"""Real llama.cpp loads the files we write and says what our own model says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import RopeScaling
from paddock.llama.loading import from_tensors, load
from paddock.starter import starter_folder
from tests.checkpoint.gguf.llama_cpp import LlamaCpp
from tests.checkpoint.gguf.samples import convert_to_gguf, gguf_content, metadata_for, write_gguf
from tests.llama.continuing import continued

PROMPTS = ["Once upon a time", "The shop is open", ""]
TOKENS = 40


def ours(path: Path, prompt: str) -> str:
    return continued(load(path), prompt, TOKENS).text


@pytest.mark.parametrize("recipe", ["f32", "f16", "bf16", "q8_0"])
def test_the_starter_goes_on_as_before(recipe: str, tmp_path: Path) -> None:
    path = convert_to_gguf(starter_folder(), tmp_path / "x.gguf", recipe)
    theirs = LlamaCpp(path)
    for prompt in PROMPTS:
        assert theirs.continued(prompt, TOKENS) == ours(starter_folder(), prompt)


@pytest.mark.parametrize("recipe", ["q4_0", "q4_k_m", "q5_k_m", "q6_k"])
def test_a_coarser_copy_says_the_same_in_both_engines(recipe: str, tmp_path: Path) -> None:
    path = convert_to_gguf(starter_folder(), tmp_path / "x.gguf", recipe)
    theirs = LlamaCpp(path)
    for prompt in PROMPTS[:2]:
        assert (
            theirs.continued(prompt, 12) == ours(path, prompt)[: len(theirs.continued(prompt, 12))]
        )


def test_stories_goes_on_as_published(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "models" / "stories260K"
    theirs = LlamaCpp(convert_to_gguf(folder, tmp_path / "x.gguf"))
    published = (folder / "expected_greedy_200.txt").read_text()
    assert published.startswith(theirs.continued("", 150).lstrip())


def test_stretched_positions_are_the_same_positions(tmp_path: Path) -> None:
    """RoPE factors change what is said, and both engines make the same of them."""
    source = open_checkpoint(starter_folder())
    config = replace(source.config, rope_scaling=RopeScaling(32.0, 1.0, 4.0, 16))
    plain = load(starter_folder())
    stretched = plain._replace(model=from_tensors(config, source.tensors, dtype=torch.float32))
    content = gguf_content(config, source.tensors, "f32")
    theirs = LlamaCpp(write_gguf(tmp_path / "x.gguf", metadata_for(source), content))
    changed = 0
    for prompt in PROMPTS:
        said = [continued(each, prompt, TOKENS).text for each in (plain, stretched)]
        assert theirs.continued(prompt, TOKENS) == said[1]
        changed += said[0] != said[1]
    assert changed
