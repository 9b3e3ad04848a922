"""A hub's metadata at any size: realistic repositories as rows, the same ones every time.

Knows what the hub itself would have written for them (trees, blobs and commits are real git
objects); does not know databases. A repository has ten files, one in ten thousand has two thousand.
"""

from __future__ import annotations

import itertools
import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from paddock.hub.catalogue.texts import kind_word
from paddock.hub.catalogue.words import words_of
from paddock.hub.git.objects import GitObject, ObjectType, make_object
from paddock.hub.git.trees import FILE_MODE, TreeEntry, render_tree
from paddock.hub.large.pointers import Pointer, render_pointer
from paddock.hub.types import Kind

FAMILIES = ("llama-3.2", "qwen2.5", "mistral", "bert", "gpt2", "t5", "whisper", "gemma-2",
            "phi-3", "falcon", "deepseek", "mixtral", "stable-diffusion", "wav2vec2",
            "roberta", "yi")  # fmt: skip
SIZES = ("0.5b", "1b", "3b", "7b", "8b", "13b", "34b", "70b", "base", "small", "large", "tiny")
VARIANTS = ("instruct", "chat", "awq", "gptq-4bit", "gguf", "lora", "finetuned", "dpo", "sft",
            "v2", "merged", "code", "math", "medical", "german", "uncased")  # fmt: skip
TASKS = ("text-generation", "text-classification", "fill-mask", "automatic-speech-recognition",
         "text-to-image", "feature-extraction", "question-answering", "summarization")  # fmt: skip
LICENCES = ("apache-2.0", "mit", "llama3.2", "cc-by-4.0", "openrail", "gpl-3.0")
LANGUAGES = ("en", "de", "fr", "zh", "ja", "es", "sw", "hi", "ar", "pt")
MODEL_FILES = (".gitattributes", "README.md", "config.json", "generation_config.json",
               "merges.txt", "model.safetensors", "special_tokens_map.json", "tokenizer.json",
               "tokenizer_config.json", "vocab.json")  # fmt: skip
NAMESPACES_OF = 50  # repositories to a namespace
LARGE_EVERY, LARGE_FILES = 10_000, 2_000
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_CONTENTS = 500  # distinct contents of each file
_AS_SPACES = str.maketrans("/._-", "    ")
_TEXTS, _VOCABULARY = 500, 20_000


class Filed(NamedTuple):
    """A row and the table it belongs to; values in the order of that table's ``COLUMNS``."""

    table: str
    row: tuple[Any, ...]


