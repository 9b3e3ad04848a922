"""``publish``: where the release goes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag

from paddock.release.spec.section import FilePath, Section, Text, wrong
from paddock.release.target import is_repo_id

HUGGING_FACE_URL = "https://huggingface.co"
_OCI_REF = re.compile(
    r"[a-z0-9.-]+(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*){1,8}(?::[A-Za-z0-9_][\w.-]{0,127})?"
)


def _repo(value: str) -> str:
    if not is_repo_id(value):
        raise wrong(f"{value[:120]!r} is not namespace/name")
    return value


def _url(value: str) -> str:
    if urlsplit(value).scheme not in {"http", "https"}:
        raise wrong(f"{value[:120]!r} is not an http or https address")
    return value


def _ref(value: str) -> str:
    if not _OCI_REF.fullmatch(value):
        raise wrong(
            f"{value[:160]!r} is not REGISTRY/NAME[:TAG]", "registry.example/acme/model:1.0.0"
        )
    return value


class _Repository(Section):
    """What a repository is named by, on whichever hub."""

    to: Literal["hub", "huggingface"] = Field(description="This kind of place.")
    repo: Annotated[str, AfterValidator(_repo)] = Field(description="NAMESPACE/NAME.")
    url: Annotated[str, AfterValidator(_url)] | None = Field(
        None, description="The hub's address, which must be that of your settings."
    )
    gated: Literal["auto", "manual", False] | None = Field(
        None, description="Must agree with access.mechanism."
    )


class HubDestination(_Repository):
    """A repository on a hub; ``url`` None means the hub of the settings."""

    to: Literal["hub"] = Field("hub", description="This kind of place.")

    def place(self, hub_url: str) -> str:
        """Where that is, in words; ``hub_url`` is the hub of the settings."""
        return f"{(self.url or hub_url).rstrip('/')}/{self.repo}"


class HuggingFaceDestination(_Repository):
    """A repository on the Hugging Face Hub, or what ``url`` names instead."""

    to: Literal["huggingface"] = Field("huggingface", description="This kind of place.")

    def place(self, _hub_url: str) -> str:
        """Where that is, in words."""
        return f"{(self.url or HUGGING_FACE_URL).rstrip('/')}/{self.repo}"


class FolderDestination(Section):
    """A folder, relative to the release file's."""

    to: Literal["folder"] = Field("folder", description="This kind of place.")
    path: FilePath = Field(description="Beside the release file.")

    def place(self, _hub_url: str) -> str:
        """Where that is, in words."""
        return f"the folder {self.path}"


class OciDestination(Section):
    """A CNCF ModelPack in a registry; the tag is the version unless the reference has one."""

    to: Literal["oci"] = Field("oci", description="This kind of place.")
    ref: Annotated[Text, AfterValidator(_ref)] = Field(description="REGISTRY/NAME[:TAG].")
    plain_http: bool = Field(False, description="For a registry on this machine.")

    def place(self, _hub_url: str) -> str:
        """Where that is, in words."""
        return f"oci://{self.ref}"


def _kind(value: Any) -> Any:
    return value.get("to") if isinstance(value, dict) else getattr(value, "to", None)


Destination = Annotated[
    Annotated[HubDestination, Tag("hub")]
    | Annotated[HuggingFaceDestination, Tag("huggingface")]
    | Annotated[FolderDestination, Tag("folder")]
    | Annotated[OciDestination, Tag("oci")],
    Discriminator(_kind),
]
