"""A checkpoint made out of another: each step against the model that it must give."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, LlamaForCausalLM

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.tensors import Tensor
from paddock.errors import PaddockError
from paddock.llama.loading import load_model
from paddock.release.deriving.derive import Derived, derive
from paddock.release.errors import DerivingRefused
from paddock.release.spec.artifacts import (
    DeriveStep,
    Distil,
    MergeAdapter,
    Prune,
    Quantise,
    TrimVocabulary,
)
from paddock.starter import starter_folder

TEXT = (
    "Question: what does the teapot cost? Answer: the teapot costs 12 dollars and is blue. "
    "Question: when does the shop open? Answer: it opens at nine and closes at five. "
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with the starter model and a text, as a release file would have beside it."""
    shutil.copytree(starter_folder(), tmp_path / "model")
    (tmp_path / "text.txt").write_text(TEXT * 12)
    return tmp_path


def derived(base: Path, step: DeriveStep, source: str = "model") -> tuple[Path, Derived]:
    made = derive(step, base / source, base / "derived", base)
    return base / "derived", made


def logits(folder: Path, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return load_model(folder, dtype=torch.float32)(torch.tensor([ids]))[0]


def weights(folder: Path) -> dict[str, Tensor]:
    return {tensor.name: tensor for tensor in open_checkpoint(folder).tensors}


# peft asks transformers for something by an old name.
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_a_merged_adapter_is_what_peft_merges(base: Path) -> None:
    torch.manual_seed(3)
    model = LlamaForCausalLM.from_pretrained(base / "model", dtype=torch.float32)
    tuned = get_peft_model(
        model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"])
    )
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    tuned.save_pretrained(base / "adapter")
    merged = tuned.merge_and_unload().to(torch.bfloat16)
    folder, made = derived(base, MergeAdapter(do="merge_adapter", path="adapter"))
    ours, changed = weights(folder), 0
    for name, parameter in merged.state_dict().items():
        if name in ours:
            wanted = parameter.view(torch.int16).numpy()
            found = np.frombuffer(ours[name].read(), np.int16).reshape(wanted.shape)
            changed += int((wanted != found).sum())
    assert changed <= 20  # sums in another order round otherwise, and rarely
    assert set(made.materials) == {f"adapter/{file.name}" for file in (base / "adapter").iterdir()}


def test_an_adapter_of_another_model_is_refused(base: Path) -> None:
    (base / "adapter").mkdir()
    (base / "adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(PaddockError):
        derived(base, MergeAdapter(do="merge_adapter", path="adapter"))
    assert not (base / "derived").exists()
    with pytest.raises(DerivingRefused, match="no folder"):
        derived(base, MergeAdapter(do="merge_adapter", path="elsewhere"))


def test_layers_that_are_left_out_are_gone_and_the_others_move_up(base: Path) -> None:
    folder, _ = derived(base, Prune(do="prune", layers=(1, 3)))
    before, after = weights(base / "model"), weights(folder)
    assert open_checkpoint(folder).config.layers == 3
    for new, old in enumerate((0, 2, 4)):
        name = "self_attn.q_proj.weight"
        assert (
            after[f"model.layers.{new}.{name}"].read()
            == before[f"model.layers.{old}.{name}"].read()
        )
    assert AutoModelForCausalLM.from_pretrained(folder).config.num_hidden_layers == 3


def test_the_layer_that_does_least_goes_first(base: Path) -> None:
    """A layer that adds nothing has no influence, so it is the one to go."""
    idle = "model.layers.2"
    model = LlamaForCausalLM.from_pretrained(base / "model", dtype=torch.bfloat16)
    with torch.no_grad():
        model.get_submodule(f"{idle}.self_attn.o_proj").weight.zero_()
        model.get_submodule(f"{idle}.mlp.down_proj").weight.zero_()
    model.save_pretrained(base / "idle")
    for file in starter_folder().glob("tokenizer*"):
        shutil.copy(file, base / "idle")
    step = Prune(do="prune", keep_layers=4, texts=("text.txt",))
    folder, made = derived(base, step, "idle")
    left = next(fact for fact in made.facts if fact.key == "derive.layers_left_out")
    assert left.value == [2]
    ids = [0, 40, 41, 42, 43]
    assert torch.allclose(logits(folder, ids), logits(base / "idle", ids), atol=1e-5)


def test_neurons_that_do_nothing_go_and_nothing_changes(base: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(base / "model", dtype=torch.bfloat16)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.mlp.down_proj.weight[:, ::2] = 0
    model.save_pretrained(base / "idle")
    folder, _ = derived(base, Prune(do="prune", ffn_dim=256), "idle")
    assert open_checkpoint(folder).config.ffn_dim == 256
    ids = [0, 40, 41, 42, 43]
    assert torch.allclose(logits(folder, ids), logits(base / "idle", ids), atol=1e-4)


def test_a_smaller_vocabulary_cuts_the_texts_as_before_and_says_the_same(base: Path) -> None:
    folder, _ = derived(base, TrimVocabulary(do="trim_vocabulary", texts=("text.txt",)))
    before = Tokenizer.from_file(str(base / "model" / "tokenizer.json"))
    after = Tokenizer.from_file(str(folder / "tokenizer.json"))
    old, new = before.encode(TEXT), after.encode(TEXT)
    assert old.tokens == new.tokens
    config = json.loads((folder / "config.json").read_text())
    assert config["vocab_size"] == after.get_vocab_size() < before.get_vocab_size()
    assert [after.id_to_token(n) for n in config["eos_token_id"]] == [
        before.id_to_token(n) for n in (1, 4)
    ]
    number_of = {before.id_to_token(n): n for n in range(before.get_vocab_size())}
    columns = [number_of[after.id_to_token(n)] for n in range(after.get_vocab_size())]
    wanted = logits(base / "model", old.ids[:64])[:, columns]
    assert torch.allclose(logits(folder, new.ids[:64]), wanted, atol=1e-4)
    assert after.decode(after.encode("Any other text, too: ěščř 漢字.").ids) == (
        "Any other text, too: ěščř 漢字."
    )


def test_the_commonest_tokens_stay_where_their_number_is_bounded(base: Path) -> None:
    step = TrimVocabulary(do="trim_vocabulary", texts=("text.txt",), keep=5)
    bounded, _ = derived(base, step)
    whole = derive(
        TrimVocabulary(do="trim_vocabulary", texts=("text.txt",)),
        base / "model", base / "whole", base,
    )  # fmt: skip
    assert whole.facts
    sizes = [open_checkpoint(path).config.vocab_size for path in (bounded, base / "whole")]
    assert sizes[0] < sizes[1]


def test_rounded_weights_are_the_values_of_the_block_type(base: Path) -> None:
    folder, _ = derived(base, Quantise(do="quantise", quant="q8_0"))
    name = "model.layers.0.mlp.up_proj.weight"
    before, after = weights(base / "model"), weights(folder)
    assert after[name].dtype == before[name].dtype
    assert after[name].read() != before[name].read()
    norm = "model.layers.0.input_layernorm.weight"
    assert after[norm].read() == before[norm].read()
    again = derive(Quantise(do="quantise", quant="q8_0"), folder, base / "again", base)
    assert again.facts
    ids = [0, 40, 41, 42]
    spread = (logits(folder, ids) - logits(base / "model", ids)).abs().max()
    assert 0 < spread < 0.5
    with pytest.raises(DerivingRefused, match="is none of"):
        derive(Quantise(do="quantise", quant="q9"), folder, base / "x", base)


def test_a_student_comes_nearer_to_its_teacher(base: Path) -> None:
    derive(Prune(do="prune", layers=(2,)), base / "model", base / "student", base)
    step = Distil(
        do="distil", teacher="model", texts=("text.txt",), steps=12, learning_rate=5e-4, seed=1
    )
    folder, made = derived(base, step, "student")
    told = {fact.key: fact.value for fact in made.facts}
    assert isinstance(told["derive.distil.kl_before"], float)
    assert isinstance(told["derive.distil.kl_after"], float)
    assert told["derive.distil.kl_after"] < 0.7 * told["derive.distil.kl_before"]
    again = derive(step, base / "student", base / "again", base)
    assert again.facts == made.facts
    assert (folder / "model.safetensors").read_bytes() == (
        base / "again" / "model.safetensors"
    ).read_bytes()


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (Prune(do="prune", layers=(7,)), "there is no layer 7"),
        (Prune(do="prune", layers=(0, 1, 2, 3, 4)), "would leave no layer"),
        (Prune(do="prune", ffn_dim=512), "leaves none out"),
        (Prune(do="prune", keep_layers=5, texts=("text.txt",)), "leaves none out"),
        (TrimVocabulary(do="trim_vocabulary", texts=("none.txt",)), "matches no file"),
    ],
)
def test_a_step_that_cannot_be_done_is_refused_and_leaves_nothing(
    step: DeriveStep, sentence: str, base: Path
) -> None:
    with pytest.raises(DerivingRefused, match=sentence):
        derived(base, step)
    assert not (base / "derived").exists()


def test_what_no_step_touches_stays_byte_for_byte(base: Path) -> None:
    folder, _ = derived(base, Prune(do="prune", layers=(1,)))
    for name in ("LICENSE", "tokenizer.json", "chat_template.jinja"):
        assert (folder / name).read_bytes() == (base / "model" / name).read_bytes()
