"""What OAuth's own endpoints answer when they refuse: a code of RFC 6749 or RFC 8628, and why.

Knows the names that clients decide on.
"""

from __future__ import annotations

from typing import ClassVar

from paddock.errors import BadInput


class OAuthRefusal(BadInput):
    """An OAuth endpoint says no; ``oauth_code`` is the answer's ``error``."""

    code = "oauth"
    oauth_code: ClassVar[str] = "invalid_request"


class InvalidClient(OAuthRefusal):
    """No such application, or it did not prove who it is."""

    code = "oauth_invalid_client"
    status = 401
    oauth_code = "invalid_client"


class InvalidGrant(OAuthRefusal):
    """The code or token was not given, was used, or has ended."""

    code = "oauth_invalid_grant"
    oauth_code = "invalid_grant"


class InvalidScope(OAuthRefusal):
    """A scope that does not exist, or that the application may not ask for."""

    code = "oauth_invalid_scope"
    oauth_code = "invalid_scope"


class UnsupportedGrantType(OAuthRefusal):
    """No such way to a token."""

    code = "oauth_unsupported_grant_type"
    oauth_code = "unsupported_grant_type"


class InvalidRedirect(OAuthRefusal):
    """An application would be sent somewhere that it did not register; nobody is sent there."""

    code = "oauth_invalid_redirect"
    oauth_code = "invalid_redirect_uri"


class AuthorizationPending(OAuthRefusal):
    """Nobody has typed the device's code yet."""

    code = "oauth_pending"
    oauth_code = "authorization_pending"


class SlowDown(OAuthRefusal):
    """The device asks too often."""

    code = "oauth_slow_down"
    oauth_code = "slow_down"


class ExpiredDeviceCode(OAuthRefusal):
    """The device waited too long."""

    code = "oauth_expired"
    oauth_code = "expired_token"


class AccessDenied(OAuthRefusal):
    """The person said no."""

    code = "oauth_denied"
    oauth_code = "access_denied"


class InvalidTarget(OAuthRefusal):
    """No such resource, or nobody trusts this job with it."""

    code = "oauth_invalid_target"
    oauth_code = "invalid_target"
