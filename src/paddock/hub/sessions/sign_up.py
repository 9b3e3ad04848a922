"""Who makes accounts here, as the settings say, and the terms that whoever does must accept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import BadInput

MAX_TERMS_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class SignUp:
    """The rule, the terms, and who may invite."""

    rule: str = "closed"  # "open" | "invitation" | "closed"
    terms: str | None = None  # Markdown
    invites_by: str = "admins"  # or "users"

    @property
    def is_open(self) -> bool:
        """Whether strangers make accounts."""
        return self.rule == "open"

    def lets_bring_in(self, *, is_admin: bool) -> bool:
        """Whether somebody may invite others to make accounts."""
        return self.is_open or (
            self.rule == "invitation" and (is_admin or self.invites_by == "users")
        )

    @property
    def terms_sha256(self) -> str | None:
        """What tells these terms from others."""
        return None if self.terms is None else sha256_hex(self.terms.encode())


def read_sign_up(rule: str, terms_file: str, invites_by: str = "admins") -> SignUp:
    """The settings, the terms read once; raises BadInput for a file that cannot be."""
    if not terms_file:
        return SignUp(rule, None, invites_by)
    path = Path(terms_file).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TERMS_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"sign_up_terms: {path} cannot be read as text ({e})") from e
    if len(content) > MAX_TERMS_BYTES:
        raise BadInput(f"sign_up_terms: {path} is larger than {MAX_TERMS_BYTES} bytes")
    return SignUp(rule, text, invites_by)
