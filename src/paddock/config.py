"""Settings: one typed table, filled from defaults, a file, the environment and flags, in order.

``paddock.toml`` in the working folder (or the file named by ``PADDOCK_CONFIG``) holds keys as they
are named here; each key ``k`` is also ``PADDOCK_K`` in the environment. The client's own variables,
``HF_ENDPOINT`` and ``HF_TOKEN``, are understood for ``hub_url`` and ``token``. A key that is not in
the table is an error wherever it stands: a setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from paddock.errors import BadInput

FILE_NAME = "paddock.toml"
MAX_FILE_BYTES = 1_000_000
_PREFIX = "PADDOCK_"
# Variables that begin like settings and are not: where the file is, the password of a key, and
# whether compiled loops are used (read before there are settings).
_NOT_SETTINGS = {"PADDOCK_CONFIG", "PADDOCK_KEY_PASSWORD", "PADDOCK_KERNELS"}


class BadSetting(BadInput):
    """A setting has an unknown name or an impossible value."""

    code = "bad_setting"


def _setting(default: Any, meaning: str, *, env: str | None = None, secret: bool = False) -> Any:
    """A row of the table: ``env`` is a second variable that is understood for it."""
    return field(default=default, metadata={"meaning": meaning, "env": env, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; ``paddock config`` prints it with where each value came from."""

    # The server
    data: Path = _setting(Path("paddock-data"), "folder of the embedded database and of the blobs")
    host: str = _setting("127.0.0.1", "address the server listens on")
    port: int = _setting(8000, "port the server listens on; 0 picks a free one")
    database_url: str | None = _setting(
        None,
        "PostgreSQL as postgresql://user@host/name; without it, SQLite inside data",
        secret=True,
    )
    # Large files in an S3-compatible store instead of the data folder
    s3_bucket: str | None = _setting(None, "bucket for blobs; without it, they are inside data")
    s3_prefix: str = _setting("", "folder of that bucket, to share it with others")
    s3_endpoint: str | None = _setting(
        None, "address of the store, without the bucket; without it, Amazon's of the region"
    )
    s3_region: str = _setting("us-east-1", "region of the bucket")
    s3_access_key: str | None = _setting(
        None, "access key; without one, what the machine's role gives"
    )
    s3_secret_key: str | None = _setting(None, "its secret", secret=True)
    s3_addressing: str = _setting(
        "path", "where a bucket's name stands: path (endpoint/bucket) or host (bucket.endpoint)"
    )
    s3_direct: str = _setting(
        "off", "on: clients move large files to and from the store themselves, by signed addresses"
    )
    s3_public_endpoint: str | None = _setting(
        None, "address under which clients reach the store, when it is not s3_endpoint"
    )
    public_url: str | None = _setting(
        None, "address under which clients reach the server, when a proxy stands before it"
    )
    # Another hub that this one mirrors on demand
    upstream: str | None = _setting(
        None, "address of a hub to mirror: what is not here is fetched from it when it is asked for"
    )
    upstream_token: str | None = _setting(None, "access token for that hub", secret=True)
    upstream_licences: str = _setting(
        "", "licence ids that may be mirrored, by commas; empty for any declared one, * for all"
    )
    upstream_for: str = _setting("users", "who may start a mirror of a repository: users, anyone")
    upstream_refresh_seconds: int = _setting(
        300, "after how long a mirror is compared with the other hub again"
    )
    # Background work
    workers: int = _setting(
        3, "jobs that the server runs at once; 0 leaves them all to `paddock worker`"
    )
    webhook_targets: str = _setting(
        "public", "public, or any: webhooks may then also be sent into the private network"
    )
    # Scans of what is uploaded
    unscanned: str = _setting(
        "serve",
        "serve, or refuse: weights are then for their writers alone until a scan has finished",
    )
    scan_copy_bytes: int = _setting(
        100 * 1000**3,
        "largest file that is copied to a temporary one for its scan, where it is not on this disk",
    )
    scan_memory: int = _setting(
        1 << 30, "bytes of memory that a scan may take, over what the program itself takes"
    )
    scan_seconds: int = _setting(
        60, "seconds that the scan of a small file may take; a larger one gets more in proportion"
    )
    scan_unpacked_bytes: int = _setting(
        16 * 1000**3, "bytes that the archives in one file may unpack to while they are scanned"
    )
    scan_second_opinions: str = _setting(
        "",
        "other scanners that `paddock scan` asks, by commas: picklescan, or picklescan=/its/path",
    )
    pull_request_bytes: int = _setting(
        10 * 1000**3,
        "bytes that a user may send for pull requests to a repository of others",
    )
    # E-mail
    smtp_url: str | None = _setting(
        None,
        "mail server as smtp://user:password@host:587 (STARTTLS) or smtps://…; without it, no "
        "e-mail is sent. A server on this machine, or with ?tls=none, is spoken to without TLS",
        secret=True,
    )
    mail_from: str = _setting(
        "", "whom letters come from: name@example.org, or Name <name@example.org>"
    )
    # People
    sign_up: str = _setting(
        "closed",
        "open: whoever likes makes an account at /join; invitation: who was invited does; "
        "closed: administrators make them",
    )
    invitations_by: str = _setting(
        "admins", "who may invite others to make an account: users, or admins alone"
    )
    sign_up_terms: str = _setting(
        "", "file of terms, in Markdown, that whoever makes an account must accept"
    )
    organizations_by: str = _setting(
        "users", "who may make an organization: users, or admins alone"
    )
    audit_log_days: int = _setting(0, "for how many days the audit log keeps an entry; 0: for good")
    audit_log_address_days: int = _setting(
        30,
        "for how many days it keeps the address somebody acted from, and the names of whoever "
        "deleted their account",
    )
    download_log_days: int = _setting(
        365,
        "for how many days it is kept who downloaded which file of a private or gated repository; "
        "0: not at all",
    )
    # Requests that one caller may send in five minutes; 0: as many as they like
    rate_limit_api: int = _setting(100_000, "requests to the API, of a caller in five minutes")
    rate_limit_resolvers: int = _setting(200_000, "requests for files, git and large files, so too")
    rate_limit_pages: int = _setting(50_000, "requests for pages, so too")
    trusted_issuers: str = _setting(
        "", "CI services whose jobs may be trusted publishers: addresses of issuers, by commas"
    )
    # The commands that talk to a hub
    hub_url: str = _setting(
        "http://127.0.0.1:8000", "hub to publish to and pull from", env="HF_ENDPOINT"
    )
    token: str | None = _setting(None, "access token for that hub", env="HF_TOKEN", secret=True)
    huggingface_url: str = _setting(
        "https://huggingface.co", "the hub that `to: huggingface` in a release file means"
    )
    huggingface_token: str | None = _setting(
        None, "access token for it; without one, token where that is the same hub", secret=True
    )
    config_home: Path = _setting(
        Path("~/.config/paddock"), "folder of your signing keys and of the keys you trust"
    )
    work_folder: Path = _setting(
        Path("~/.cache/paddock/work"),
        "folder of unfinished releases that have no place beside their release file",
    )
    # Converting checkpoints
    convert_memory: int = _setting(
        1_000_000_000, "bytes of memory that `paddock convert` may take, however large the model"
    )
    # Running models
    packed_folder: Path = _setting(
        Path("~/.cache/paddock/packed"),
        "folder of weights as the engine reads them, so that a model starts at once the next time",
    )
    packed_bytes: int = _setting(
        50 * 1000**3, "bytes that they may take: the longest unused go first; 0 keeps none"
    )
    # Serving models
    serve_models: str = _setting(
        "starter",
        "models that the hub itself serves under /v1: namespace/name by commas, starter for the "
        "one that `paddock up` released, * for all; empty for none",
    )
    serve_host: str = _setting("127.0.0.1", "address that `paddock serve` listens on")
    serve_port: int = _setting(8001, "port that `paddock serve` listens on; 0 picks a free one")
    serve_auth: str = _setting(
        "",
        "who may ask: none (everybody), hub (whoever has a token of the hub), or a file of tokens; "
        "empty for everybody on this machine alone",
    )
    serve_memory: int = _setting(
        0, "bytes of memory that models may take together; 0: four fifths of what is free"
    )
    serve_precision: str = _setting(
        "auto", "how weights are kept: auto (as stored), float32, bfloat16, int8, int4"
    )
    serve_threads: int = _setting(0, "threads that compute; 0: one for each core")
    serve_sequences: int = _setting(64, "requests that a model computes at once")
    serve_waiting: int = _setting(1024, "requests that may wait for a model, beyond those")
    serve_idle_seconds: int = _setting(
        0, "after how long a model that nobody uses is let go; 0: when its room is needed"
    )
    serve_drain_seconds: int = _setting(
        30, "how long answers may go on when the server is told to stop"
    )
    serve_requests_per_minute: int = _setting(0, "requests of a caller a minute; 0: no limit")
    serve_tokens_per_minute: int = _setting(0, "tokens of a caller a minute; 0: no limit")
    serve_concurrent: int = _setting(0, "requests of a caller at once; 0: no limit")
    serve_verify: str = _setting(
        "signed",
        "releases that may be loaded: signed (by a trusted key, where they are signed), always "
        "(no unsigned ones either), intact (also by unknown keys)",
    )
    serve_trust: str = _setting(
        "",
        "keys (PEM) or a trust file that alone count: nothing is loaded but releases that it "
        "vouches for; empty for your trust folder",
    )
    serve_scan: str = _setting(
        "auto", "scan before loading: auto (before vLLM loads it), always, never"
    )
    serve_policy: str = _setting(
        "", "a policy.yaml for every model, in place of the one beside it; none: no policy at all"
    )
    vllm: str = _setting("vllm", "the program that `paddock serve --engine vllm` starts")
    # Logs
    log_level: str = _setting("info", "debug, info, warning or error")
    log_format: str = _setting("auto", "text, json, or auto: text on a terminal")

    def __post_init__(self) -> None:
        """Folders in the home folder are written with ``~``, also by whoever makes this by hand."""
        for name, row in _FIELDS.items():
            if isinstance(row.default, Path):
                object.__setattr__(self, name, Path(getattr(self, name)).expanduser())


