"""Making an account of one's own: the form, and what is tried against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.people.emails import BadEmail, check_email
from paddock.hub.sessions import joining
from paddock.hub.sessions.attempts import of_address
from paddock.hub.sessions.sign_up import MAX_TERMS_BYTES, SignUp, read_sign_up
from paddock.hub.sessions.tables import attempts
from paddock.hub.tables import accounts
from tests.hub.oauth.people import PASSWORD, Person
from tests.live import LiveServer


@pytest.fixture(autouse=True)
def is_open(shared_server: LiveServer) -> Iterator[None]:
    """Whoever likes may join, as often as they like."""
    object.__setattr__(shared_server.hub, "sign_up", SignUp("open"))
    with shared_server.hub.database.write() as conn:
        conn.execute(attempts.delete())
    yield
    object.__setattr__(shared_server.hub, "sign_up", SignUp())


def join(server: LiveServer, who: str, **fields: str) -> tuple[Person, httpx.Response]:
    person = Person(server, who)
    page = person.browser.get("/join", params={"next": fields.pop("next", "/")})
    form = {"name": who, "password": PASSWORD, **person.fields(page.text), **fields}
    return person, person.browser.post("/join", data=form)


def test_a_stranger_makes_an_account_and_is_signed_in_at_once(shared_server: LiveServer) -> None:
    planted = Person(shared_server, "nora")
    planted.browser.cookies.set("paddock_session", "chosen-by-mallory")
    person, answer = join(
        shared_server,
        "nora",
        email="nora@Example.org",
        full_name="Nora N",
        next="/new?kind=dataset",
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/new?kind=dataset")
    profile = person.browser.get("/settings/profile").text
    assert 'value="Nora N"' in profile
    assert person.browser.cookies["paddock_session"] != "chosen-by-mallory"
    assert Person(shared_server, "nora").sign_in().status_code == 303
    with shared_server.hub.database.read() as conn:
        account = find_account(conn, "nora")
    assert account is not None and not account.is_admin


def test_a_closed_hub_makes_none(shared_server: LiveServer) -> None:
    stranger = Person(shared_server, "x").browser
    assert 'href="/join"' in stranger.get("/").text  # in the head of every page, while it is open
    object.__setattr__(shared_server.hub, "sign_up", SignUp())
    assert 'href="/join"' not in stranger.get("/").text
    page = stranger.get("/join")
    assert page.status_code == 403 and "<form method" not in page.text.split("<main")[1]
    sender = Person(shared_server, "olaf")
    key = sender.fields(sender.browser.get("/login").text)
    form = {"name": "olaf", "password": PASSWORD, **key}
    assert sender.browser.post("/join", data=form).status_code == 403
    assert "/join" not in sender.browser.get("/login").text
    with shared_server.hub.database.read() as conn:
        assert find_account(conn, "olaf") is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "settings"}, "reserved"), ({"name": "a"}, "1 long"),
        ({"name": "<script>"}, "letters"), ({"name": "\u202eevil"}, "letters"),
        ({"name": "p\u0430ul"}, "letters"), ({"name": "a--b"}, "letters, digits"),
        ({"password": "short"}, "8 characters"), ({"full_name": "a\u0000b"}, "full name"),
        ({"email": "a@b.c\r\nBcc: x@y.z"}, "e-mail"), ({"form_key": ""}, "did not come"),
        ({"form_key": "\u00e9"}, "did not come"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_made(
    shared_server: LiveServer, fields: dict[str, str], said: str
) -> None:
    _, answer = join(shared_server, "petra", **fields)
    assert answer.status_code in {400, 403} and said in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]
    with shared_server.hub.database.read() as conn:
        assert find_account(conn, "petra") is None


def test_a_name_that_somebody_has_or_that_looks_like_it_is_taken(
    shared_server: LiveServer,
) -> None:
    with shared_server.hub.database.write() as conn:
        create_user(conn, "quin-tus")
    for name in ("quin-tus", "QUIN-TUS", "quintus", "quin_tus"):
        _, answer = join(shared_server, name, email="secret@example.org")
        assert answer.status_code == 409, name
        assert PASSWORD not in answer.text


def test_an_address_of_mail_that_is_in_use_is_told_nobody(shared_server: LiveServer) -> None:
    answers = [join(shared_server, f"rosa{n}", email="rosa@example.org")[1] for n in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]


def test_one_address_makes_only_so_many(shared_server: LiveServer) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(joining, "TRIES_PER_ADDRESS", 2)
        statuses = [join(shared_server, f"sam{n}")[1].status_code for n in range(3)]
    assert statuses == [303, 303, 429]


def test_a_home_of_ipv6_is_one_address() -> None:
    assert of_address("2001:db8:1:2::1") == of_address("2001:db8:1:2:ffff::9")
    assert of_address("2001:db8:1:3::1") != of_address("2001:db8:1:2::1")
    assert of_address("::ffff:10.0.0.1") == of_address("10.0.0.1") == "10.0.0.1"
    assert of_address("unknown") == "unknown"


def test_terms_are_accepted_as_they_are_now(shared_server: LiveServer, tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text("# Be kind\n\n<script>alert(1)</script>")
    sign_up = read_sign_up("open", str(tmp_path / "terms.md"))
    object.__setattr__(shared_server.hub, "sign_up", sign_up)
    assert "<script>alert" not in httpx.get(f"{shared_server.url}/terms").text
    _, answer = join(shared_server, "tom")
    assert answer.status_code == 400 and "terms are not accepted" in answer.text
    _, old = join(shared_server, "tom", terms="0" * 64)
    assert old.status_code == 400
    _, done = join(shared_server, "tom", terms=sign_up.terms_sha256 or "")
    assert done.status_code == 303
    with shared_server.hub.database.read() as conn:
        query = sa.select(accounts.c.terms_sha256).where(accounts.c.key == "tom")
        assert conn.scalar(query) == sign_up.terms_sha256
    object.__setattr__(shared_server.hub, "sign_up", SignUp("open"))
    assert httpx.get(f"{shared_server.url}/terms").status_code == 404


def test_terms_that_cannot_be_read_stop_the_server(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_bytes(b"x" * (MAX_TERMS_BYTES + 1))
    for name in ("bytes", "long", "none"):
        with pytest.raises(BadInput, match="sign_up_terms"):
            read_sign_up("open", str(tmp_path / name))


@pytest.mark.parametrize("next", ["//evil.org", "https://evil.org", "/\\evil.org", "/a\r\nb"])
def test_nobody_is_sent_to_another_site_after_joining(shared_server: LiveServer, next: str) -> None:
    _, answer = join(shared_server, f"uma{abs(hash(next)) % 10**8}", next=next)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("good", ["a@b.co", "A.b+c_d~e=f-g@x-1.example.ORG", "1@xn--p1ai.xn--p1ai"])
def test_good_addresses_of_mail_are_kept(good: str) -> None:
    assert check_email(good).partition("@")[0] == good.partition("@")[0]


@pytest.mark.parametrize(
    "bad",
    ["", "@", "a@", "@b.co", "a@b", "a b@c.de", "a@b.co\n", "a@b.co\r\nBcc: c@d.ef", '"a"@b.co',
     "a,b@c.de", "a@b.co,c@d.ef", "a@b.co;c@d.ef", "<a@b.co>", "a@@b.co", "a@b..co", ".a@b.co",
     "a.@b.co", "a..b@c.de", "-oQ/tmp@b.co", "a@-b.co", "a@b-.co", "a%b@c.de", "a|b@c.de",
     "a@[127.0.0.1]", "a@127.0.0.1", "\u00e9@b.co", "a@b\u00e9.co", "a\u202e@b.co", "a@b.co\u0000",
     "a@b.co\u200b", "a@b\uff0eco", "x" * 65 + "@b.co", "a@" + "b" * 64 + ".co", "a@b." + "c" * 250,
     "a(x)@b.co", "a:b@c.de", "a\\@b.co", "a`b@c.de", "a@b.c"],
)  # fmt: skip
def test_other_texts_are_no_addresses_of_mail(bad: str) -> None:
    with pytest.raises(BadEmail):
        check_email(bad)
