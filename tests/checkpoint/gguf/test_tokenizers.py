"""A tokenizer goes into a GGUF file and comes out encoding as before, and llama.cpp agrees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sentencepiece
from tokenizers import Tokenizer

from paddock.checkpoint.chat_template.finding import template_source
from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.pre_tokenizers import PRE_TOKENIZERS
from paddock.checkpoint.gguf.values import Value, ValueType, boolean, numbers, strings, text, u32
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.tokenizer.files import (
    LoadedTokenizer,
    TokenizerFile,
    TokenizerKind,
    find_tokenizer,
    load_tokenizer,
    load_tokenizer_json,
)
from paddock.llama.chat import load_chat_format
from paddock.llama.tokenizer import Tokenizer as LlamaTokenizer
from paddock.starter import starter_folder
from tests.checkpoint.gguf.llama_cpp import LlamaCpp
from tests.checkpoint.gguf.samples import convert_to_gguf, gguf_content, metadata_for, write_gguf
from tests.checkpoint.samples import TINY, model_tensors

ODD_TEXTS = [
    "", " ", "  ", "Hello world", " Hello  world ", "\n\n\t x\r\n", "I'Ve TOLD'll", "ſ'S x'ſ",
    "1234567 89 ٣٤٥٦ ½", "日本語 اللغة हिन्दी", "🦙😶\u200d🌫️🇫🇷", "e\u0301 ß\u00a0\u3000\u2028",
    "=====----", "a" + " " * 37 + "b", "\x00\x1f\ufffd", "price: $3.50 (10% off) <b>",
]  # fmt: skip


def built(tokenizer: dict[str, object]) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(tokenizer))


def corpus(shared_data: Path) -> list[str]:
    raw = (shared_data / "tokenizers" / "bpe-training" / "corpus.en").read_text()
    return [*ODD_TEXTS, *(raw[at : at + 200] for at in range(0, len(raw), 6000))]


def vocabulary_file(path: Path, source: LoadedTokenizer, size: int) -> Path:
    """A GGUF file with a tokenizer and no tensors."""
    config = replace(TINY, vocab_size=size)
    return write_gguf(path, metadata_of(config, source, None, "f32", About("vocabulary")), {})


@pytest.mark.parametrize(("name", "size"), [("llama2", 32000), ("llama3", 128256)])
def test_the_published_tokenizers_come_back_as_they_were(
    name: str, size: int, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "tokenizers" / name
    found = find_tokenizer(folder)
    assert found is not None
    source = load_tokenizer(found)
    path = vocabulary_file(tmp_path / "x.gguf", source, size)
    again = load_tokenizer(TokenizerFile(path, TokenizerKind.GGUF))
    assert again.names == source.names
    original, ours = built(source.tokenizer_json), built(again.tokenizer_json)
    vectors = json.loads((folder / "vectors.json").read_text())
    for case in vectors:
        assert ours.encode(case["text"], add_special_tokens=False).ids == case["ids"]
    for sample in corpus(shared_data):
        ids = original.encode(sample).ids
        assert ours.encode(sample).ids == ids  # with what stands before every text
        assert ours.decode(ids) == original.decode(ids)
        assert ours.decode(ids, False) == original.decode(ids, False)
    control = "".join(token["content"] for token in source.tokenizer_json["added_tokens"][:12])
    assert ours.encode(control).ids == original.encode(control).ids


def test_the_vocabulary_that_llama_cpp_publishes_is_llama_2s(shared_data: Path) -> None:
    folder = shared_data / "tokenizers"
    path = folder / "gguf" / "ggml-vocab-llama-spm.gguf"
    original = sentencepiece.SentencePieceProcessor(
        model_file=str(folder / "llama2" / "tokenizer.model")
    )
    ours = built(load_tokenizer_json(path))
    for sample in corpus(shared_data):
        ids = original.encode(sample)
        assert ours.encode(sample, add_special_tokens=False).ids == ids
        assert ours.decode(ids) == original.decode(ids)


def test_scores_follow_from_merges_where_no_file_has_them(shared_data: Path) -> None:
    """Llama 2's own scores, but for runs of spaces, which its authors put last by hand."""
    found = find_tokenizer(shared_data / "tokenizers" / "llama2")
    assert found is not None
    source = load_tokenizer(found)
    config = replace(TINY, vocab_size=32000)
    about = About("x")
    own = metadata_of(config, source, None, "f32", about)["tokenizer.ggml.scores"].item
    derived = metadata_of(config, source._replace(scores=None), None, "f32", about)
    listed = zip(own.tolist(), derived["tokenizer.ggml.scores"].item.tolist(), strict=True)
    ordered = [(mine, theirs) for mine, theirs in listed if mine < 0 and mine > -1e6]
    assert len(ordered) > 31_000
    ranks = [theirs for _, theirs in sorted(ordered, reverse=True)]
    assert ranks == sorted(ranks, reverse=True)


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert_to_gguf(starter_folder(), tmp_path_factory.mktemp("gguf") / "starter.gguf")