class Origin(NamedTuple):
    """A setting's value and where it came from."""

    value: Any
    origin: str


_FIELDS = {row.name: row for row in dataclasses.fields(Settings)}
_OTHER_ADDRESSES = ("database_url", "smtp_url")  # of no web
_CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("auto", "text", "json"),
    "webhook_targets": ("public", "any"),
    "upstream_for": ("users", "anyone"),
    "sign_up": ("open", "invitation", "closed"),
    "invitations_by": ("users", "admins"),
    "organizations_by": ("users", "admins"),
    "s3_addressing": ("path", "host"),
    "s3_direct": ("off", "on"),
    "unscanned": ("serve", "refuse"),
    "serve_precision": ("auto", "float32", "bfloat16", "int8", "int4"),
    "serve_verify": ("signed", "always", "intact"),
    "serve_scan": ("auto", "always", "never"),
}


def load_settings(
    flags: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force; a flag that is None was not given."""
    return Settings(**{k: o.value for k, o in explain_settings(flags, environ=environ).items()})


def explain_settings(
    flags: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None
) -> dict[str, Origin]:
    """Every setting with its origin, in the table's order."""
    environ = os.environ if environ is None else environ
    found = {name: Origin(row.default, "default") for name, row in _FIELDS.items()}
    found |= _from_file(environ)
    found |= _from_environment(environ)
    found |= {
        name: Origin(value, "flag") for name, value in (flags or {}).items() if value is not None
    }
    return {name: Origin(_checked(name, o), o.origin) for name, o in found.items()}


def meaning(name: str) -> str:
    """One line that says what a setting is for."""
    return str(_FIELDS[name].metadata["meaning"])


def is_secret(name: str) -> bool:
    """Whether the value must not be printed."""
    return bool(_FIELDS[name].metadata["secret"])


def _from_file(environ: Mapping[str, str]) -> dict[str, Origin]:
    named = environ.get("PADDOCK_CONFIG")
    path = Path(named) if named else Path(FILE_NAME)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadSetting(f"{path} is larger than {MAX_FILE_BYTES} bytes")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise BadSetting(f"PADDOCK_CONFIG names {named!r}, which does not exist") from None
        return {}
    except OSError as e:
        raise BadSetting(f"{path} cannot be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadSetting(f"{path} is not TOML: {e}") from e
    for key in content:
        if key not in _FIELDS:
            raise _unknown(key, f"in {path}", list(_FIELDS))
    return {key: Origin(value, str(path)) for key, value in content.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Origin]:
    known = {_PREFIX + name.upper(): name for name in _FIELDS}
    for variable in environ:
        if variable.startswith(_PREFIX) and variable not in known.keys() | _NOT_SETTINGS:
            raise _unknown(variable, "in the environment", list(known))
    found = {}
    for name, row in _FIELDS.items():
        for variable in (row.metadata["env"], _PREFIX + name.upper()):  # ours wins
            if variable and environ.get(variable):
                found[name] = Origin(environ[variable], variable)
    return found


def _unknown(key: str, where: str, known: list[str]) -> BadSetting:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`paddock config` lists every setting"
    return BadSetting(f"unknown setting {key!r} {where}", hint=hint)


def _checked(name: str, found: Origin) -> Any:
    """The value in its field's type; text from the environment is converted."""
    value, wanted = found
    default, kind = _FIELDS[name].default, str(_FIELDS[name].type)
    if value is None and "None" in kind:
        return None
    if kind == "int":
        return _whole_number(name, value, wanted)
    if not isinstance(value, str | Path):
        raise BadSetting(f"{name} from {wanted} must be text, not {value!r}")
    if isinstance(default, Path):
        return Path(value).expanduser()
    if name in _CHOICES and value not in _CHOICES[name]:
        raise BadSetting(
            f"{name} from {wanted} is {value!r}", hint=f"one of {', '.join(_CHOICES[name])}"
        )
    if name == "upstream" or (
        name.endswith(("_url", "_endpoint")) and name not in _OTHER_ADDRESSES
    ):
        return _web_address(name, str(value), wanted)
    return str(value)


def _whole_number(name: str, value: Any, origin: str) -> int:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadSetting(f"{name} from {origin} must be a whole number, not {value!r}")
    if name.endswith("port") and number > 65535:
        raise BadSetting(f"{name} from {origin} is {number}", hint="ports end at 65535")
    return number


def _web_address(name: str, value: str, origin: str) -> str:
    if not value.startswith(("http://", "https://")) or any(c.isspace() for c in value):
        raise BadSetting(
            f"{name} from {origin} is {value!r}, which is no web address",
            hint="write it as http://host:port or https://host",
        )
    return value.rstrip("/")
