"""How to get started with it, how to see that it is what was released, and every file in it.

Pure.
"""

from __future__ import annotations

import json

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.plain import in_code
from paddock.release.files.manifest import SIGNATURE_NAME

MAX_FILES = 2000
ADAPTER_CONFIG = "adapter_config.json"


def get_started(content: DocumentContent) -> str:
    """Code that loads the model and lets it write, for the form that is shipped."""
    name = content.repo or f"./{content.name}"
    revision = f', revision="{content.version}"' if content.repo else ""
    code = [*_loading(content, f'"{name}"{revision}'), *_asking(content)]
    return "## How to get started\n\n```python\n" + "\n".join(code) + "\n```"


def is_adapter(content: DocumentContent) -> bool:
    """Whether the release is an adapter, which needs the model that it was made for."""
    return any(file.path == ADAPTER_CONFIG for file in content.files)


def _loading(content: DocumentContent, where: str) -> list[str]:
    models = "from transformers import AutoModelForCausalLM, AutoTokenizer"
    tokenizer = f"tokenizer = AutoTokenizer.from_pretrained({where})"
    if is_adapter(content):
        return [
            "from peft import AutoPeftModelForCausalLM  # takes the base model from where it is",
            "from transformers import AutoTokenizer",
            "",
            tokenizer,
            f"model = AutoPeftModelForCausalLM.from_pretrained({where})",
        ]
    paths = [file.path for file in content.files]
    gguf = next((path for path in paths if path.endswith(".gguf")), None)
    if gguf is not None and not any(path.endswith(".safetensors") for path in paths):
        where = f"{where}, gguf_file={json.dumps(gguf)}"
        tokenizer = f"tokenizer = AutoTokenizer.from_pretrained({where})"
    return [models, "", tokenizer, f"model = AutoModelForCausalLM.from_pretrained({where})"]


def _asking(content: DocumentContent) -> list[str]:
    inputs = ['inputs = tokenizer("Once upon a time", return_tensors="pt")']
    if content.is_chat:
        inputs = [
            'messages = [{"role": "user", "content": "Hello!"}]',
            "inputs = tokenizer.apply_chat_template(",
            '    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True',
            ")",
        ]
    return [
        *inputs,
        "output = model.generate(**inputs, max_new_tokens=100)",
        "print(tokenizer.decode(output[0], skip_special_tokens=True))",
    ]


def verify(content: DocumentContent) -> str:
    """The commands of a stranger who trusts one key."""
    what = f"{content.repo}@{content.version}" if content.repo else "."
    return (
        "## Check that this is what was released\n\n"
        f"Every file is signed (OpenSSF Model Signing, `{SIGNATURE_NAME}`). Take the producer's\n"
        "public key from a place that you trust, not from this page, then:\n\n"
        f"```\npaddock verify {what} --trust KEY.pub.pem\n```\n\n"
        "or, in the downloaded folder, with the stock `model-signing` package:\n\n"
        f"```\nmodel_signing verify key . --signature {SIGNATURE_NAME} "
        "--public_key KEY.pub.pem\n```"
    )


def files(content: DocumentContent) -> str:
    """Every file but the documents, with size and digest."""
    lines = ["| File | Bytes | SHA-256 |", "| --- | --- | --- |"]
    lines += [
        f"| {in_code(file.path).replace('|', chr(92) + '|')} | {file.size_bytes} "
        f"| `{file.sha256}` |"
        for file in content.files[:MAX_FILES]
    ]
    more = len(content.files) - MAX_FILES
    left = f"\n\nAnd {more} more." if more > 0 else ""
    intro = "Measured. `release.json` lists the documents and BLAKE3 digests as well."
    return f"## Files\n\n{intro}\n\n" + "\n".join(lines) + left
