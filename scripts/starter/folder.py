"""The finished folder: a Llama checkpoint in Hugging Face's layout, with its recipe beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from tokenizers import Tokenizer

from paddock.digest import sha256_hex
from paddock.llama.model import Llama
from starter.encoding import BEGIN, CHAT_TEMPLATE, END, PAD, SPECIAL, TURN_END


def write_folder(folder: Path, model: Llama, tokenizer: Tokenizer, recipe: dict[str, Any]) -> None:
    """Write every file of the checkpoint; the recipe gets the digests of the others."""
    config = model.config
    weights = {
        name: tensor.detach().to(torch.bfloat16).contiguous()
        for name, tensor in model.state_dict().items()
    }
    files = {
        "config.json": _json({**config.to_hf_dict(), "torch_dtype": "bfloat16"}),
        "generation_config.json": _json(
            {
                "bos_token_id": config.bos_id,
                "do_sample": False,
                "eos_token_id": list(config.eos_ids),
                "pad_token_id": config.pad_id,
            }
        ),
        "tokenizer.json": tokenizer.to_str(pretty=False).encode() + b"\n",
        "tokenizer_config.json": _json(_tokenizer_config(config.context)),
        "chat_template.jinja": CHAT_TEMPLATE.encode(),
        "model.safetensors": save(weights, metadata={"format": "pt"}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: sha256_hex(content) for name, content in sorted(files.items())}
    (folder / "recipe.json").write_bytes(_json({**recipe, "sha256": digests}))


def _tokenizer_config(context: int) -> dict[str, Any]:
    return {
        "bos_token": BEGIN,
        "clean_up_tokenization_spaces": False,
        "eos_token": TURN_END,
        "extra_special_tokens": [token for token in SPECIAL if token not in (BEGIN, TURN_END, PAD)],
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": context,
        "pad_token": PAD,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def special_ids(tokenizer: Tokenizer) -> dict[str, Any]:
    """The ids that a configuration names."""
    ids = {token: tokenizer.token_to_id(token) for token in (BEGIN, END, TURN_END, PAD)}
    return {"bos_id": ids[BEGIN], "eos_ids": (ids[END], ids[TURN_END]), "pad_id": ids[PAD]}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
