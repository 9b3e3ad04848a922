"""policy.yaml to a ``Policy``: every key is known, every value has its type, every error a line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from paddock.errors import PaddockError
from paddock.release.spec.yaml_fields import Fields, Place
from paddock.release.spec.yaml_tree import Node, parse_yaml
from paddock.serve.policy.document import (
    BOTH,
    HAZARDS,
    UNNAMED,
    Action,
    Category,
    JudgeSpec,
    Policy,
    Rule,
    Stage,
)
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.phrases import MAX_WORD_CHARS, words_of
from paddock.serve.policy.refusals import REFUSALS
from paddock.serve.policy.scanning import compiled

API_VERSION: Final = "paddock/v1"
KIND: Final = "Policy"
MAX_PHRASES: Final = 50_000
MAX_PATTERNS: Final = 200
MAX_JUDGES: Final = 8
MAX_WINDOW_CHARS: Final = 20_000
MAX_REFUSAL_CHARS: Final = 2000
_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_TOP: Final = (
    "apiVersion", "kind", "language", "refusal", "categories", "rules", "judges", "on_failure",
    "window",
)  # fmt: skip
_JUDGE: Final = (
    "id", "plugin", "url", "llama_guard", "model", "key_env", "names", "threshold", "stages",
    "action", "tells_categories", "timeout_seconds",
)  # fmt: skip
_RULE: Final = (
    "id", "category", "phrases", "except", "patterns", "stages", "action", "replacement",
)  # fmt: skip


def parse_policy(content: bytes, file_name: str = "policy.yaml") -> Policy:
    """The policy in ``content``, its patterns tried; raises BadPolicy with file and line."""
    try:
        policy = _policy(content, file_name)
        for stage in Stage:
            compiled(policy.rules, stage)
    except BadPolicy:
        raise
    except PaddockError as e:  # the reader's own, which speaks of releases
        raise BadPolicy(e.message, hint=e.hint) from e
    return policy


def _policy(content: bytes, file_name: str) -> Policy:
    top = Fields(parse_yaml(content, file_name), Place(file_name, ""), _TOP)
    for key, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if top.required_text(key) != expected:
            raise top.bad(key, f"must be {expected!r}")
    categories = _categories(top)
    rules = tuple(_rule(item, top.place.inside("rules"), categories) for item in top.items("rules"))
    judges = tuple(
        _judge(item, top.place.inside("judges"), categories) for item in top.items("judges")
    )
    _check_sizes(top, rules, judges)
    language = top.choice("language", tuple(REFUSALS)) or "en"
    return Policy(
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
        categories=categories,
        rules=rules,
        judges=judges,
        open_stages=_open_stages(top),
        refusal=_refusal(top) or REFUSALS[language],
        window_chars=_whole_number(top, "window", 400, MAX_WINDOW_CHARS),
    )


def _categories(top: Fields) -> dict[str, Category]:
    known = {name: Category(name, told) for name, told in HAZARDS.items()}
    known[UNNAMED] = Category(UNNAMED, "Unsafe")
    for name, node in top.pairs("categories"):
        place = top.place.inside("categories")
        if not _ID.fullmatch(name):
            raise place.bad(node.line, f"{name[:80]!r} is no id: letters, digits, dots and dashes")
        fields = Fields(node, place.inside(name), ("description", "threshold", "refusal"))
        description = fields.text("description") or (
            known[name].description if name in known else ""
        )
        if not description:
            raise place.bad(node.line, f"the category {name} needs a description")
        threshold = _share(fields, "threshold")
        known[name] = Category(name, description, threshold, _refusal(fields))
    return known


def _rule(node: Node, place: Place, categories: Mapping[str, Category]) -> Rule:
    fields = Fields(node, place, _RULE)
    stages, action = _stages(fields), Action(fields.choice("action", _names(Action)) or "block")
    if action is Action.REDACT and stages != {Stage.AFTER}:
        raise fields.bad("action", "only answers can be redacted", "add `stages: [after]`")
    rule = Rule(
        id=_id(fields),
        category=_category(fields, categories),
        phrases=_phrases(fields, "phrases"),
        exceptions=_phrases(fields, "except"),
        patterns=fields.texts("patterns"),
        stages=stages,
        action=action,
        replacement=fields.text("replacement") or "[removed]",
    )
    if not rule.phrases and not rule.patterns:
        raise place.bad(node.line, f"the rule {rule.id} has neither phrases nor patterns")
    return rule


def _judge(node: Node, place: Place, categories: Mapping[str, Category]) -> JudgeSpec:
    fields = Fields(node, place, _JUDGE)
    kinds = {key: fields.text(key) for key in ("plugin", "url", "llama_guard")}
    if len([each for each in kinds.values() if each]) != 1:
        raise place.bad(node.line, "a judge needs one of plugin, url and llama_guard")
    if kinds["url"] and urlsplit(kinds["url"]).scheme not in ("http", "https"):
        raise fields.bad("url", "must begin with http:// or https://")
    action = Action(fields.choice("action", ("block", "log")) or "block")
    threshold = _share(fields, "threshold")
    return JudgeSpec(
        id=_id(fields),
        **kinds,
        model=fields.text("model"),
        key_env=fields.text("key_env"),
        names=_translated(fields, categories),
        threshold=0.5 if threshold is None else threshold,
        stages=_stages(fields),
        action=action,
        tells_categories=_yes(fields, "tells_categories"),
        timeout_seconds=float(_whole_number(fields, "timeout_seconds", 30, 600)),
    )


def _check_sizes(top: Fields, rules: tuple[Rule, ...], judges: tuple[JudgeSpec, ...]) -> None:
    ids = [rule.id for rule in rules] + [judge.id for judge in judges]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise top.bad("rules", f"the id {twice[0]!r} is there twice")
    phrases = sum(len(rule.phrases) + len(rule.exceptions) for rule in rules)
    patterns = sum(len(rule.patterns) for rule in rules)
    for key, count, most in (
        ("rules", phrases, MAX_PHRASES),
        ("rules", patterns, MAX_PATTERNS),
        ("judges", len(judges), MAX_JUDGES),
    ):
        if count > most:
            raise top.bad(key, f"{count} are more than the {most} there may be")


def _phrases(fields: Fields, key: str) -> tuple[str, ...]:
    texts = fields.texts(key)
    for text in texts:
        words = words_of(text)
        if not words or max(map(len, words)) > MAX_WORD_CHARS:
            raise fields.bad(key, f"{text[:80]!r} holds no word, or one that is too long")
    return texts


def _translated(fields: Fields, categories: Mapping[str, Category]) -> dict[str, str] | None:
    names = {}
    for theirs, node in fields.pairs("names"):
        if not isinstance(node.value, str) or node.value not in categories:
            raise fields.place.bad(node.line, f"{theirs} is given no category that there is")
        names[theirs] = node.value
    return names or None


def _open_stages(top: Fields) -> frozenset[Stage]:
    opened = set()
    for name, node in top.pairs("on_failure"):
        if name not in _names(Stage) or node.value not in ("open", "closed"):
            raise top.place.bad(node.line, "on_failure gives before and after as open or closed")
        if node.value == "open":
            opened.add(Stage(name))
    return frozenset(opened)


def _stages(fields: Fields) -> frozenset[Stage]:
    texts = fields.texts("stages")
    wrong = [each for each in texts if each not in _names(Stage)]
    if wrong:
        raise fields.bad("stages", f"{wrong[0]!r} is neither before nor after")
    return frozenset(map(Stage, texts)) or BOTH


def _category(fields: Fields, categories: Mapping[str, Category]) -> str:
    name = fields.required_text("category")
    if name not in categories:
        raise fields.bad("category", f"there is no category {name!r}", "describe it in categories")
    return name


def _id(fields: Fields) -> str:
    name = fields.required_text("id")
    if not _ID.fullmatch(name):
        raise fields.bad("id", f"{name[:80]!r} is no id: letters, digits, dots and dashes")
    return name


def _refusal(fields: Fields) -> str | None:
    text = fields.text("refusal")
    if text is not None and len(text) > MAX_REFUSAL_CHARS:
        raise fields.bad("refusal", f"is longer than {MAX_REFUSAL_CHARS} characters")
    return text


def _share(fields: Fields, key: str) -> float | None:
    node = fields.node(key)
    if node is None:
        return None
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise fields.bad(key, "must be a number above 0 and at most 1")
    return float(value)


def _whole_number(fields: Fields, key: str, otherwise: int, most: int) -> int:
    node = fields.node(key)
    value = otherwise if node is None else node.value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise fields.bad(key, f"must be a whole number from 1 to {most}")
    return value


def _yes(fields: Fields, key: str) -> bool:
    node = fields.node(key)
    if node is not None and not isinstance(node.value, bool):
        raise fields.bad(key, "must be true or false")
    return node is not None and node.value is True


def _names(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(each) for each in words)
