"""Cases 118 to 126: releases that promise to keep parts back, and do not.

This version keeps back whole files only (``artifacts.source.exclude``). A promise about tensors, a
stub or a commitment is an error of the release file, so nothing leaves that would break it.
"""

from __future__ import annotations

import json
from typing import Any

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Content, Expected, Family, Judge, Tree, Variants
from tests.attacks.corpus.release_trees import changed_config, model_files, release
from tests.attacks.corpus.safetensors_files import honest_file
from tests.attacks.corpus.zips import Member, archive
from tests.checkpoint.samples import entry, file_of

FAMILY = Family("withholding", Judge.RELEASE)
R, W = Expected.REJECT, Expected.WARN
WEIGHTS = "Model parameters (Final)"
STRICTER = "refused outright: this version cannot withhold tensors"


def withholding(files: dict[str, Content] | None = None, **wish: Any) -> Tree:
    """A release file that asks to keep the last layer back."""
    wish = {"match": "model.layers.1.*", "reason": "safety", "replace": "drop"} | wish
    component = {"name": WEIGHTS, "access": "open", "path": ["*.safetensors"], "withhold": [wish]}
    return release({"components": [component]}, files)


@FAMILY.case(118, "the withheld tensor is in the weights", R, STRICTER)
def present() -> Variants:
    yield "withhold", withholding()
    component = {
        "name": WEIGHTS,
        "access": "withheld",
        "path": ["*.safetensors"],
        "reason": "safety",
    }
    yield "whole-component", release({"components": [component]})


@FAMILY.case(119, "the withheld file is in an archive or in git's history", R)
def elsewhere() -> Variants:
    hidden = archive([Member("layer.safetensors", honest_file())])
    sections = {"artifacts": {"source": {"path": ".", "exclude": ["layer.safetensors"]}}}
    yield "archive", release(sections, {"layer.safetensors": honest_file(), "notes.zip": hidden})
    packed: dict[str, Content] = {".git/objects/pack/pack-1.pack": b"PACK\0\0\0\2" + honest_file()}
    yield "git", withholding(packed)


@FAMILY.case(120, "the optimizer's state of the withheld part", R)
def optimizer() -> Variants:
    yield "pickle", release({}, {"optimizer.pt": op.hostile()})
    yield (
        "safetensors",
        withholding({"optimizer.safetensors": honest_file(name="exp_avg.layers.1.w")}),
    )


@FAMILY.case(121, "an adapter that reveals the withheld base", W, STRICTER)
def adapter() -> Variants:
    config = {"base_model_name_or_path": "acme/secret-base", "peft_type": "LORA"}
    yield "adapter", withholding({"adapter_config.json": json.dumps(config).encode()})


@FAMILY.case(122, "a stub that is not constant", R, STRICTER)
def stub() -> Variants:
    yield "stub", withholding(replace="stub")
    yield "noise", withholding(replace="noise", seed=7)


@FAMILY.case(123, "no commitment, or one without salt", R, STRICTER)
def commitment() -> Variants:
    for name, value in (("missing", None), ("unsalted", {"alg": "sha256", "value": "0" * 64})):
        yield name, withholding(commitment=value)
    component = {"name": "Datasets", "access": "withheld", "reason": "rights",
                 "commitment": {"alg": "sha256", "value": "0" * 64}}  # fmt: skip
    yield "component", release({"components": [component]})


@FAMILY.case(124, "the index names a shard that is kept back", R)
def referenced() -> Variants:
    names = sorted(json.loads(model_files()["model.safetensors"][8:].split(b"}}")[0] + b"}}"))
    weight_map = {
        name: "model-00001-of-00002.safetensors" for name in names if name != "__metadata__"
    }
    last = max(weight_map)
    weight_map[last] = "model-00002-of-00002.safetensors"
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    tree = dict(release({}, {"model.safetensors.index.json": json.dumps(index).encode()}))
    tree["model-00001-of-00002.safetensors"] = tree.pop("model.safetensors")
    yield "shard", tree


@FAMILY.case(125, "a quantised copy that holds the withheld layer", R, STRICTER)
def quantised() -> Variants:
    outputs = [{"format": "gguf", "quant": "Q4_K_M"}, {"format": "safetensors"}]
    yield "output", release({"artifacts": {"outputs": outputs}})
    yield "file", withholding({"model-q8.gguf": b"GGUF\3\0\0\0" + bytes(16)})


@FAMILY.case(126, "tied embeddings, while the head is kept back", R)
def tied() -> Variants:
    head = file_of({"lm_head.weight": entry([4], 0, 16, "F32")}, bytes(16))
    yield "tied", withholding(changed_config(tie_word_embeddings=True), match="lm_head.weight")
    yield "no-head", release({}, {"model.safetensors": head})
