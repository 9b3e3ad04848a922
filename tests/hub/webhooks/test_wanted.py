"""What may be asked of a webhook."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.webhooks import wanted
from paddock.hub.webhooks.wanted import BadWebhook, Watched


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org:8443/a/b?c=d&e=%2F",
        "https://xn--bcher-kva.example/",
        "http://8.8.8.8/hook",
        "http://[2606:4700:4700::1111]:8080/x",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_addresses_of_the_web_are_taken_as_they_are(url: str) -> None:
    assert wanted.check_url(url, targets="public") == url


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "/path", "//example.org", "http://", "http:///x", "https://:443/",
        "ftp://example.org", "file:///etc/passwd", "gopher://example.org", "unix:///run/x",
        "http+unix://x", "javascript:alert(1)", "HTTP//example.org", "http:example.org",
        "http://user@example.org", "http://user:pw@example.org", "http://a@127.0.0.1",
        "http://example.org#fragment", "http://exa mple.org", "http://example.org/\r\nX: y",
        "http://example.org/\t", "http://example.org/\\..", "http://bücher.example",
        "http://example.org:0", "http://example.org:65536", "http://example.org:x",
        "http://[::1", "http://[zz]/", "http://127.0.0.1", "http://127.0.0.1:8000/api",
        "http://[::1]/", "http://[::ffff:127.0.0.1]", "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3", "http://0.0.0.0", "http://[fd00:ec2::254]/",
        "https://example.org/" + "x" * 2048,
    ],
)  # fmt: skip
def test_other_addresses_are_refused_at_once(url: str) -> None:
    with pytest.raises(BadWebhook):
        wanted.check_url(url, targets="public")


def test_private_addresses_are_taken_where_the_administrator_allows_them() -> None:
    assert wanted.check_url("http://127.0.0.1:9/x", targets="any") == "http://127.0.0.1:9/x"
    with pytest.raises(BadWebhook):
        wanted.check_url("ftp://127.0.0.1", targets="any")


@given(st.text(max_size=80))
def test_no_text_makes_the_check_fail_otherwise(text: str) -> None:
    for url in (text, "http://" + text, "https://example.org/" + text):
        try:
            taken = wanted.check_url(url, targets="public")
        except BadWebhook:
            continue
        assert taken.isascii()
        assert taken.isprintable()
        assert " " not in taken


def test_names_that_do_not_exist_yet_may_be_watched_each_once() -> None:
    items = [
        {"type": "user", "name": "nobody"},
        {"type": "org", "name": "No-Org"},
        {"type": "model", "name": "bert-base-uncased"},
        {"type": "dataset", "name": "a/b.c_d-e"},
        {"type": "bucket", "name": "a/b"},
        {"type": "user", "name": "nobody"},
    ]
    assert wanted.check_watched(items) == tuple(
        Watched(item["type"], item["name"]) for item in items[:5]
    )


@pytest.mark.parametrize(
    "item",
    [
        {}, {"type": "user"}, {"name": "a"}, {"type": None, "name": None},
        {"type": "planet", "name": "a"}, {"type": "user", "name": "a/b"},
        {"type": "model", "name": "a/b/c"}, {"type": "model", "name": ""},
        {"type": "model", "name": "a/"}, {"type": "model", "name": "x" * 194},
        {"type": "model", "name": 5}, {"type": ["user"], "name": "a"},
        {"type": "user", "name": "a\0b"}, {"type": "user", "name": "a b"},
    ],
)  # fmt: skip
def test_what_can_never_be_is_not_watched(item: dict[str, object]) -> None:
    with pytest.raises(BadWebhook):
        wanted.check_watched([item])


def test_too_much_is_not_watched() -> None:
    items = [{"type": "user", "name": f"u{number}"} for number in range(wanted.MAX_WATCHED + 1)]
    assert len(wanted.check_watched(items[:-1])) == wanted.MAX_WATCHED
    with pytest.raises(BadWebhook, match="too many"):
        wanted.check_watched(items)


@pytest.mark.parametrize("domains", [[], ["repos"], ["repo", "x"], [""]])
def test_unknown_domains_are_refused(domains: list[str]) -> None:
    with pytest.raises(BadWebhook):
        wanted.check_domains(domains)


@pytest.mark.parametrize("secret", ["a\r\nX: y", "ü", " a", "a ", "\0", "x" * 513, "a\tb"])
def test_secrets_that_no_header_can_hold_are_refused(secret: str) -> None:
    with pytest.raises(BadWebhook):
        wanted.check_secret(secret)


@given(st.text(string.printable[:95].strip(), min_size=1, max_size=512))
def test_other_secrets_are_taken(secret: str) -> None:
    assert wanted.check_secret(secret) == secret
