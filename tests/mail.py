"""A real mail server in the test's process: what it took, and what it was told to do instead."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from paddock.listening import listen

PATIENCE_SECONDS = 30


class PostOffice:
    """Takes every letter, unless ``answers`` says what to say to the next ones."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[str] = []  # to the next texts: "451 later", "550 never"
        self.to_receivers: list[str] = []  # to the next receivers
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self._came = threading.Condition()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.to_receivers:
            return self.to_receivers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        with self._came:
            self.raw.append(content)
            self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
            self.letters.append(letter)
            self._came.notify_all()
        return "250 taken"

    def wait(self, count: int = 1) -> EmailMessage:
        """The letter of that number, as soon as it is there."""
        with self._came:
            there = self._came.wait_for(lambda: len(self.letters) >= count, PATIENCE_SECONDS)
        assert there, f"{len(self.letters)} letters came, not {count}"
        return self.letters[count - 1]

    def text(self, count: int = 1) -> str:
        """What it says."""
        return str(self.wait(count).get_content()).replace("\r\n", "\n")

    def link(self, count: int = 1) -> str:
        """The address that has a line of its own in it."""
        found = re.search(r"^https?://\S+$", self.text(count), re.MULTILINE)
        assert found, self.text(count)
        return found[0]


@contextmanager
def post_office(**options: Any) -> Iterator[PostOffice]:
    """Open until the block ends; ``options`` are aiosmtpd's."""
    office = PostOffice()
    with listen("127.0.0.1", 0) as free:
        office.port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