COLUMNS = {
    "accounts": ("id", "public_id", "kind", "name", "key", "full_name", "is_admin",
                 "private_by_default", "created_at"),
    "large_files": ("sha256", "size_bytes", "is_blob"),
    "repositories": ("id", "public_id", "kind", "namespace_id", "full_name", "key", "is_private",
                     "gated", "sdk", "created_at", "updated_at", "downloads", "likes", "head_oid",
                     "card", "facts", "downloads_all_time", "trending", "parameters"),
    "repository_tags": ("repo_id", "tag"),
    "repository_terms": ("repo_id", "term"),
    "repository_texts": ("repo_id", "head", "words"),
    "repository_large_files": ("repo_id", "sha256", "pushed_at"),
    "git_objects": ("repo_id", "oid", "type", "size_bytes", "content", "lfs_sha256",
                    "lfs_size_bytes"),
    "commits": ("repo_id", "oid", "tree_oid", "parents", "height", "author", "committed_at",
                "message"),
    "refs": ("repo_id", "name", "oid", "commit_oid"),
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What a measurement asks for: as many repositories as were made, found by number."""

    repositories: int
    first_account: int = 1000
    with_cards: bool = False  # whole cards, as a page shows them; else a line
    with_files: bool = True  # else what lists are made of, and nothing that is listed can be opened

    def namespace(self, number: int) -> str:
        """The namespace of a repository; a tenth of them own half of everything."""
        count = max(self.repositories // NAMESPACES_OF, 3)
        place = (number * 7919) % count
        place = place if number % 2 else place % max(count // 10, 1)
        return f"{FAMILIES[place % len(FAMILIES)].split('-')[0].replace('.', '')}-lab-{place}"

    def account_id(self, namespace: str) -> int:
        return self.first_account + int(namespace.rpartition("-")[2])

    def kind(self, number: int) -> str:
        return "space" if number % 20 == 7 else "dataset" if number % 4 == 2 else "model"

    def full_name(self, number: int) -> str:
        size = SIZES[(number // 7) % len(SIZES)]
        variant = VARIANTS[(number // 3) % len(VARIANTS)]
        family = FAMILIES[number % len(FAMILIES)]
        return f"{self.namespace(number)}/{family}-{size}-{variant}-{self.marker(number)}"

    def marker(self, number: int) -> str:
        """The part of a name that no other has."""
        return f"{zlib.crc32(b'%d' % number):08x}{number % 16:x}"

    def is_large(self, number: int) -> bool:
        return number % LARGE_EVERY == 1 or number in {5, 9}

    def is_private(self, number: int) -> bool:
        return number % 33 == 8


def rows(names: Names) -> Iterator[Filed]:
    """Everything, parents before what refers to them."""
    yield from _accounts(names)
    pool = _Pool(with_cards=names.with_cards)
    for pointer in pool.pointers.values():
        yield Filed("large_files", (pointer.sha256, pointer.size_bytes, True))
    for number in range(names.repositories):
        yield from _repository(names, pool, number)


class _Pool:
    """Contents that many repositories share, so that few digests are computed."""

    def __init__(self, *, with_cards: bool) -> None:
        self.blobs: dict[str, list[GitObject]] = {}
        self.pointers: dict[str, Pointer] = {}
        self.texts = [_text(number) for number in range(_TEXTS)]
        noise = random.Random(0)
        for path, number in itertools.product(MODEL_FILES, range(_CONTENTS)):
            content = f"{path} {number}\n".encode() * (1 + number % 9)
            if path == "model.safetensors":
                pointer = Pointer(f"{noise.getrandbits(256):064x}", 1_000_000 * (number + 1))
                content = render_pointer(pointer)
                self.pointers[pointer.sha256] = pointer
            if path == "README.md" and with_cards:
                content = _card(number, self.texts[number % _TEXTS])
            self.blobs.setdefault(path, []).append(make_object(ObjectType.BLOB, content))

    def files(self, number: int, count: int) -> dict[str, GitObject]:
        """Paths and blobs of a repository, in git's order."""
        chosen = {
            path: self.blobs[path][(number * 31 + place) % _CONTENTS]
            for place, path in enumerate(MODEL_FILES)
        }
        shards = self.blobs["vocab.json"]
        for extra in range(count - len(chosen)):
            chosen[f"part-{extra:05d}.json"] = shards[extra % _CONTENTS]
        return dict(sorted(chosen.items()))


def _text(number: int) -> list[str]:
    """Prose whose words are as frequent as words are: few of them everywhere, most rarely."""
    chance = random.Random(f"text {number}")
    return [_word(int(_VOCABULARY ** chance.random())) for _ in range(400)]


def _word(rank: int) -> str:
    """The word of a rank: two to four syllables, the same every time."""
    chance = random.Random(f"word {rank}")
    letters = chance.choices("bdfgklmnprstvz", k=chance.randint(2, 4))
    return "".join(letter + chance.choice("aeiou") for letter in letters)


def common_words(count: int) -> list[str]:
    """Words that many texts have, the most frequent ones left out."""
    return [_word(rank) for rank in range(20, 20 + count)]


def _card(number: int, words: list[str]) -> bytes:
    """A card of some four kilobytes: front matter, sections, a table, code."""
    lines = ["---", f"license: {LICENCES[number % len(LICENCES)]}", "language: en", "---", "# Card"]
    for start in range(0, 400, 80):
        lines += ["", f"## {words[start].capitalize()}", "", " ".join(words[start : start + 80])]
    lines += ["", "| benchmark | value |", "|---|---|", *(f"| {w} | 0.5 |" for w in words[:12])]
    lines += ["", "```python", "from transformers import pipeline", "```", ""]
    return "\n".join(lines).encode()


def _accounts(names: Names) -> Iterator[Filed]:
    seen = {names.namespace(number) for number in range(names.repositories)}
    for name in sorted(seen, key=names.account_id):
        id_ = names.account_id(name)
        values = (id_, f"{id_:024x}", "org", name, name.lower(), name, False, False, _EPOCH)
        yield Filed("accounts", values)


def _repository(names: Names, pool: _Pool, number: int) -> Iterator[Filed]:
    moment = _EPOCH + timedelta(seconds=number * 60 + (number * 7919) % 1_000_000)
    if names.with_files:
        yield from _files(names, pool, number, moment)
    else:
        yield Filed("repositories", _row(names, number, moment, "0" * 40))
    repo_id = number + 1
    own = tags(number)
    for tag in sorted(own):
        yield Filed("repository_tags", (repo_id, tag))
    for term in sorted(terms(names.kind(number), number)):
        yield Filed("repository_terms", (repo_id, term))
    words = dict.fromkeys([*pool.texts[number % _TEXTS], *words_of(own)])
    parts = names.full_name(number).lower().translate(_AS_SPACES)
    head = f" {kind_word(Kind(names.kind(number)))} {parts}"
    yield Filed("repository_texts", (repo_id, head, " " + " ".join(words)))


def _files(names: Names, pool: _Pool, number: int, moment: datetime) -> Iterator[Filed]:
    """The repository with its one commit."""
    repo_id = number + 1
    files = pool.files(number, LARGE_FILES if names.is_large(number) else len(MODEL_FILES))
    tree = make_object(
        ObjectType.TREE, render_tree([TreeEntry(p, FILE_MODE, b.oid) for p, b in files.items()])
    )
    commit = _commit(tree.oid, moment)
    yield Filed("repositories", _row(names, number, moment, commit.oid))
    objects = {item.oid: item for item in (*files.values(), tree, commit)}
    for oid in sorted(objects):
        item = objects[oid]
        pointer = item.pointer
        of_pointer = (pointer.sha256, pointer.size_bytes) if pointer else (None, None)
        yield Filed(
            "git_objects",
            (repo_id, oid, int(item.type), item.size_bytes, item.content, *of_pointer),
        )
        if pointer:
            yield Filed("repository_large_files", (repo_id, pointer.sha256, moment))
    author = "admin <admin@example.org>"
    yield Filed("commits", (repo_id, commit.oid, tree.oid, "", 1, author, moment, "Upload"))
    yield Filed("refs", (repo_id, "refs/heads/main", commit.oid, commit.oid))


def _commit(tree_oid: str, moment: datetime) -> GitObject:
    who = f"admin <admin@example.org> {int(moment.timestamp())} +0000"
    text = f"tree {tree_oid}\nauthor {who}\ncommitter {who}\n\nUpload\n"
    return make_object(ObjectType.COMMIT, text.encode())


def tags(number: int) -> set[str]:
    """About ten; from "every second repository" to "this one alone"."""
    family = FAMILIES[number % len(FAMILIES)]
    return {
        "transformers", "safetensors", TASKS[number % len(TASKS)], family, "region:us",
        f"license:{LICENCES[number % len(LICENCES)]}", LANGUAGES[(number // 5) % len(LANGUAGES)],
        f"base_model:meta/{family}-{SIZES[number % len(SIZES)]}",
        f"dataset:corpora/set-{number % 5000}", f"arxiv:2401.{number % 20000:05d}",
    }  # fmt: skip


def terms(kind: str, number: int) -> set[str]:
    """Of models alone: one in four is a release, one in forty in a class."""
    if kind != "model":
        return set()
    family = FAMILIES[number % len(FAMILIES)].split("-")[0]
    found = {f"family:{family}", "architecture:LlamaForCausalLM", "format:safetensors"}
    if number % 4:
        return found | {"gate:none"}
    found |= {f"gate:{'waived' if number % 24 == 0 else 'passed'}", "evaluation:results"}
    return found | {f"openness:{1 + number % 3 if number % 40 == 0 else 0}"}


def _row(names: Names, number: int, moment: datetime, head_oid: str) -> tuple[Any, ...]:
    kind, full_name = names.kind(number), names.full_name(number)
    popularity = 1_000_000 // (1 + (number * 7919) % 1_000_003)  # few have much, most have none
    library = "transformers" if kind == "model" else None
    parameters = 500_000_000 * (1 + number % 140) if kind == "model" else None
    card = {"license": LICENCES[number % len(LICENCES)], "tags": sorted(tags(number))[:3]}
    facts = {
        "pipeline_tag": TASKS[number % len(TASKS)] if kind == "model" else None,
        "library_name": library,
        "config": {"architectures": ["LlamaForCausalLM"], "model_type": "llama"},
        "transformers_info": None,
        "base_models": None,
        "tags": sorted(tags(number)),
        "gguf_bytes": 0,
        "used_storage": 1_000_000 + number,
        "formats": ["safetensors"],
        "release": None,
    }
    if parameters:
        facts["safetensors"] = {"parameters": {"BF16": parameters}, "total": parameters}
    return (
        number + 1, f"{number + 1:024x}", kind, names.account_id(names.namespace(number)),
        full_name, full_name.lower(), names.is_private(number),
        "auto" if number % 101 == 3 else None, "gradio" if kind == "space" else None, moment,
        moment + timedelta(minutes=number % 1000), popularity * 10, popularity, head_oid,
        json.dumps(card), json.dumps(facts), popularity * 30, popularity // 2, parameters,
    )  # fmt: skip
