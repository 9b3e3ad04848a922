"""What a form says a webhook shall be, and what stands in it when it is shown again.

The rules are the hub's (``hub.webhooks.wanted``): where deliveries may go is decided there. A
secret is read and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form

from paddock.hub.webhooks import wanted
from paddock.hub.webhooks.hooks import Changes, Webhook
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text

_MAX_WATCHED_CHARS: Final = wanted.MAX_WATCHED * (wanted.MAX_NAME_CHARS + 20)


@dataclass(frozen=True, slots=True)
class Draft:
    """A webhook as it stands in the form."""

    url: str = ""
    watched: str = ""  # a kind and a name on each line, as ``hf webhooks create --watch`` has them
    domains: tuple[str, ...] = wanted.DOMAINS
    secret: str = ""
    has_no_secret: bool = False  # what is kept shall go

    @classmethod
    def of(cls, webhook: Webhook) -> Draft:
        """The webhook as it is."""
        lines = "\n".join(f"{item.kind}:{item.name}" for item in webhook.watched)
        return cls(webhook.url, lines, webhook.domains)

    def changes(self, targets: str) -> Changes:
        """The same, checked; raises BadWebhook."""
        lines = [line.strip() for line in self.watched.splitlines() if line.strip()]
        items = [{"type": k.strip(), "name": n.strip()} for k, _, n in _split(lines)]
        secret = "" if self.has_no_secret else self.secret or None
        return Changes(
            url=wanted.check_url(self.url.strip(), targets=targets),
            watched=wanted.check_watched(items),
            domains=wanted.check_domains(self.domains),
            secret=None if secret is None else wanted.check_secret(secret),
        )


def _split(lines: list[str]) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in lines]


def _draft(
    visitor: VisitorDep,
    form_key: Text = "",
    url: Text = "",
    watched: Annotated[str, Form(max_length=_MAX_WATCHED_CHARS)] = "",
    domain: Annotated[list[str], Form(max_length=10)] = [],  # noqa: B006  (never changed)
    secret: Text = "",
    no_secret: Text = "",
) -> Draft:
    visitor.check_form(form_key)
    visitor.require_user()
    return Draft(url, watched, tuple(domain), secret, bool(no_secret))


DraftDep = Annotated[Draft, Depends(_draft)]
