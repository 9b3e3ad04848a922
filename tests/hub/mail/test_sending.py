"""Messages handed to real mail servers: kind ones, strict ones, slow ones, broken ones."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paddock.errors import BadInput
from paddock.hub.mail.letters import Envelope, Letter, to_message
from paddock.hub.mail.sending import NotSent, NotTaken, Patience, send
from paddock.hub.mail.servers import MailServer, read_mail_server, read_sender
from paddock.listening import listen
from tests.mail import PostOffice, post_office

SENDER = read_sender("Paddöck <hub@hub.example>")
TO = "rosa@example.org"


def message(subject: str = "Hello", text: str = "Good morning.\n", **headers: str) -> EmailMessage:
    envelope = Envelope(SENDER, TO, "0123456789abcdef", datetime(2026, 11, 23, tzinfo=UTC))
    return to_message(Letter(subject, text, headers), envelope)


def server_of(office: PostOffice, query: str = "") -> MailServer:
    found = read_mail_server(office.url + query, "Paddöck <hub@hub.example>")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def shared_office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def office(shared_office: PostOffice) -> PostOffice:
    for kept in (shared_office.letters, shared_office.raw, shared_office.envelopes):
        kept.clear()
    return shared_office


def test_a_letter_arrives_as_it_was_written(office: PostOffice) -> None:
    text = "Grüße, 你好.\n.\n.. dots stay\nFrom here on\n" + "x" * 3000 + "\n"
    send(server_of(office), message("Ärger mit Modellen", text), TO, Patience())
    letter = office.wait()
    assert (letter["Subject"], letter["To"]) == ("Ärger mit Modellen", TO)
    assert letter["From"] == "Paddöck <hub@hub.example>"
    assert letter["Message-ID"] == "<0123456789abcdef@hub.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n") == text
    assert office.envelopes == [("hub@hub.example", [TO])]


@pytest.mark.parametrize(
    "attack",
    [
        "Hello\r\nBcc: victim@example.org",
        "Hello\nBcc: victim@example.org\n\nanother body",
        "Hello\rBcc: victim@example.org",
        "Hello\u2028Bcc: victim@example.org",
        "Hello\u0085Bcc: victim@example.org",
        "Hello\x00\x0bBcc: victim@example.org",
        "=?utf-8?q?Hello=0ABcc:_victim@example.org?=",
        "Hello " + "\u202e" * 5 + "x" * 5000 + "\r\nBcc: victim@example.org",
    ],
)
def test_no_subject_adds_a_field_or_a_receiver(office: PostOffice, attack: str) -> None:
    send(server_of(office), message(attack), TO, Patience())
    letter = office.wait()
    assert letter["Bcc"] is None
    assert len(letter["Subject"]) <= 200
    assert not any(line.lower().startswith(b"bcc") for line in office.raw[0].splitlines())
    assert office.envelopes == [("hub@hub.example", [TO])]
    assert letter.get_content().strip() == "Good morning."


SMUGGLED = "MAIL FROM:<a@b.example>\nRCPT TO:<victim@example.org>\nDATA\nSubject: no\n\nno\n.\n"


@pytest.mark.parametrize("end", ["\r\n.\r\n", "\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\u2028.\n"])
def test_no_text_ends_its_letter_and_begins_another(office: PostOffice, end: str) -> None:
    send(server_of(office), message(text=f"begin{end}{SMUGGLED}"), TO, Patience())
    assert "RCPT TO:<victim@example.org>" in office.wait().get_content()
    assert len(office.letters) == 1
    assert b"\r" not in office.raw[0].replace(b"\r\n", b"")  # no half line end for others to read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Bcc", "victim@example.org"),
        ("List-Unsubscribe", "<https://a.example>\r\nBcc: victim@example.org"),
        ("List-Unsubscribe", "<https://a.example>\u2028x"),
        ("List-Id: x\r\nBcc", "victim@example.org"),
    ],
)
def test_no_field_but_ours_is_in_the_head(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot have the field"):
        message(**{name: value})


def test_what_a_server_refuses_for_good_is_told_from_what_may_work_later(
    office: PostOffice,
) -> None:
    office.to_receivers = ["450 greylisted, come back"]
    with pytest.raises(NotSent, match="450 greylisted"):
        send(server_of(office), message(), TO, Patience())
    office.to_receivers = ["550 no such person"]
    with pytest.raises(NotTaken, match="550 no such person"):
        send(server_of(office), message(), TO, Patience())
    office.answers = ["452 no room"]
    with pytest.raises(NotSent, match="452 no room"):
        send(server_of(office), message(), TO, Patience())
    office.answers = ["554 looks like spam"]
    with pytest.raises(NotTaken, match="554 looks like spam"):
        send(server_of(office), message(), TO, Patience())
    assert office.letters == []
    send(server_of(office), message(), TO, Patience())
    assert len(office.letters) == 1


@contextmanager
def rude_server(*said: bytes) -> Iterator[MailServer]:
    """Says these lines one after the other, whatever it is told, and then nothing more."""
    with listen("127.0.0.1", 0) as listener:
        over = threading.Event()

        def talk() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):
                for line in said:
                    connection.sendall(line)
                    if line.endswith(b"\n"):
                        connection.recv(65536)
                over.wait(30)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        found = read_mail_server(url, "hub@hub.example")
        assert found is not None
        try:
            yield found
        finally:
            over.set()
            thread.join(30)


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with rude_server() as server, pytest.raises(NotSent, match="cannot be used"):
        send(server, message(), TO, Patience(reply_seconds=0.05))


def test_a_server_that_drips_is_not_waited_for_either() -> None:
    """Each read is answered in time; the letter as a whole is not."""
    with rude_server(b"220 x\r\n", *[b"250-x\r"] * 3) as server, pytest.raises(NotSent):
        send(server, message(), TO, Patience(reply_seconds=20, deadline_seconds=0.1))


@pytest.mark.parametrize(
    "said",
    [
        [b"554 go away\r\n"],
        [b"220 x\r\n", b"250 x\r\n", b"553 not from you\r\n"],
        [b"220 x\r\n", b"\xff\xfe\x00\r\n"],
        [b"220 " + b"x" * 100_000 + b"\r\n"],
    ],
)
def test_a_server_that_is_wrongly_set_is_tried_again(said: list[bytes]) -> None:
    with rude_server(*said) as server, pytest.raises(NotSent) as failure:
        send(server, message(), TO, Patience(reply_seconds=0.5))
    assert len(failure.value.message) < 400


def test_nobody_there_is_no_crash() -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    server = read_mail_server(f"smtp://127.0.0.1:{port}", "hub@hub.example")
    assert server is not None
    with pytest.raises(NotSent, match="cannot be used"):
        send(server, message(), TO, Patience())


def test_where_tls_is_wanted_nothing_is_sent_without_it(office: PostOffice) -> None:
    server = replace(server_of(office), tls="starttls", username="hub", password="secret")
    with pytest.raises(NotSent, match="STARTTLS"):
        send(server, message(), TO, Patience())
    assert office.letters == []


def certificate(folder: Path, host: str) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own for ``host``, trusted by ``folder/cert.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_passwords_and_letters_go_through_tls_to_the_server_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[bytes, bytes]] = []

    def check(server: object, session: object, envelope: object, way: str, given: object) -> object:
        told.append((given.login, given.password))  # type: ignore[attr-defined]
        return AuthResult(success=told[-1] == (b"hub", b"s:cr/t"), handled=False)

    options = {"authenticator": check, "auth_require_tls": True, "require_starttls": True}
    with post_office(tls_context=certificate(tmp_path, "127.0.0.1"), **options) as office:
        server = replace(server_of(office), tls="starttls", username="hub", password="s:cr/t")
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send(server, message(), TO, Patience())
        assert told == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        send(server, message(), TO, Patience())
        assert (told, len(office.letters)) == ([(b"hub", b"s:cr/t")], 1)
        with pytest.raises(NotSent, match="535"):
            send(replace(server, password="wrong"), message(), TO, Patience())
        certificate(tmp_path, "127.0.0.2")  # trusted, and another's
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send(server, message(), TO, Patience())


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example", ("mail.example", 587, "starttls", "")),
        ("smtp://hub:p%40ss@mail.example:2525", ("mail.example", 2525, "starttls", "p@ss")),
        ("smtps://hub:x@mail.example", ("mail.example", 465, "at once", "x")),
        ("smtp://localhost:25", ("localhost", 25, "none", "")),
        ("smtp://[::1]:25", ("::1", 25, "none", "")),
        ("smtp://10.0.0.8:25/?tls=none", ("10.0.0.8", 25, "none", "")),
        ("smtp://localhost.example:25", ("localhost.example", 25, "starttls", "")),
    ],
)
def test_a_server_is_read_from_its_address(url: str, found: tuple[str, int, str, str]) -> None:
    server = read_mail_server(url, "hub@hub.example")
    assert server is not None
    assert (server.host, server.port, server.tls, server.password) == found
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://a b", "smtp://h:99999", "smtp://h/x",
     "smtp://h?tls=off", "smtp://h#x", "smtp://u:secret@h:port"],
)  # fmt: skip
def test_an_address_that_is_no_mail_servers_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput) as failure:
        read_mail_server(url, "hub@hub.example")
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "sender", ["", "nobody", "a@b@c.example", "x\r\nBcc: v@example.org <a@b.example>"]
)
def test_letters_come_from_one_proper_address(sender: str) -> None:
    with pytest.raises(BadInput):
        read_mail_server("smtp://mail.example", sender)


def test_sockets_are_closed(office: PostOffice) -> None:
    """Also after a refusal: warnings about open ones are errors here."""
    office.to_receivers = ["550 no"]
    with pytest.raises(NotTaken):
        send(server_of(office), message(), TO, Patience())
    with socket.create_connection(("127.0.0.1", office.port)) as still_there:
        assert still_there.recv(3) == b"220"
