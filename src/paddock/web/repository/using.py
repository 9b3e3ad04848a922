"""Ready commands and programs for a repository, for this hub and this very commit.

Pure. A branch moves; what is written here goes on meaning the same files. Names of files are quoted
as each language wants it, because anybody may choose them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paddock.hub.http.paths import encode_path
from paddock.hub.types import Kind, Repository

_DATA_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json"}


class Snippet(NamedTuple):
    """How one tool gets at the repository."""

    tool: str
    text: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What is used: a repository at a commit, on a hub."""

    repo: Repository
    commit_oid: str
    endpoint: str
    paths: Sequence[str] = ()
    needs_token: bool = False
    has_chat: bool = False

    @property
    def name(self) -> str:
        return self.repo.full_name

    @property
    def address(self) -> str:
        """Of the repository, for git and curl."""
        return self.endpoint + self.repo.web_path

    def file(self, path: str) -> str:
        """Of a file's bytes."""
        return f"{self.address}/resolve/{self.commit_oid}/{encode_path(path)}"

    @property
    def shell_start(self) -> str:
        """What a shell has to know first."""
        lines = [f"export HF_ENDPOINT={shlex.quote(self.endpoint)}"]
        if self.needs_token:
            lines.append(
                "export HF_TOKEN=hf_…   # an access token of yours: Settings, Access tokens"
            )
        return "\n".join(lines)

    @property
    def python_start(self) -> str:
        """The same for Python, before anything is imported that reads it."""
        lines = ["import os", "", f'os.environ["HF_ENDPOINT"] = {json.dumps(self.endpoint)}']
        if self.needs_token:
            lines.append('os.environ["HF_TOKEN"] = "hf_…"  # an access token of yours')
        return "\n".join(lines)


def quick(used: Used) -> str:
    """The first thing that most people want."""
    kind = "" if used.repo.kind is Kind.MODEL else f"--repo-type {used.repo.kind} "
    lines = [used.shell_start, f"hf download {kind}{used.name}"]
    if used.repo.kind is Kind.MODEL:
        lines.append(f"paddock verify {used.name}")
    return "\n".join(lines)


def snippets(used: Used) -> list[Snippet]:
    """All of them, those for programs first."""
    if used.repo.kind is Kind.DATASET:
        return [_datasets(used), *_pandas(used), *_everywhere(used)]
    if used.repo.kind is not Kind.MODEL:
        return _everywhere(used)
    loads = _loads(used)
    return [*loads, _llama_cpp(used), _paddock(used), *_everywhere(used)]


def _loads(used: Used) -> list[Snippet]:
    facts = used.repo.facts or {}
    is_text = facts.get("pipeline_tag") in {None, "text-generation"}
    has_weights = any(path.endswith((".safetensors", ".bin")) for path in used.paths)
    if not has_weights or "config.json" not in used.paths:
        return []
    if not is_text:
        return [_pipeline(used, str(facts["pipeline_tag"]))]
    serve = f"vllm serve {used.name} --revision {used.commit_oid}"
    return [_transformers(used), Snippet("vllm", f"{used.shell_start}\n{serve}")]


def _transformers(used: Used) -> Snippet:
    at = f'{json.dumps(used.name)}, revision="{used.commit_oid}"'
    if used.has_chat:
        ask = """messages = [{"role": "user", "content": "Hello!"}]
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
)"""
    else:
        ask = 'inputs = tokenizer("Once upon a time", return_tensors="pt")'
    return Snippet(
        "transformers",
        f"""{used.python_start}

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({at})
model = AutoModelForCausalLM.from_pretrained({at})
{ask}
output = model.generate(**inputs, max_new_tokens=50)
print(tokenizer.decode(output[0], skip_special_tokens=True))""",
    )


def _pipeline(used: Used, task: str) -> Snippet:
    at = f'{json.dumps(task)}, {json.dumps(used.name)}, revision="{used.commit_oid}"'
    program = f"from transformers import pipeline\n\nmodel = pipeline({at})"
    return Snippet("transformers", f"{used.python_start}\n\n{program}")


