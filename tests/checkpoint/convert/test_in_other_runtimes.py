"""What was converted runs where people run it: llama.cpp, transformers, and what Meta loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.gguf.reading import read_gguf
from tests.checkpoint.convert.outcomes import WIDE, weights_of
from tests.checkpoint.gguf.llama_cpp import LlamaCpp
from tests.checkpoint.samples import write_hf_folder


@pytest.fixture(scope="module")
def stories(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published story teller in every format, made in one pass."""
    made = tmp_path_factory.mktemp("stories") / "all"
    options = ConvertOptions(("safetensors", "gguf", "meta"), quants=("f32", "f16", "q8_0"))
    done = convert_checkpoint(shared_data / "models" / "stories260K", made, options)
    assert done.reads == 1
    return made


@pytest.fixture(scope="module")
def published(shared_data: Path) -> str:
    """What this model tells from nothing but the beginning."""
    return (shared_data / "models" / "stories260K" / "expected_greedy_200.txt").read_text().strip()


def told_by_transformers(folder: Path, tokens: int) -> str:
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("", return_tensors="pt")["input_ids"]
    told = model.generate(ids, max_new_tokens=tokens, do_sample=False, eos_token_id=None)
    text: str = tokenizer.decode(told[0], skip_special_tokens=True)
    return text.strip()


@pytest.mark.parametrize(("recipe", "tokens"), [("F32", 120), ("F16", 60), ("Q8_0", 20)])
def test_llama_cpp_tells_the_published_story(
    recipe: str, tokens: int, stories: Path, published: str
) -> None:
    told = LlamaCpp(stories / f"stories260K-{recipe}.gguf").continued([1], tokens).strip()
    assert len(told) > tokens and published.startswith(told)


def test_transformers_tells_it_from_gguf_and_from_metas_layout(
    stories: Path, published: str, tmp_path: Path
) -> None:
    for made in ("stories260K-F32.gguf", "original"):
        back = tmp_path / Path(made).stem
        convert_checkpoint(stories / made, back)
        told = told_by_transformers(back, 60)
        assert len(told) > 60 and published.startswith(told)


def test_what_blocks_become_gives_the_logits_of_the_blocks(stories: Path, tmp_path: Path) -> None:
    """Against transformers' own reading of the same GGUF file."""
    file = "stories260K-Q8_0.gguf"
    convert_checkpoint(stories / file, tmp_path / "hf", ConvertOptions(dtype="float32"))
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "hf")
    theirs = AutoModelForCausalLM.from_pretrained(stories, gguf_file=file, dtype=torch.float32)
    ids = torch.tensor([[1, 403, 407, 261]])
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, atol=1e-5, rtol=0)


def test_torch_maps_metas_file_without_unpickling_anything(stories: Path, tmp_path: Path) -> None:
    path = stories / "original" / "consolidated.00.pth"
    for is_mapped in (False, True):
        loaded = torch.load(path, weights_only=True, mmap=is_mapped)
        ours = weights_of(stories / "original")
        norm = loaded["norm.weight"]
        assert norm.numpy().tobytes() == ours["model.norm.weight"][2]
    tied = write_hf_folder(tmp_path / "hf", replace(WIDE, tied_embeddings=True))
    convert_checkpoint(tmp_path / "hf", tmp_path / "meta", ConvertOptions(("meta",)))
    loaded = torch.load(tmp_path / "meta" / "consolidated.00.pth", weights_only=True)
    embeddings, head = loaded["tok_embeddings.weight"], loaded["output.weight"]
    assert embeddings.numpy().tobytes() == tied[0].read()
    assert head.data_ptr() == embeddings.data_ptr()  # a second name, not a second copy


def test_params_give_metas_code_the_same_shape(stories: Path) -> None:
    """Its formula for the FFN (llama-models, llama3/model.py), computed here as it stands there."""
    params = json.loads((stories / "original" / "params.json").read_text())
    hidden = int(2 * (4 * params["dim"]) / 3)
    if params.get("ffn_dim_multiplier") is not None:
        hidden = int(params["ffn_dim_multiplier"] * hidden)
    multiple_of = params["multiple_of"]
    hidden = multiple_of * ((hidden + multiple_of - 1) // multiple_of)
    assert hidden == weights_of(stories)["model.layers.0.mlp.gate_proj.weight"][1][0]


def test_a_sentencepiece_tokenizer_comes_back_for_metas_code(
    stories: Path, shared_data: Path, tmp_path: Path
) -> None:
    """llama2.c's file becomes tokenizer.json, that a SentencePiece model, which speaks the same."""
    model = sentencepiece.SentencePieceProcessor(
        model_file=str(stories / "original" / "tokenizer.model")
    )
    hf = AutoTokenizer.from_pretrained(stories)
    for text in ("Once upon a time", "  two  spaces ", "Zoë said: no\n\t!", "日本"):
        assert model.encode(text, add_bos=True) == hf(text)["input_ids"]


@pytest.mark.parametrize("kept_in", ["chat_template.jinja", "tokenizer_config.json"])
def test_the_chat_template_goes_into_gguf_and_comes_back(
    kept_in: str, stories: Path, tmp_path: Path
) -> None:
    template = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
    convert_checkpoint(stories, tmp_path / "hf")
    settings_path = tmp_path / "hf" / "tokenizer_config.json"
    if kept_in == "chat_template.jinja":
        (tmp_path / "hf" / kept_in).write_text(template)
    else:
        settings = json.loads(settings_path.read_text()) | {"chat_template": template}
        settings_path.write_text(json.dumps(settings))
    convert_checkpoint(tmp_path / "hf", tmp_path / "x.gguf", ConvertOptions(("gguf",)))
    metadata = read_gguf(tmp_path / "x.gguf").metadata
    assert metadata["tokenizer.chat_template"].item == template
    assert metadata["general.name"].item == "hf"
    convert_checkpoint(tmp_path / "x.gguf", tmp_path / "back")
    assert (tmp_path / "back" / "chat_template.jinja").read_text() == template
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "back")
    said = [{"role": "user", "content": "hello"}]
    assert tokenizer.apply_chat_template(said, tokenize=False) == "hello\n"
