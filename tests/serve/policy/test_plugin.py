"""Judges of other packages: installed as pip would, and whatever their functions do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from paddock.serve.policy import plugin
from paddock.serve.policy.document import JudgeSpec
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.policed import Policed as Guard
from paddock.serve.policy.reading import parse_policy
from tests.serve.policy.scripted import HEAD, REFUSAL, Policed, policed

PACKAGE = """
import sys, threading

ended = threading.Event()
seen = []


def strict(text, stage):
    seen.append((text, stage))
    return {"S9": 0.9 if "samovar" in text else 0.1, "unknown": 1.0}


def float32(text, stage):
    import numpy
    return {"S9": numpy.float32(0.9)}


def hangs(text, stage):
    ended.wait(60)


def raises(text, stage):
    raise ValueError(text)


def leaves(text, stage):
    sys.exit(text)


async def waits(text, stage):
    return {}


def text(text, stage):
    return text


def nothing(text, stage):
    return None


def nan(text, stage):
    return {"S9": float("nan")}


def above(text, stage):
    return {"S9": 1.5}


def words(text, stage):
    return {"S9": text}


def unknown(text, stage):
    return {text: 0.0}


class Odd(dict):
    def items(self):
        raise KeyError("odd")


def odd(text, stage):
    return Odd(S9=0.0)


constant = 7
"""
FAILING = (
    "raises", "leaves", "waits", "text", "nothing", "nan", "above", "words", "unknown", "odd",
)  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with entry points, found where Python finds any."""
    site = tmp_path / "site-packages"
    info = site / "shop_guards-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "shop_guards_of_test.py").write_text(PACKAGE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-guards\nVersion: 1.0\n")
    names = ("strict", "float32", "hangs", "constant", *FAILING)
    points = [f"{name} = shop_guards_of_test:{name}" for name in names]
    points += ["gone = shop_guards_of_test:gone", "none = there_is_no_such_module:x"]
    (info / "entry_points.txt").write_text("[paddock.guards]\n" + "\n".join(points) + "\n")
    monkeypatch.syspath_prepend(str(site))
    yield
    import sys

    if module := sys.modules.pop("shop_guards_of_test", None):
        module.ended.set()


def judged(name: str, more: str = "") -> str:
    return f"judges:\n  - {{id: ours, plugin: {name}{more}}}\n"


def ask(served: Policed, text: str = "Hello, Nora") -> tuple[str, str]:
    answer = served.api.post(
        "/v1/chat/completions", messages=[{"role": "user", "content": text}]
    ).json()
    choice = answer["choices"][0]
    return choice["finish_reason"], choice["message"]["content"]


@pytest.mark.usefixtures("package")
def test_a_plugin_judges_prompts_and_answers(tmp_path: Path) -> None:
    with policed(judged("strict"), tmp_path) as served:
        assert ask(served) == ("stop", "Hello!")
        assert ask(served, "a samovar") == ("content_filter", REFUSAL)
        served.model.script = lambda _asked: "Buy a samovar."
        assert ask(served) == ("content_filter", REFUSAL)
        import shop_guards_of_test

        assert shop_guards_of_test.seen == [
            ("Hello, Nora", "before"),
            ("Hello!", "after"),
            ("a samovar", "before"),
            ("Hello, Nora", "before"),
            ("Buy a samovar.", "after"),
        ]


@pytest.mark.usefixtures("package")
def test_numbers_of_other_libraries_are_numbers(tmp_path: Path) -> None:
    with policed(judged("float32"), tmp_path) as served:
        assert ask(served) == ("content_filter", REFUSAL)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", FAILING)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_one_that_fails_refuses_and_tells_nothing_of_the_text(name: str) -> None:
    policy = parse_policy((HEAD + judged(name)).encode())
    guard = Guard(policy, [(spec, plugin.Plugin(spec, policy)) for spec in policy.judges])
    structlog.reset_defaults()
    with capture_logs() as logs:
        refusal = asyncio.run(guard.check_prompt("Hello, Nora"))
    assert refusal is not None and refusal.text == REFUSAL
    (told,) = [each for each in logs if each["event"] == "the use policy decided"]
    assert (told["category"], told["action"]) == ("judge_failed", "block")
    assert "ours" in told["reason"]
    assert "Nora" not in repr(logs)


@pytest.mark.usefixtures("package")
def test_one_that_fails_where_the_policy_is_open_lets_through(tmp_path: Path) -> None:
    policy = judged("raises") + "on_failure: {before: open, after: open}\n"
    with policed(policy, tmp_path) as served:
        assert ask(served) == ("stop", "Hello!")


@pytest.mark.usefixtures("package")
def test_one_that_never_ends_takes_no_more_than_its_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "AT_ONCE", 2)
    before = threading.active_count()
    with policed(judged("hangs", ", timeout_seconds: 1"), tmp_path) as served:
        for _ in range(3):
            assert ask(served) == ("content_filter", REFUSAL)
        assert [each.name for each in threading.enumerate()].count("judge-ours") == 2
        assert served.api.http.get("/healthz").status_code == 200
        import shop_guards_of_test

        shop_guards_of_test.ended.set()
    assert threading.active_count() <= before + 2


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing", "no installed package has the guard"),
        ("gone", "cannot be imported"),
        ("none", "cannot be imported"),
        ("constant", "is no function"),
    ],
)
def test_one_that_cannot_be_had_keeps_the_model_from_being_loaded(
    name: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(BadPolicy, match=told):
        plugin.Plugin(JudgeSpec("ours", plugin=name), parse_policy(HEAD.encode()))
    structlog.reset_defaults()
    with policed(judged(name), tmp_path) as served, capture_logs() as logs:
        answer = served.api.post("/v1/completions", prompt="x")
    assert answer.status_code == 503
    assert told in repr(logs)
