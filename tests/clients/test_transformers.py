"""``transformers``, ``datasets`` and ``HfFileSystem``, unmodified, against this hub."""

from __future__ import annotations

import json

import pytest

from tests.clients.conftest import Run
from tests.live import LiveServer

MAKE_MODEL = """
import torch
from transformers import LlamaConfig, LlamaForCausalLM
torch.manual_seed(0)
config = LlamaConfig(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
model = LlamaForCausalLM(config).eval()
ids = torch.arange(8)[None]
"""


def test_push_to_hub_and_from_pretrained_give_the_same_model(run: Run) -> None:
    run(
        source=MAKE_MODEL
        + """
model.push_to_hub("boss/pushed", private=True)
again = LlamaForCausalLM.from_pretrained("boss/pushed").eval()
assert torch.equal(model(ids).logits, again(ids).logits)
from transformers import AutoConfig, AutoModelForCausalLM
assert AutoConfig.from_pretrained("boss/pushed").hidden_size == 32
again = AutoModelForCausalLM.from_pretrained("boss/pushed", revision="main")
assert type(again) is LlamaForCausalLM
"""
    )


def test_a_sharded_model_is_pushed_and_loaded(run: Run, shared_server: LiveServer) -> None:
    run(
        source=MAKE_MODEL
        + """
model.push_to_hub("boss/sharded", max_shard_size="20KB")
again = LlamaForCausalLM.from_pretrained("boss/sharded").eval()
assert torch.equal(model(ids).logits, again(ids).logits)
"""
    )
    info = shared_server.api().model_info("boss/sharded")
    assert sum(f.rfilename.endswith(".safetensors") for f in info.siblings or []) > 1
    assert info.library_name == "transformers"
    assert info.safetensors is not None and info.safetensors.total > 10_000


def test_a_tokenizer_is_pushed_and_loaded(run: Run) -> None:
    run(
        source="""
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
words = {"<unk>": 0, "hello": 1, "world": 2}
made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
made.pre_tokenizer = pre_tokenizers.Whitespace()
PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>").push_to_hub("boss/words")
assert AutoTokenizer.from_pretrained("boss/words")("hello world moon").input_ids == [1, 2, 0]
"""
    )


def test_a_missing_model_is_told_in_the_librarys_own_words(run: Run) -> None:
    done = run(
        check=False,
        source="from transformers import AutoModel; AutoModel.from_pretrained('boss/absent')",
    )
    assert "not a valid model identifier" in done.stderr or "RepositoryNotFound" in done.stderr


def test_a_dataset_is_pushed_and_loaded_in_every_way(run: Run) -> None:
    run(
        source="""
from datasets import Dataset, DatasetDict, load_dataset
rows = {"text": ["one", "two", "three"] * 100, "label": [0, 1, 0] * 100}
parts = DatasetDict(train=Dataset.from_dict(rows), test=Dataset.from_dict(rows).select(range(5)))
parts.push_to_hub("boss/rows")
assert load_dataset("boss/rows", split="train").num_rows == 300
assert load_dataset("boss/rows")["test"][1] == {"text": "two", "label": 1}
first = next(iter(load_dataset("boss/rows", split="train", streaming=True)))
assert first["text"] == "one"
"""
    )


def test_plain_files_are_a_dataset_too(run: Run) -> None:
    lines = "\n".join(json.dumps({"n": n}) for n in range(10))
    run(
        source=f"""
from huggingface_hub import HfApi
from datasets import load_dataset
api = HfApi()
api.create_repo("boss/lines", repo_type="dataset")
api.upload_file(path_or_fileobj={lines.encode()!r}, path_in_repo="data/train.jsonl",
                repo_id="boss/lines", repo_type="dataset")
assert load_dataset("boss/lines", split="train")["n"] == list(range(10))
"""
    )


def test_the_file_system_reads_writes_and_lists(run: Run) -> None:
    run(
        source="""
import os
from huggingface_hub import HfApi, HfFileSystem
HfApi().create_repo("boss/fs")
fs = HfFileSystem()
large = os.urandom(2_000_000)
with fs.open("boss/fs/a/large.bin", "wb") as f: f.write(large)
with fs.open("boss/fs/a/b/small.txt", "w") as f: f.write("hello")
assert fs.ls("boss/fs/a", detail=False) == ["boss/fs/a/b", "boss/fs/a/large.bin"]
assert fs.info("boss/fs/a/large.bin")["size"] == 2_000_000
assert fs.glob("boss/fs/**/*.txt") == ["boss/fs/a/b/small.txt"]
assert fs.isdir("boss/fs/a/b") and not fs.exists("boss/fs/nothing")
with fs.open("boss/fs/a/large.bin") as f:
    f.seek(1_500_000)
    assert f.read(1000) == large[1_500_000:1_501_000]
assert fs.cat("boss/fs/a/large.bin") == large
fs.cp_file("boss/fs/a/b/small.txt", "boss/fs/copy.txt")
fs.rm("boss/fs/a/b/small.txt")
assert sorted(fs.find("boss/fs"))[1:] == ["boss/fs/a/large.bin", "boss/fs/copy.txt"]
"""
    )


@pytest.mark.parametrize("revision", ["main", "v1", "refs/heads/dev"])
def test_a_snapshot_of_a_revision_is_that_revision(
    run: Run, revision: str, shared_server: LiveServer
) -> None:
    api = shared_server.admin_api
    if not api.repo_exists("boss/snapshots"):
        api.create_repo("boss/snapshots")
        for text, ref in (("one", "v1"), ("two", "dev"), ("three", None)):
            api.upload_file(
                path_or_fileobj=text.encode(), path_in_repo="t.txt", repo_id="boss/snapshots"
            )
            if ref == "v1":
                api.create_tag("boss/snapshots", tag="v1")
            elif ref:
                api.create_branch("boss/snapshots", branch=ref)
    expected = {"main": "three", "v1": "one", "refs/heads/dev": "two"}[revision]
    run(
        source=f"""
from huggingface_hub import snapshot_download
from pathlib import Path
folder = snapshot_download("boss/snapshots", revision={revision!r})
assert Path(folder, "t.txt").read_text() == {expected!r}
assert snapshot_download("boss/snapshots", revision=Path(folder).name) == folder
"""
    )