def test_llama_cpp_cuts_the_starters_text_as_we_do(starter: Path, shared_data: Path) -> None:
    theirs, ours = LlamaCpp(starter), built(load_tokenizer_json(starter_folder()))
    control = "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    assert (
        theirs.tokens(control, parse_special=True)
        == ours.encode(control, add_special_tokens=False).ids
    )
    for sample in corpus(shared_data):
        ids = ours.encode(sample, add_special_tokens=False).ids
        assert theirs.tokens(sample) == ids
        if "\x00" not in sample:
            assert theirs.text(ids) == sample


def test_llama_cpp_cuts_stories_text_as_we_do(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "models" / "stories260K"
    theirs = LlamaCpp(convert_to_gguf(folder, tmp_path / "x.gguf"))
    ours = built(load_tokenizer_json(folder / "tok512.bin"))
    for sample in corpus(shared_data):
        assert theirs.tokens(sample) == ours.encode(sample, add_special_tokens=False).ids


def test_llama_cpp_cuts_llama_2s_text_by_derived_scores(shared_data: Path, tmp_path: Path) -> None:
    found = find_tokenizer(shared_data / "tokenizers" / "llama2")
    assert found is not None
    source = load_tokenizer(found)
    config = replace(TINY, vocab_size=32000, tied_embeddings=True)
    metadata = metadata_of(config, source._replace(scores=None), None, "f16", About("x"))
    content = gguf_content(config, model_tensors(config), "f16")
    theirs = LlamaCpp(write_gguf(tmp_path / "x.gguf", metadata, content))
    ours = built(source.tokenizer_json)
    for sample in [*corpus(shared_data), *(f"a{' ' * count}b" for count in range(2, 24))]:
        assert theirs.tokens(sample) == ours.encode(sample, add_special_tokens=False).ids


@pytest.mark.parametrize("pre", [each.name for each in PRE_TOKENIZERS])
def test_every_cut_with_a_name_is_llama_cpps(pre: str, shared_data: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(starter_folder())
    metadata = metadata_for(checkpoint) | {"tokenizer.ggml.pre": text(pre)}
    content = gguf_content(checkpoint.config, checkpoint.tensors, "f16")
    path = write_gguf(tmp_path / "x.gguf", metadata, content)
    theirs, ours = LlamaCpp(path), built(load_tokenizer_json(path))
    for sample in corpus(shared_data):
        assert theirs.tokens(sample) == ours.encode(sample, add_special_tokens=False).ids, sample


def test_control_tokens_before_all_others_keep_their_numbers(starter: Path) -> None:
    ours, theirs = LlamaTokenizer.load(starter_folder()), LlamaTokenizer.load(starter)
    message = "<|start_header_id|>user<|end_header_id|>\n\nA teapot?<|eot_id|>"
    assert theirs.encode(message, control_tokens=True) == ours.encode(message, control_tokens=True)
    assert theirs.vocab_size == ours.vocab_size


def test_names_and_switches_come_from_the_file(starter: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(starter)
    assert checkpoint.tokenizer == TokenizerFile(starter, TokenizerKind.GGUF)
    original = open_checkpoint(starter_folder()).config
    assert checkpoint.config == replace(original, dtype="float32")
    assert template_source(starter) == template_source(starter_folder())
    tokenizer = LlamaTokenizer.load(starter)
    chat, original_chat = (
        load_chat_format(path, tokenizer) for path in (starter, starter_folder())
    )
    assert chat.template.source == original_chat.template.source
    assert (chat.bos_token, chat.eos_token) == (original_chat.bos_token, original_chat.eos_token)
    metadata = metadata_for(open_checkpoint(starter_folder()))
    metadata["tokenizer.ggml.add_bos_token"] = boolean(False)
    path = write_gguf(tmp_path / "x.gguf", metadata, {})
    assert load_tokenizer_json(path)["post_processor"] is None


def test_where_the_file_does_not_say_a_text_begins_as_in_llama_cpp(tmp_path: Path) -> None:
    pieces = {
        "tokenizer.ggml.model": text("llama"),
        "tokenizer.ggml.scores": numbers(ValueType.F32, [0, 0, 0, 0]),
        "tokenizer.ggml.bos_token_id": u32(0),
        "tokenizer.ggml.add_space_prefix": boolean(False),
    }
    for change, begins in (
        ({}, True),
        ({"tokenizer.ggml.pre": text("smaug-bpe")}, False),
        (pieces, True),
    ):
        path = write_gguf(tmp_path / "x.gguf", _spoiled(change), {})
        assert built(load_tokenizer_json(path)).encode("ab").ids == [0, 3][not begins :]


def test_a_tokenizer_beside_the_file_serves_one_that_has_none(tmp_path: Path) -> None:
    metadata = metadata_of(TINY, None, None, "f32", About("x"))
    path = write_gguf(tmp_path / "x.gguf", metadata, {})
    assert find_tokenizer(path) is None
    (tmp_path / "tokenizer.json").write_text("{}")
    found = find_tokenizer(path)
    assert found is not None and found.path.name == "tokenizer.json"


def _spoiled(change: dict[str, Value | None]) -> dict[str, Value]:
    metadata = {
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.pre": text("llama-bpe"),
        "tokenizer.ggml.tokens": strings(["<s>", "a", "b", "ab"]),
        "tokenizer.ggml.token_type": numbers(ValueType.I32, [3, 1, 1, 1]),
        "tokenizer.ggml.merges": strings(["a b"]),
        "tokenizer.ggml.bos_token_id": u32(0),
    } | change
    return {key: value for key, value in metadata.items() if value is not None}


def test_a_hostile_tokenizer_is_refused_in_words(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Value | None], str]] = [
        ({"tokenizer.ggml.model": text("rwkv")}, "unknown_tokenizer"),
        ({"tokenizer.ggml.pre": text("mine")}, "unknown_pre_tokenizer"),
        ({"tokenizer.ggml.merges": None}, "no_merges"),
        ({"tokenizer.ggml.merges": strings(["a c"])}, "bad_merge"),
        ({"tokenizer.ggml.merges": strings(["ab"])}, "bad_merge"),
        ({"tokenizer.ggml.merges": strings(["a b", "a b"])}, "bad_merge"),
        (
            {"tokenizer.ggml.token_type": numbers(ValueType.I32, [3, 1, 1, 99])},
            "bad_token_type",
        ),
        (
            {
                "tokenizer.ggml.model": text("llama"),
                "tokenizer.ggml.scores": numbers(ValueType.F32, [0, 0, float("nan"), 0]),
            },
            "bad_score",
        ),
    ]
    path = write_gguf(tmp_path / "x.gguf", _spoiled({}), {})
    assert built(load_tokenizer_json(path)).encode("ab").ids == [0, 3]
    for change, reason in cases:
        with pytest.raises(BadTokenizer) as caught:
            load_tokenizer_json(write_gguf(tmp_path / "x.gguf", _spoiled(change), {}))
        assert caught.value.reason == reason
    # An id that is no token counts as absent.
    outside = _spoiled({"tokenizer.ggml.bos_token_id": u32(2**32 - 1)})
    path = write_gguf(tmp_path / "x.gguf", outside, {})
    assert load_tokenizer_json(path)["post_processor"] is None
