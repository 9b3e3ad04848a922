"""Model, dataset and space cards: what their metadata says, and whether it may be said so.

Pure. The messages follow the Hub's, because people search for them. An error keeps the card out of
a repository; a warning is shown to whoever uploads it. Keys that are not known here are the card's
own business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from paddock.errors import BadInput
from paddock.front_matter import BadFrontMatter, parse_front_matter, split_document
from paddock.hub.catalogue.card_warnings import card_warnings
from paddock.hub.types import Kind
from paddock.licences import LICENCE_IDS, is_licence

NO_METADATA = "empty or missing yaml metadata in repo card"
SPACE_SDKS = ("gradio", "streamlit", "docker", "static")
SPACE_COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
MAX_ERRORS = 20
_MAX_EMOJI_CHARS = 16
_MAX_SHORT_DESCRIPTION_CHARS = 60
_MODEL_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?", re.ASCII)
_DATASET_LISTS = (
    "task_categories", "task_ids", "size_categories", "multilinguality", "source_datasets",
    "annotations_creators", "language_creators",
)  # fmt: skip

_Type = tuple[type | tuple[type, ...], str]  # a value's, and how it is called
_TEXT: _Type = (str, "a string")
_TRUTH: _Type = (bool, "a boolean")
_TYPES: dict[str, _Type] = {
    "pipeline_tag": _TEXT,
    "library_name": _TEXT,
    "license_name": _TEXT,
    "license_link": _TEXT,
    "pretty_name": _TEXT,
    "base_model_relation": _TEXT,
    "extra_gated_prompt": _TEXT,
    "extra_gated_heading": _TEXT,
    "extra_gated_description": _TEXT,
    "extra_gated_button_content": _TEXT,
    "extra_gated_fields": (dict, "of type object"),
    "extra_gated_retention_days": (int, "a number"),
    "extra_gated_response_days": (int, "a number"),
    "extra_gated_terms": ((bool, str, list), "true, or a list of names"),
    "extra_gated_terms_version": ((str, int, float), "a string"),
    "extra_gated_reaccept": _TEXT,
}
_SPACE_TYPES: dict[str, _Type] = {
    "title": _TEXT,
    "short_description": _TEXT,
    "app_file": _TEXT,
    "app_port": (int, "a number"),
    "sdk_version": ((str, int, float), "a string"),
    "python_version": ((str, int, float), "a string"),
    "suggested_hardware": _TEXT,
    "pinned": _TRUTH,
    "fullWidth": _TRUTH,
    "disable_embedding": _TRUTH,
    "hf_oauth": _TRUTH,
}


class BadCard(BadInput):
    """A README whose metadata no reader could use."""

    code = "bad_card"


class CardReport(NamedTuple):
    """What is wrong with a card, and its metadata where that can be read."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    metadata: dict[str, Any] | None


def validate_card(text: str, kind: Kind) -> CardReport:
    """Read a README and say everything that is wrong with its metadata. Never raises."""
    source = split_document(text).front_matter
    if source is None:
        return CardReport((), (NO_METADATA,), None)
    try:
        metadata = parse_front_matter(source)
    except BadFrontMatter as e:
        return CardReport((e.message,), (), None)
    if metadata is None or metadata == {}:
        return CardReport((), (NO_METADATA,), None)
    if not isinstance(metadata, dict):
        return CardReport(('"metadata" must be of type object',), (), None)
    errors = tuple(islice(_errors(metadata, kind), MAX_ERRORS))
    warnings = tuple(islice(card_warnings(metadata, kind), MAX_ERRORS))
    return CardReport(errors, warnings, metadata)


def check_card(text: str, kind: Kind) -> None:
    """Raise BadCard, with everything that is wrong, unless the card may be published."""
    errors = validate_card(text, kind).errors
    if errors:
        raise BadCard(
            "Invalid metadata in README.md: " + "; ".join(errors),
            hint="correct the block between the two '---' lines at its beginning",
        )


def read_metadata(text: str) -> dict[str, Any] | None:
    """The metadata of a card that somebody accepted earlier, or None where there is none."""
    return validate_card(text, Kind.MODEL).metadata


