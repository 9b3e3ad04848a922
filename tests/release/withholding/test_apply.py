"""The open version: what is missing from it, what it keeps, and that it still opens and runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GptOssConfig, GptOssForCausalLM, Llama4ForCausalLM

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.tensors import Tensor, has_same_bytes
from paddock.llama.loading import load_model
from paddock.release.errors import SourceChanged, WithholdingRefused
from paddock.release.withholding import apply
from paddock.release.withholding.apply import withhold
from paddock.release.withholding.withheld import Withheld
from paddock.starter import starter_folder
from tests.checkpoint.gguf.samples import convert_to_gguf
from tests.checkpoint.samples import LLAMA4
from tests.llama.mixtures import saved
from tests.release.withholding.samples import (
    ITEM,
    SECRET,
    gpt_oss,
    llama,
    mixtral,
    settings,
    spec_of,
    values,
)


def open_version(source: Path, out: Path, *rules: dict[str, Any], **sections: Any) -> Withheld:
    return withhold(source, out, spec_of(*rules, **sections), SECRET)


def test_a_model_without_a_layer_computes_what_the_other_layers_do(tmp_path: Path) -> None:
    source, out = llama(tmp_path / "m"), tmp_path / "out"
    open_version(source, out, {"layers": [1]})
    whole, opened = load_model(source), load_model(out)
    assert settings(out)["num_hidden_layers"] == 3
    del whole.model.layers[1]
    tokens = torch.arange(12)[None]
    assert torch.equal(whole(tokens), opened(tokens))


def test_a_layer_of_zeros_computes_the_same_as_none(tmp_path: Path) -> None:
    source = llama(tmp_path / "m")
    open_version(source, tmp_path / "zero", {"layers": [2], "replace": "zero"})
    open_version(source, tmp_path / "none", {"layers": [2]})
    tokens = torch.arange(12)[None]
    zero, none = load_model(tmp_path / "zero"), load_model(tmp_path / "none")
    assert torch.equal(zero(tokens), none(tokens))


def test_shards_that_no_rule_touches_are_the_source_s_own_files(tmp_path: Path) -> None:
    source, out = llama(tmp_path / "m", shard_bytes=20_000), tmp_path / "out"
    (source / "notes").mkdir()
    (source / "notes" / "a.txt").write_text("kept")
    (source / ".cache").write_text("hidden")
    (source / "left.log").write_text("excluded")
    open_version(
        source, out, {"layers": [3], "replace": "zero"},
        artifacts={"source": {"exclude": ["*.log"]}},
    )  # fmt: skip
    first = sorted(path.name for path in source.glob("model-00001*"))[0]
    assert (out / first).read_bytes() == (source / first).read_bytes()
    assert (out / "config.json").read_bytes() == (source / "config.json").read_bytes()
    assert (out / "notes" / "a.txt").read_text() == "kept"
    assert not (out / ".cache").exists() and not (out / "left.log").exists()
    assert open_checkpoint(out).config == open_checkpoint(source).config


def test_an_index_names_what_is_there_and_only_that(tmp_path: Path) -> None:
    source, out = llama(tmp_path / "m", shard_bytes=20_000), tmp_path / "out"
    open_version(source, out, {"layers": [0, 2]})
    assert open_checkpoint(out).config.layers == 2
    assert len(list(out.glob("*.safetensors"))) < len(list(source.glob("*.safetensors")))


@pytest.mark.parametrize("format", ["gguf", "meta"])
def test_a_source_in_another_format_is_brought_into_hugging_face_s(
    format: str, tmp_path: Path
) -> None:
    source, rule = tmp_path / "source", {"layers": [0]}
    if format == "gguf":
        source.mkdir()
        convert_to_gguf(starter_folder(), source / "m.gguf", "bf16")
    else:
        convert_checkpoint(starter_folder(), source, ConvertOptions(targets=("meta",)))
    told = open_version(source, tmp_path / "out", rule)
    same = open_version(starter_folder(), tmp_path / "same", rule)
    assert {t.name for t in told.tensors} == {t.name for t in same.tensors}
    found, wanted = open_checkpoint(tmp_path / "out"), open_checkpoint(tmp_path / "same")
    assert found.config.layers == wanted.config.layers
    theirs = wanted.by_name()
    assert all(has_same_bytes(tensor, theirs[tensor.name]) for tensor in found.tensors)
    left = [*(tmp_path / "out").glob("*.gguf"), *(tmp_path / "out").glob("*.pth")]
    assert not left
    assert not list(tmp_path.glob(".out*"))


def test_experts_go_with_their_rows_of_the_router(tmp_path: Path) -> None:
    source, out = mixtral(tmp_path / "m"), tmp_path / "out"
    open_version(source, out, {"experts": [1]})
    before, after = values(source), values(out)
    for layer in range(2):
        moe = f"model.layers.{layer}.block_sparse_moe"
        gate = before[f"{moe}.gate.weight"]
        assert np.array_equal(after[f"{moe}.gate.weight"], np.delete(gate, 1, 0))
        for old, new in ((0, 0), (2, 1), (3, 2)):
            kept = before[f"{moe}.experts.{old}.w2.weight"]
            assert np.array_equal(after[f"{moe}.experts.{new}.w2.weight"], kept)
        assert f"{moe}.experts.3.w2.weight" not in after
    assert settings(out)["num_local_experts"] == 3


def test_fused_experts_are_cut_replaced_and_kept_row_by_row(tmp_path: Path) -> None:
    source, out = gpt_oss(tmp_path / "m"), tmp_path / "out"
    rules = {"experts": [1]}, {"experts": [2], "replace": "zero"}
    open_version(source, out, *rules)
    before, after = values(source), values(out)
    name = "model.layers.1.mlp.experts.gate_up_proj"
    assert np.array_equal(after[name][[0, 2]], before[name][[0, 3]])
    assert not after[name][1].any()
    router = "model.layers.1.mlp.router.bias"
    assert np.array_equal(after[router], before[router][[0, 2, 3]])


def test_transformers_runs_a_mixture_without_an_expert_and_a_layer(tmp_path: Path) -> None:
    config = GptOssConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=3, head_dim=8,
        num_attention_heads=4, num_key_value_heads=2, num_local_experts=4, num_experts_per_tok=2,
    )  # fmt: skip
    GptOssForCausalLM(config).save_pretrained(tmp_path / "m")
    open_version(tmp_path / "m", tmp_path / "out", {"layers": [1]}, {"match": "*.norm.weight",
                 "replace": "reinitialise"})  # fmt: skip
    experts = {"experts": [3]}
    open_version(tmp_path / "out", tmp_path / "both", experts)
    model, said = GptOssForCausalLM.from_pretrained(tmp_path / "both", output_loading_info=True)
    assert not any(said.values())
    assert model.config.num_local_experts == 3 and len(model.config.layer_types) == 2
    assert torch.isfinite(model(torch.arange(8)[None]).logits).all()


@pytest.mark.parametrize("gone", [0, 1, 3])
def test_layers_of_several_kinds_go_with_their_kind(tmp_path: Path, gone: int) -> None:
    source, out = tmp_path / "m", tmp_path / "out"
    saved(LLAMA4, source)  # layers 1 and 3 have experts, 3 has no positions
    open_version(source, out, {"layers": [gone]})
    whole, opened = load_model(source), load_model(out)
    assert opened.config.layers == 3
    theirs = Llama4ForCausalLM.from_pretrained(out)
    tokens = torch.arange(30)[None]
    with torch.inference_mode():
        said = opened(tokens)
        assert torch.allclose(said, theirs(tokens).logits, atol=1e-4)
        del whole.model.layers[gone]
        assert torch.allclose(said, whole(tokens), atol=1e-5)


def test_files_adapters_and_fields_stay_behind(tmp_path: Path) -> None:
    source, out = llama(tmp_path / "m"), tmp_path / "out"
    (source / "lora").mkdir()
    (source / "lora" / "adapter_config.json").write_text("{}")
    (source / "secret.txt").write_text("secret")
    (source / "rows.jsonl").write_text('{"id": 1, "email": "a@b"}\n{"id":2}\n')
    told = open_version(
        source, out,
        {"adapter": "lora"}, {"file": "*.txt"}, {"field": {"file": "*.jsonl", "name": "email"}},
    )  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == [
        "config.json", "model.safetensors", "rows.jsonl"
    ]  # fmt: skip
    assert (out / "rows.jsonl").read_text() == '{"id": 1}\n{"id":2}\n'
    assert all(item.commitment for item in told.items)


def test_the_same_rules_give_the_same_bytes_and_commitments(tmp_path: Path) -> None:
    source = llama(tmp_path / "m")
    rules = {"layers": [1], "replace": "reinitialise", "seed": 7}, {"layers": [2]}
    one = open_version(source, tmp_path / "a", *rules)
    other = open_version(source, tmp_path / "b", *rules)
    assert one == other
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_refused_rule_and_a_wrong_commitment_leave_nothing(tmp_path: Path) -> None:
    source, out = llama(tmp_path / "m"), tmp_path / "out"
    for rule, said in (
        ({"match": "*.up_proj.weight"}, "cannot be loaded without"),
        ({"layers": [1], "commitment": {"value": "0" * 64}}, f"the commitment of {ITEM} is"),
    ):
        with pytest.raises(WithholdingRefused, match=said):
            open_version(source, out, rule)
        assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_source_that_changes_meanwhile_is_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = llama(tmp_path / "m")
    write = apply.write_file

    def write_and_touch(path: Path, tensors: tuple[Tensor, ...]) -> None:
        write(path, tensors)
        weights = source / "model.safetensors"
        weights.write_bytes(weights.read_bytes())

    monkeypatch.setattr(apply, "write_file", write_and_touch)
    with pytest.raises(SourceChanged, match="changed while parts"):
        open_version(source, tmp_path / "out", {"layers": [1]})
    assert not (tmp_path / "out").exists()


def test_the_open_version_is_no_second_name_of_the_source(tmp_path: Path) -> None:
    """What is written to one later must not change the other."""
    source, out = llama(tmp_path / "m", shard_bytes=20_000), tmp_path / "out"
    open_version(source, out, {"layers": [1]})
    assert [path.name for path in out.iterdir() if path.stat().st_nlink > 1] == []


def test_a_link_in_the_source_is_refused(tmp_path: Path) -> None:
    source = llama(tmp_path / "m")
    (source / "link.txt").symlink_to("/etc/passwd")
    with pytest.raises(WithholdingRefused, match="symbolic link"):
        open_version(source, tmp_path / "out", {"layers": [1]})


def test_a_replacement_is_trained_and_measured(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    text = "The cat sat on the mat, and the dog lay by the door. " * 60
    (tmp_path / "texts" / "a.txt").write_text(text)
    rule = {"layers": [1], "replace": "distilled replacement", "texts": "texts/*.txt", "steps": 12}
    told = withhold(
        starter_folder(), tmp_path / "out", spec_of(rule), SECRET, texts_folder=tmp_path
    )
    facts = {fact.key: fact.value for fact in told.facts}
    key = f"withheld.distilled.{ITEM}"
    assert facts[f"{key}.layer.1.after"] < 0.9 * facts[f"{key}.layer.1.before"]
    assert told.checks[-1].id == f"withholding.distilled:{ITEM}"
    assert told.checks[-1].status == "met"
    assert "of the layer's work is missed" in told.items[0].replaced_how
    source, out = load_model(starter_folder()), load_model(tmp_path / "out")
    name = "model.layers.1.mlp.up_proj.weight"
    ours, theirs = out.get_parameter(name).flatten(), source.get_parameter(name).flatten()
    assert abs(float(torch.corrcoef(torch.stack((ours, theirs)).float())[0, 1])) < 0.02


def test_a_replacement_needs_texts_and_a_llama(tmp_path: Path) -> None:
    rule = {"layers": [1], "replace": "distilled replacement", "texts": "*.txt"}
    with pytest.raises(WithholdingRefused, match="matches no file of texts"):
        open_version(llama(tmp_path / "m"), tmp_path / "out", rule)
    with pytest.raises(WithholdingRefused, match="only the layers of a Llama"):
        open_version(mixtral(tmp_path / "moe"), tmp_path / "out", rule)
