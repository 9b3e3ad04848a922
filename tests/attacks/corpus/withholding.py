"""Cases 118 to 126: releases that promise to keep parts back, and do not.

Each release keeps the last layer back, or says so, and holds it all the same, in another file or
another form; or what is left speaks of it, depends on it or cannot prove it.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Content, Expected, Family, Judge, Tree, Variants
from tests.attacks.corpus.release_trees import changed_config, model_files, release
from tests.attacks.corpus.zips import Member, archive
from tests.checkpoint.samples import entry, file_of

FAMILY = Family("withholding", Judge.RELEASE)
R, W = Expected.REJECT, Expected.WARN
WEIGHTS = "Model parameters (Final)"
TENSOR = "model.layers.1.mlp.up_proj.weight"
# What must be said of each variant: words of the refusal, or a condition of the gate.
SAYS = {
    (118, "renamed"): "withholding.leak:",
    (118, "whole-component"): "cannot be withheld as a whole",
    (119, "archive"): "is an archive",
    (119, "git"): "withholding.leak:",
    (120, "pickle"): "optimizer.pt is an optimizer's state",
    (120, "safetensors"): "state.safetensors holds an optimizer's state",
    (120, "average"): "ema.safetensors is a running average",
    (120, "shard"): "__0_0.distcp is a shard of a trainer's checkpoint",
    (120, "log"): "events.out.tfevents.1 is a log of the training",
    (122, "stub"): "'stub' is not one of drop, zero, reinitialise, distilled replacement",
    (122, "noise"): "'noise' is not one of drop, zero, reinitialise, distilled replacement",
    (122, "seeded-zeros"): "draws nothing, so a seed means nothing",
    (123, "missing"): "withheld without a commitment",
    (123, "unsalted"): "'sha256' is not one of sha256-salted",
    (123, "wrong"): "and release.yaml says",
    (124, "shard"): "model-00002-of-00002.safetensors is missing",
    (124, "code"): "config.json refers to modeling_own.py",
    (124, "card"): "README.md says '2 layers'",
    (124, "weights-file"): "cannot be opened without model.safetensors",
    (125, "gguf"): "model-q8.gguf is weights that nobody compares",
    (125, "half"): "withholding.leak:",
    (125, "imatrix"): "imatrix.dat is an importance matrix",
    (126, "not-stored"): "head and embeddings are one matrix",
    (126, "stored"): "head and embeddings are one matrix",
}


def withholding(files: dict[str, Content] | None = None, **wish: Any) -> Tree:
    """A release file that asks to keep the last layer back."""
    selector = {} if {"file", "layers"} & set(wish) else {"match": "model.layers.1.*"}
    rule = {**selector, "reason": "safety", "replace": "drop"} | wish
    component = {"name": WEIGHTS, "access": "open", "path": ["*.safetensors"], "withhold": [rule]}
    return release({"components": [component]}, files)


def withheld_tensor() -> np.ndarray[Any, Any]:
    """A matrix of the last layer."""
    found: np.ndarray[Any, Any] = load(model_files()["model.safetensors"])[TENSOR]
    return found


@FAMILY.case(118, "the withheld tensor is in the weights", R)
def present() -> Variants:
    yield "renamed", withholding({"extra.safetensors": save({"vision.proj": withheld_tensor()})})
    component = {"name": WEIGHTS, "access": "withheld", "path": ["*.safetensors"],
                 "reason": "safety"}  # fmt: skip
    yield "whole-component", release({"components": [component]})


@FAMILY.case(119, "the withheld file is in an archive or in git's history", R)
def elsewhere() -> Variants:
    secret = b"what nobody may read\n" * 40
    hidden = archive([Member("secret.txt", secret)])
    yield "archive", withholding({"secret.txt": secret, "notes.zip": hidden}, file="secret.txt")
    loose = zlib.compress(b"blob %d\0" % len(secret) + secret)
    where = "backup/objects/ab/" + "0123456789abcdef" * 2 + "012345"
    yield "git", withholding({"secret.txt": secret, where: loose}, file="secret.txt")


@FAMILY.case(120, "the optimizer's state of the withheld part", R)
def optimizer() -> Variants:
    yield "pickle", withholding({"optimizer.pt": op.hostile()})
    state = save({f"exp_avg.{TENSOR}": np.zeros((4, 4), np.float32)})
    yield "safetensors", withholding({"state.safetensors": state})
    yield "average", withholding({"ema.safetensors": save({"w": np.zeros(4, np.float32)})})
    yield "shard", withholding({"__0_0.distcp": b"x"})
    yield "log", withholding({"events.out.tfevents.1": b"x"})


@FAMILY.case(121, "an adapter that reveals the withheld base", W)
def adapter() -> Variants:
    config = {"base_model_name_or_path": "acme/secret-base", "peft_type": "LORA"}
    name = "base_model.model.model.layers.1.mlp.up_proj"
    drawn = np.random.default_rng(7)
    pair = {
        f"{name}.lora_A.weight": drawn.standard_normal((2, 32)).astype(np.float32),
        f"{name}.lora_B.weight": drawn.standard_normal((48, 2)).astype(np.float32),
    }
    files: dict[str, Content] = {
        "adapters/a/adapter_config.json": json.dumps(config).encode(),
        "adapters/a/adapter_model.safetensors": save(pair),
    }
    yield "adapter", withholding(files)


@FAMILY.case(122, "a stub that is not constant", R)
def stub() -> Variants:
    yield "stub", withholding(replace="stub")
    yield "noise", withholding(replace="noise", seed=7)
    yield "seeded-zeros", withholding(replace="zero", seed=7)


@FAMILY.case(123, "no commitment, or one without salt", R)
def commitment() -> Variants:
    part = {"name": "Datasets", "access": "withheld", "reason": "third_party_rights"}
    yield "missing", release({"components": [part]})
    yield "unsalted", withholding(commitment={"alg": "sha256", "value": "0" * 64})
    yield "wrong", withholding(commitment={"alg": "sha256-salted", "value": "0" * 64})


@FAMILY.case(124, "what is left refers to what is kept back", R)
def referenced() -> Variants:
    names = sorted(json.loads(model_files()["model.safetensors"][8:].split(b"}}")[0] + b"}}"))
    weight_map = {
        name: "model-00001-of-00002.safetensors" for name in names if name != "__metadata__"
    }
    weight_map[max(weight_map)] = "model-00002-of-00002.safetensors"
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    tree = dict(release({}, {"model.safetensors.index.json": json.dumps(index).encode()}))
    tree["model-00001-of-00002.safetensors"] = tree.pop("model.safetensors")
    yield "shard", tree
    code: dict[str, Content] = {"modeling_own.py": b"class Own: ...\n"}
    own = changed_config(auto_map={"AutoModel": "modeling_own.Own"})
    yield "code", withholding(own | code, file="modeling_own.py")
    yield "card", withholding({"README.md": b"# Acme\n\nA model of 2 layers.\n"})
    yield "weights-file", withholding(file="model.safetensors")


@FAMILY.case(125, "a quantised copy that holds the withheld layer", R)
def quantised() -> Variants:
    yield "gguf", withholding({"model-q8.gguf": b"GGUF\3\0\0\0" + bytes(16)})
    half = save({"vision.proj": withheld_tensor().astype(np.float16)})
    yield "half", withholding({"extra.safetensors": half})
    yield "imatrix", withholding({"imatrix.dat": b"x"})


@FAMILY.case(126, "tied embeddings, while the head is kept back", R)
def tied() -> Variants:
    tensors = load(model_files()["model.safetensors"])
    config = changed_config(tie_word_embeddings=True)
    alone = save({name: value for name, value in tensors.items() if name != "lm_head.weight"})
    zero = {"match": "lm_head.weight", "replace": "zero"}
    yield "not-stored", withholding(config | {"model.safetensors": alone}, **zero)
    yield "stored", withholding(config, **zero)
    head = file_of({"lm_head.weight": entry([4], 0, 16, "F32")}, bytes(16))
    yield "no-head", release({}, {"model.safetensors": head})
