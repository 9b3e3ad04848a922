"""Tokenizer files of every generation encode as their own libraries do."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.tokenizer.files import (
    TokenizerKind,
    find_tokenizer,
    load_tokenizer_json,
    vocabulary_size,
)
from paddock.checkpoint.tokenizer.sentencepiece import (
    SPACE,
    parse_llama2c_tokenizer,
    parse_sentencepiece,
)
from paddock.checkpoint.tokenizer.tiktoken import SPLIT_PATTERN, parse_ranks, special_tokens

Encode = Callable[[str], list[int]]

# Words, spaces, line ends, scripts, joined emoji, bytes that need the fallback.
WORDS = st.sampled_from(
    ["the", " The", "ing", "token", "a", "Z", "0", "2024", " ", "  ", "    ", "\n", "\n\n", "\t",
     "\r\n", "'s", "'LL", "é", "e\u0301", "ß", "ſ", "日本語", "اللغة", "हिन्दी",
     "нещо", "🦙", "😶\u200d🌫️", "🇫🇷", "\u200b", "\u00a0",
     "\u3000", "\u2028", SPACE, "=====", "----", "<s>x", "\x00", "\x1f", "\ufffd", "𐍈"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(max_size=4), max_size=12).map("".join)


def no_specials(text: str) -> str:
    """Without special tokens' texts: libraries differ in whether plain text may spell them."""
    return text.replace("<s>", "").replace("</s>", "").replace("<unk>", "")


def runs(tokenizer: dict[str, Any]) -> Encode:
    loaded = Tokenizer.from_str(json.dumps(tokenizer))
    return lambda text: list(loaded.encode(text, add_special_tokens=False).ids)


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "tokenizers"


@pytest.fixture(scope="module")
def llama2(folder: Path) -> Encode:
    return runs(load_tokenizer_json(folder / "llama2" / "tokenizer.model"))


@pytest.fixture(scope="module")
def llama3(folder: Path) -> Encode:
    return runs(load_tokenizer_json(folder / "llama3"))


def test_llama_2_gives_the_published_ids(folder: Path, llama2: Encode) -> None:
    for vector in json.loads((folder / "llama2" / "vectors.json").read_text()):
        assert llama2(vector["text"]) == vector["ids"]


def test_llama_2_from_the_llama2c_file_gives_the_published_ids(folder: Path) -> None:
    tokenizer = load_tokenizer_json(folder / "llama2" / "tokenizer.bin")
    loaded = Tokenizer.from_str(json.dumps(tokenizer))
    for vector in json.loads((folder / "llama2" / "vectors_llama2c.json").read_text()):
        assert loaded.encode(vector["text"]).ids == vector["ids_with_bos"]


def test_both_files_of_llama_2_hold_the_same_pieces(folder: Path) -> None:
    model = parse_sentencepiece((folder / "llama2" / "tokenizer.model").read_bytes(), "m")
    assert parse_llama2c_tokenizer((folder / "llama2" / "tokenizer.bin").read_bytes(), "b") == model


def test_llama_3_gives_the_published_ids(folder: Path, llama3: Encode) -> None:
    for vector in json.loads((folder / "llama3" / "vectors.json").read_text()):
        assert llama3(vector["text"]) == vector["ids"]


def test_llama_2_encodes_and_decodes_as_sentencepiece_does(folder: Path) -> None:
    original = sentencepiece.SentencePieceProcessor(
        model_file=str(folder / "llama2" / "tokenizer.model")
    )
    ours = Tokenizer.from_str(json.dumps(load_tokenizer_json(folder / "llama2")))

    @settings(max_examples=400)
    @given(TEXTS.map(no_specials))
    def check(text: str) -> None:
        ids = original.encode(text)
        assert ours.encode(text, add_special_tokens=False).ids == ids
        assert ours.decode(ids) == original.decode(ids)

    check()


def test_llama_3_encodes_as_tiktoken_does(folder: Path, llama3: Encode) -> None:
    ranks = parse_ranks((folder / "llama3" / "tokenizer.model").read_bytes(), "m")
    original = tiktoken.Encoding(
        "llama3",
        pat_str=SPLIT_PATTERN,
        mergeable_ranks={token: rank for rank, token in enumerate(ranks)},
        special_tokens={},
    )

    @settings(max_examples=400)
    @given(TEXTS)
    def check(text: str) -> None:
        assert llama3(text) == original.encode(text, disallowed_special=())

    check()


