"""Only the site's administrators get in; others hear that the page is not theirs."""

from __future__ import annotations

from paddock.errors import Forbidden
from paddock.hub.access import is_site_admin, require_user
from paddock.web.browser import Visitor

START = "/administration"


def require_administrator(visitor: Visitor) -> None:
    """Raises Unauthorized, whose page leads to sign in, or Forbidden."""
    require_user(visitor.caller)
    if not is_site_admin(visitor.caller):
        raise Forbidden(
            "this page is for the administrators of this hub",
            hint="sign in with a password, or with a token of role 'admin'",
        )
