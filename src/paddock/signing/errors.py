"""What can be wrong with a signature or a key."""

from __future__ import annotations

from paddock.errors import BadInput, Conflict


class BadSignature(BadInput):
    """A signature bundle that is malformed or of a kind we do not accept."""

    code = "bad_signature"


class BadKey(BadInput):
    """A key file that cannot be read, is of the wrong kind or is readable by others."""

    code = "bad_key"


class KeyExists(Conflict):
    """There is a key of this name; keys are never overwritten."""

    code = "key_exists"