def test_llama_3_knows_its_special_tokens_by_id(folder: Path) -> None:
    loaded = Tokenizer.from_str(json.dumps(load_tokenizer_json(folder / "llama3")))
    assert loaded.get_vocab_size() == 128256
    assert loaded.encode("x<|eot_id|>").ids == [128000, 87, 128009]
    assert loaded.token_to_id("<|python_tag|>") == 128010
    assert loaded.token_to_id("<|reserved_special_token_247|>") == 128255


def test_the_first_llama_3_had_fewer_named_tokens(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes((folder / "llama3" / "tokenizer.model").read_bytes())
    (tmp_path / "params.json").write_text('{"dim": 4096}')
    names = {
        token["content"]: token["id"] for token in load_tokenizer_json(tmp_path)["added_tokens"]
    }
    assert names["<|reserved_special_token_4|>"] == 128008
    assert names["<|reserved_special_token_250|>"] == 128255
    assert "<|python_tag|>" not in names
    (tmp_path / "params.json").write_text('{"dim": 4096, "use_scaled_rope": true}')
    names = {
        token["content"]: token["id"] for token in load_tokenizer_json(tmp_path)["added_tokens"]
    }
    assert names["<|eom_id|>"] == 128008


def test_every_generation_has_256_distinct_special_tokens() -> None:
    for is_first in (True, False):
        assert len(set(special_tokens(is_llama_3_0=is_first))) == 256


def train(**options: Any) -> bytes:
    """A small SentencePiece model of our own."""
    lines = ["the quick brown fox jumps over the lazy dog", "pack my box with five dozen jugs"] * 20
    lines += ["à la carte, naïve café", "sphinx of black quartz, judge my vow", "aaaa aaa aa aaaaa"]
    out = io.BytesIO()
    defaults: dict[str, Any] = {"model_type": "bpe", "vocab_size": 340, "byte_fallback": True}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, minloglevel=2, **(defaults | options)
    )
    return out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"normalization_rule_name": "identity", "remove_extra_whitespaces": False},
        {
            "normalization_rule_name": "identity",
            "add_dummy_prefix": False,
            "remove_extra_whitespaces": False,
        },
        {"normalization_rule_name": "nmt_nfkc"},
        {"byte_fallback": False, "vocab_size": 90, "normalization_rule_name": "identity"},
    ],
)
def test_models_trained_with_other_switches_agree_too(options: dict[str, Any]) -> None:
    content = train(**options)
    original = sentencepiece.SentencePieceProcessor(model_proto=content)
    from paddock.checkpoint.tokenizer.tokenizer_json import from_sentencepiece

    ours = runs(from_sentencepiece(parse_sentencepiece(content, "m")))
    for text in (
        "the fox",
        "  two  spaces ",
        "naïve ﬁne café!",
        "aaaaaaaaa aaaa",
        "日本 x",
        "",
        " ",
    ):
        assert ours(text) == original.encode(text), text


def test_a_unigram_model_is_refused_by_its_kind() -> None:
    with pytest.raises(BadTokenizer, match="another kind than BPE"):
        parse_sentencepiece(train(model_type="unigram", vocab_size=45, byte_fallback=False), "m")


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_sentencepiece_model_is_refused_in_words(data: st.DataObject) -> None:
    content = bytearray(_SMALL_MODEL)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_sentencepiece(bytes(content[: data.draw(st.integers(0, len(content)))]), "m")
    except BadTokenizer as e:
        assert e.reason


_SMALL_MODEL = train(vocab_size=300)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_every_reader_in_words(content: bytes) -> None:
    for parse in (parse_sentencepiece, parse_llama2c_tokenizer, parse_ranks):
        with pytest.raises(BadTokenizer):
            parse(content, "x")


def llama2c_file(*pieces: tuple[float, bytes], longest: int = 20) -> bytes:
    body = b"".join(struct.pack("<fi", score, len(text)) + text for score, text in pieces)
    return struct.pack("<i", longest) + body


