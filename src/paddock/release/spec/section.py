"""What every section of release.yaml has in common: closed, frozen, strict, and described.

A section is a pydantic model: one definition says what is read, what the published JSON schema says
and what an editor shows. Its fields are named as in the file, or carry the file's word as an alias.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic import WithJsonSchema as Schema
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError

from paddock.release.files.paths import glob_problem, path_problem
from paddock.release.spec.yaml_fields import MAX_TEXT_CHARS, nearest

UNKNOWN_KEY, WRONG = "unknown_key", "wrong_value"
MAX_ITEMS = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


class Section(BaseModel):
    """A mapping of the file: unknown keys are errors, nothing is converted, nothing changes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _keys(cls, given: Any) -> Any:
        """An unknown key is told with the nearest right one."""
        if isinstance(given, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            allowed = known | set(cls.model_fields)
            for key in given:
                if key not in allowed:
                    hint = nearest(key, known) or f"known keys: {', '.join(sorted(known))}"
                    raise PydanticCustomError(
                        UNKNOWN_KEY, "unknown key", {"key": key, "hint": hint}
                    )
        return given


def wrong(sentence: str, hint: str | None = None) -> PydanticCustomError:
    """A refusal in our words; the reader adds file, line and key."""
    return PydanticCustomError(WRONG, "{sentence}", {"sentence": sentence, "hint": hint})


def _text(value: str) -> str:
    if not value.strip():
        raise wrong("is empty")
    if len(value) > MAX_TEXT_CHARS:
        raise wrong(f"is longer than {MAX_TEXT_CHARS} characters")
    if any(ord(c) < 32 and c not in "\n\t" for c in value):
        raise wrong("holds a control character")
    return value


def _as_items(value: object) -> object:
    """One alone counts as a list of one; nothing said is nothing."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        return (value,)
    if len(value) > MAX_ITEMS:
        raise wrong(f"has {len(value)} items, more than {MAX_ITEMS}")
    return tuple(value)


def _as_list(value: object) -> object:
    if value is not None and not isinstance(value, list | tuple):
        raise wrong("must be a list")
    return _as_items(value)


def _glob(value: str) -> str:
    if problem := glob_problem(value):
        raise wrong(f"{value[:80]!r} is not usable: {problem}")
    return value


def _path(value: str) -> str:
    """A path inside the folder of the file, without a trailing slash; the folder itself is '.'."""
    path = value.rstrip("/")
    if path == "." or (value and not path and not value.startswith("/")):
        return "."
    if problem := path_problem(path or "/"):
        raise wrong(f"{value[:80]!r} must stay inside the folder of the release file: {problem}")
    return path


def _date(value: object) -> object:
    if isinstance(value, datetime.date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise wrong(f"{value!r:.40} is not a date like 2026-11-20")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError as e:
        raise wrong(f"{value!r} is not a day of the calendar") from e


def _moment(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return value
    try:
        moment = datetime.datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as e:
        raise wrong(f"{value!r:.60} is not a time like 2026-11-20T09:00:00Z") from e
    if moment.tzinfo is None:
        raise wrong(f"{value!r:.60} says no time zone", "end it with Z")
    return moment


def _no_truth(value: object) -> object:
    """``true`` is no number, although it would pass for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "Input should be a valid number")
    return value


def _sha256(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise wrong(f"{value[:80]!r} is not 64 lower-case hex digits")
    return value


@dataclass(frozen=True)
class AlsoWritten:
    """What an editor accepts beside the type itself: what a validator turns into it."""

    shape: Callable[[dict[str, Any]], dict[str, Any]]

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core)
        return {"anyOf": [self.shape(schema), schema]}


def written_as(pattern: re.Pattern[str]) -> FieldInfo:
    """What an editor is told of a text's form, where a validator says the rest in words."""
    info: FieldInfo = Field(json_schema_extra={"pattern": f"^{pattern.pattern}$"})
    return info


def without_repeats(items: Iterable[Any], what: str = "there twice") -> None:
    """Refuse a list that names the same thing again."""
    seen: set[Any] = set()
    for item in items:
        if item in seen:
            raise wrong(f"{item!r:.120} is {what}")
        seen.add(item)


Text = Annotated[str, AfterValidator(_text)]
Glob = Annotated[str, AfterValidator(_text), AfterValidator(_glob)]
FilePath = Annotated[str, AfterValidator(_text), AfterValidator(_path)]
Sha256 = Annotated[str, AfterValidator(_sha256), written_as(_SHA256)]
Day = Annotated[
    datetime.date,
    BeforeValidator(_date),
    Schema({"type": "string", "format": "date", "pattern": f"^{_DATE.pattern}$"}),
]
Moment = Annotated[
    datetime.datetime, BeforeValidator(_moment), Schema({"type": "string", "format": "date-time"})
]
Share = Annotated[float, BeforeValidator(_no_truth), Field(ge=0, le=1, strict=False)]
Number = Annotated[float, BeforeValidator(_no_truth), Field(strict=False, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]

# A list whose single item may stand alone, and one that must be written as a list.
Many = Annotated[
    tuple[T, ...],
    BeforeValidator(_as_items),
    Field(strict=False),
    AlsoWritten(lambda schema: dict(schema["items"])),
]
Listed = Annotated[tuple[T, ...], BeforeValidator(_as_list), Field(strict=False)]