def _llama_cpp(used: Used) -> Snippet:
    ggufs = sorted(path for path in used.paths if path.lower().endswith(".gguf"))
    if ggufs:
        path, name = ggufs[0], shlex.quote(ggufs[0].rpartition("/")[2])
        get = f"{_curl(used)} -o {name} {shlex.quote(used.file(path))}"
        note = f"one of {len(ggufs)} GGUF files" if len(ggufs) > 1 else None
        start = f"{used.shell_start}\n" if used.needs_token else ""
        return Snippet("llama.cpp", f"{start}{get}\nllama-server -m {name}", note)
    name = used.name.partition("/")[2]
    text = (
        f"{used.shell_start}\n"
        f"hf download {used.name} --revision {used.commit_oid} --local-dir {name}\n"
        f"paddock convert {name} {name}-gguf --to gguf --quant q8_0\n"
        f"llama-server -m {name}-gguf/*.gguf"
    )
    return Snippet("llama.cpp", text, "no GGUF file is here: paddock makes one")


def _paddock(used: Used) -> Snippet:
    at = f"{used.name}@{used.commit_oid}"
    lines = [used.shell_start, f"paddock verify {at}", f"paddock chat {at}", f"paddock serve {at}"]
    return Snippet("paddock", "\n".join(lines), "verify first; then chat, or serve OpenAI's API")


def _everywhere(used: Used) -> list[Snippet]:
    """What works with repositories of every kind."""
    kind = "" if used.repo.kind is Kind.MODEL else f"--repo-type {used.repo.kind} "
    download = f"hf download {kind}{used.name} --revision {used.commit_oid}"
    of_kind = "" if used.repo.kind is Kind.MODEL else f'repo_type="{used.repo.kind}", '
    client = (
        "from huggingface_hub import snapshot_download\n\n"
        f"folder = snapshot_download({json.dumps(used.name)}, {of_kind}"
        f'revision="{used.commit_oid}")\nprint(folder)'
    )
    found = [
        Snippet("hf", f"{used.shell_start}\n{download}"),
        Snippet("Python", f"{used.python_start}\n\n{client}"),
        Snippet("git", _git(used), "needs git-lfs for large files"),
    ]
    first = next((path for path in ("config.json", "README.md") if path in used.paths), None)
    if first is not None:
        start = f"{used.shell_start}\n" if used.needs_token else ""
        found.append(Snippet("curl", f"{start}{_curl(used)} -O {shlex.quote(used.file(first))}"))
    return found


def _curl(used: Used) -> str:
    return 'curl -fL -H "Authorization: Bearer $HF_TOKEN"' if used.needs_token else "curl -fL"


def _git(used: Used) -> str:
    folder = shlex.quote(used.name.partition("/")[2])
    header = '-c http.extraHeader="Authorization: Bearer $HF_TOKEN" ' if used.needs_token else ""
    start = f"{used.shell_start}\n" if used.needs_token else ""
    clone = f"git {header}clone {shlex.quote(used.address)} {folder}"
    return f"{start}{clone}\ngit -C {folder} checkout {used.commit_oid}"


def _datasets(used: Used) -> Snippet:
    load = f'data = load_dataset({json.dumps(used.name)}, revision="{used.commit_oid}")'
    program = f"from datasets import load_dataset\n\n{load}\nprint(data)"
    return Snippet("datasets", f"{used.python_start}\n\n{program}")


def _pandas(used: Used) -> list[Snippet]:
    """The first table, where everybody may have it."""
    if used.needs_token:
        return []
    for ending, reader in _DATA_READERS.items():
        path = next((path for path in used.paths if path.lower().endswith(ending)), None)
        if path is not None:
            lines = ", lines=True" if ending == ".jsonl" else ""
            call = f"data = pd.{reader}({json.dumps(used.file(path))}{lines})"
            return [Snippet("pandas", f"import pandas as pd\n\n{call}\nprint(data.head())")]
    return []