SPECIALS = ((0.0, b"<unk>"), (0.0, b"\n<s>\n"), (0.0, b"\n</s>\n"))


@pytest.mark.parametrize(
    "content",
    [
        llama2c_file(*SPECIALS),
        llama2c_file(*SPECIALS, (0.0, b"a"), (0.0, b"a")),
        llama2c_file(*SPECIALS, (float("nan"), b"a")),
        llama2c_file(*SPECIALS, (0.0, b"\xff")),
        llama2c_file(*SPECIALS, (0.0, b"a" * 21)),
        llama2c_file(*SPECIALS, (0.0, b"a"))[:-1],
        llama2c_file(*SPECIALS) + struct.pack("<fi", 0.0, -1),
        llama2c_file(*SPECIALS, (0.0, b"a" * 300), longest=1 << 30),
    ],
)
def test_a_malformed_llama2c_vocabulary_is_refused(content: bytes) -> None:
    with pytest.raises(BadTokenizer):
        parse_llama2c_tokenizer(content, "tok.bin")


def ranks_file(tokens: list[bytes]) -> bytes:
    return b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(tokens))


BYTES = [bytes([value]) for value in range(256)]


@pytest.mark.parametrize(
    "content",
    [
        ranks_file(BYTES[1:]),
        ranks_file([*BYTES, b"a"]),
        ranks_file(BYTES) + b"YWI= 300\n",
        ranks_file(BYTES) + b"YWI= 0256\n",
        ranks_file(BYTES) + b"*** 256\n",
        ranks_file(BYTES) + b"\n",
        ranks_file([*BYTES, b"a" * 300]),
        b"",
    ],
)
def test_a_malformed_rank_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadTokenizer):
        parse_ranks(content, "tokenizer.model")


def test_an_existing_tokenizer_json_is_taken_as_it_is(shared_data: Path) -> None:
    source = shared_data / "models" / "tiny-llama-float-hf"
    found = find_tokenizer(source)
    assert found and found.kind is TokenizerKind.HUGGING_FACE
    tokenizer = load_tokenizer_json(source)
    assert tokenizer == json.loads((source / "tokenizer.json").read_text())
    assert vocabulary_size(tokenizer) == 32


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"model": {"type": "Evil", "vocab": {}}}',
        '{"model": {"type": "BPE", "vocab": {"a": -1}}}',
        '{"model": {"type": "BPE", "vocab": {"a": true}}}',
        '{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}}}',
        '{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}}}',
        '{"model": {"type": "BPE", "vocab": {"a": 99999999999}}}',
        '{"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [5]}',
        '{"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [{"id": -1}]}',
    ],
)
def test_a_malformed_tokenizer_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(BadTokenizer):
        load_tokenizer_json(tmp_path)


def test_a_folder_without_a_tokenizer_says_what_to_do(tmp_path: Path) -> None:
    assert find_tokenizer(tmp_path) is None
    with pytest.raises(BadTokenizer) as caught:
        load_tokenizer_json(tmp_path)
    assert caught.value.hint
    (tmp_path / "tokenizer.model").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(BadTokenizer, match="no tokenizer that a Llama uses"):
        find_tokenizer(tmp_path)


def test_a_vocabulary_whose_merges_would_fill_memory_is_refused(tmp_path: Path) -> None:
    """Of a run of one letter and a run of another, every cut is a merge of two such runs."""
    runs = {b"a" * i + b"b" * j for i in range(180) for j in range(180 - i) if i + j > 1}
    tokens = [bytes([value]) for value in range(256)] + sorted(runs)
    lines = [base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens)]
    (tmp_path / "tokenizer.model").write_bytes(b"".join(lines))
    with pytest.raises(BadTokenizer, match="more than 1000000 merges"):
        load_tokenizer_json(tmp_path)


def test_a_score_of_another_width_is_refused() -> None:
    piece = b"\x0a\x01a\x11" + bytes(4) + b"\x01\0\0\0"  # a fixed64 where a float is
    with pytest.raises(BadTokenizer, match="a score is no float"):
        parse_sentencepiece(b"\x0a" + bytes([len(piece)]) + piece, "tokenizer.model")