def texts(value: Any) -> list[str]:
    """A field that may be one text or a list of them, as a list; anything else counts as absent."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _errors(metadata: dict[str, Any], kind: Kind) -> Iterator[str]:
    yield from _licence_errors(metadata.get("license"))
    yield from _text_list_errors("tags", metadata.get("tags"), one_is_enough=False)
    for key in ("language", "datasets", "base_model"):
        if kind is Kind.DATASET and key != "language":
            continue
        yield from _text_list_errors(key, metadata.get(key), one_is_enough=True)
    yield from _type_errors(metadata, _TYPES)
    yield from _base_model_errors(metadata.get("base_model"), kind)
    yield from _model_index_errors(metadata.get("model-index"))
    if kind is Kind.DATASET:
        for key in _DATASET_LISTS:
            yield from _text_list_errors(key, metadata.get(key), one_is_enough=True)
    if kind is Kind.SPACE:
        yield from _space_errors(metadata)


def _type_errors(metadata: dict[str, Any], types: dict[str, _Type]) -> Iterator[str]:
    for key, (type_, what) in types.items():
        value = metadata.get(key)
        allowed = type_ if isinstance(type_, tuple) else (type_,)
        is_it = isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
        if value is not None and not is_it:
            yield f'"{key}" must be {what}'


def _base_model_errors(value: Any, kind: Kind) -> Iterator[str]:
    if kind is not Kind.MODEL:
        return
    for name in texts(value):
        if not _MODEL_ID.fullmatch(name):
            yield (
                f'"base_model" with value "{name[:100]}" is not valid. '
                "Use a model id from https://hf.co/models."
            )


def _licence_errors(value: Any) -> Iterator[str]:
    items = value if isinstance(value, list) else [value]
    for item in items:
        if item is not None and not (isinstance(item, str) and is_licence(item)):
            yield f'"license" must be one of [{", ".join(LICENCE_IDS)}]'
            return


def _text_list_errors(key: str, value: Any, *, one_is_enough: bool) -> Iterator[str]:
    if value is None or (one_is_enough and isinstance(value, str)):
        return
    if not isinstance(value, list):
        yield (
            f'"{key}" must be a string or an array'
            if one_is_enough
            else (f'"{key}" must be an array')
        )
        return
    for position, item in enumerate(value):
        if not isinstance(item, str):
            yield f'"{key}[{position}]" must be a string'


def _model_index_errors(value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, list):
        yield '"model-index" must be an array'
        return
    for position, model in enumerate(value):
        place = f"model-index[{position}]"
        if not isinstance(model, dict):
            yield f'"{place}" must be of type object'
            continue
        yield from _required(place, model, "name")
        results = model.get("results")
        if not isinstance(results, list):
            yield f'"{place}.results" must be an array'
            continue
        for number, result in enumerate(results):
            yield from _result_errors(f"{place}.results[{number}]", result)


def _result_errors(place: str, result: Any) -> Iterator[str]:
    if not isinstance(result, dict):
        yield f'"{place}" must be of type object'
        return
    for part, keys in (("task", ("type",)), ("dataset", ("type", "name"))):
        value = result.get(part)
        if not isinstance(value, dict):
            yield f'"{place}.{part}" is required'
            continue
        for key in keys:
            yield from _required(f"{place}.{part}", value, key)
    metrics = result.get("metrics")
    if not isinstance(metrics, list):
        yield f'"{place}.metrics" must be an array'
        return
    for number, metric in enumerate(metrics):
        if not isinstance(metric, dict):
            yield f'"{place}.metrics[{number}]" must be of type object'
            continue
        yield from _required(f"{place}.metrics[{number}]", metric, "type")
        if "value" not in metric:
            yield f'"{place}.metrics[{number}].value" is required'


def _required(place: str, mapping: dict[str, Any], key: str) -> Iterator[str]:
    value = mapping.get(key)
    if value is None:
        yield f'"{place}.{key}" is required'
    elif not isinstance(value, str):
        yield f'"{place}.{key}" must be a string'


def _space_errors(metadata: dict[str, Any]) -> Iterator[str]:
    choices = {"sdk": SPACE_SDKS, "colorFrom": SPACE_COLORS, "colorTo": SPACE_COLORS}
    for key, allowed in choices.items():
        value = metadata.get(key)
        if value is not None and value not in allowed:
            yield f'"{key}" must be one of [{", ".join(allowed)}]'
    yield from _type_errors(metadata, _SPACE_TYPES)
    for key in ("models", "datasets"):
        yield from _text_list_errors(key, metadata.get(key), one_is_enough=False)
    said = metadata.get("short_description")
    if isinstance(said, str) and len(said) > _MAX_SHORT_DESCRIPTION_CHARS:
        yield (
            '"short_description" length must be less than or equal to '
            f"{_MAX_SHORT_DESCRIPTION_CHARS} characters long"
        )
    emoji = metadata.get("emoji")
    if emoji is not None and not _is_emoji(emoji):
        yield '"emoji" must be an emoji'


def _is_emoji(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_EMOJI_CHARS:
        return False
    return not any(character.isalpha() for character in value) and not value.isascii()
