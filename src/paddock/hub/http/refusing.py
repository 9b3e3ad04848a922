"""What this hub does not do, said once: 501 and a sentence, which no client tries again.

Knows the error; which addresses it answers is the routers' business.
"""

from __future__ import annotations

from paddock.errors import PaddockError


class NotOffered(PaddockError):
    """The Hub has this service and this hub has not, on purpose."""

    code = "not_offered"
    status = 501
