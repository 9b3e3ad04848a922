"""The playground in Chromium, with the starter model and the real engine behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import focus, open_page, press, sticking_out, tab_to, violations
from tests.live import LiveServer
from tests.web.playground.serving import ANSWER, TEAPOT, serving_hub

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATH = "/boss/starter/playground"
HURTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "```html\n<iframe srcdoc='<script>alert(1)</script>'></iframe>\n```",
    "[x](javascript:alert(1)) <a href=javascript:alert(1)>x</a>",
    "```\n" * 50,
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "\u202e\u0000 \ud800 </textarea></pre></script>",
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


def send(page: Page, text: str = TEAPOT) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def settled(page: Page, count: int = 1) -> None:
    page.get_by_role("link", name="Report this answer").nth(count - 1).wait_for()
    page.locator("#send:enabled").wait_for()


def test_a_person_talks_by_keyboard_alone(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, PATH, user="ann") as page:
        tab_to(page, "Probabilities of tokens")
        press(page, "Space")
        tab_to(page, "Message")
        page.keyboard.type(TEAPOT)
        tab_to(page, "Temperature")
        page.keyboard.type("0")
        page.get_by_label("Message").focus()
        press(page, "Control+Enter")
        settled(page)
        page.locator("#said", has_text=ANSWER).wait_for(state="attached")
        tokens = page.locator("button.token")
        assert "".join(tokens.all_inner_texts()).strip().startswith(ANSWER[:3])
        tokens.first.focus()
        press(page, "ArrowRight", "ArrowRight", "ArrowLeft")
        assert focus(page).startswith("button") and "%" in focus(page)
        assert page.get_by_role("table").locator("tbody tr").count() == 5
        press(page, "End")
        assert page.locator("button.token[tabindex='0']").count() == 1
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 900})
        assert sticking_out(page) == []


def test_the_page_asks_for_few_files(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, "about:blank", user="ann") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(PATH, wait_until="networkidle")
        assert len(asked) <= 10, asked
        page.get_by_text("The same in code").click()  # its script comes when it is needed
        page.locator("#python code").wait_for()


def test_a_conversation_goes_on_and_is_kept_in_its_tab(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, PATH, user="ann", scheme="dark") as page:
        page.get_by_label("Temperature").fill("0")
        page.get_by_label("System prompt").fill("Be kind.")
        send(page)
        settled(page)
        with page.expect_request("**/v1/chat/completions") as second:
            send(page, "And how much is it?")
        settled(page, 2)
        sent = json.loads(second.value.post_data or "")
        assert [one["role"] for one in sent["messages"]] == [
            "system", "user", "assistant", "user",
        ]  # fmt: skip
        assert sent["messages"][2]["content"].startswith(ANSWER)
        assert violations(page) == []
        page.reload()
        assert page.get_by_text(TEAPOT).count() == 1 and page.get_by_text(ANSWER).count() >= 1
        assert page.get_by_label("System prompt").input_value() == "Be kind."
        page.get_by_role("button", name="Answer again").click()
        settled(page, 2)
        page.get_by_role("button", name="Begin anew").click()
        page.reload()
        assert page.get_by_text("Nothing was asked yet").is_visible()


def test_two_models_answer_side_by_side_and_an_answer_is_reported(
    hub: LiveServer, chromium: Browser
) -> None:
    with open_page(chromium, hub, PATH, user="ann") as page:
        page.get_by_label("Side by side with").select_option("boss/second")
        page.get_by_label("Temperature").fill("0")
        page.get_by_label("Seed").fill("3")
        send(page)
        settled(page, 2)
        assert page.locator(".answer .text").all_inner_texts()[0].startswith(ANSWER)
        page.get_by_role("link", name="Report this answer").nth(1).click()
        page.wait_for_url("**/boss/second/reports/new")
        report = json.loads(page.evaluate("sessionStorage.getItem('paddock.report')"))
        assert page.locator("[name=output]").input_value().startswith(ANSWER)
    assert report["kind"] == "chat" and report["output"].startswith(ANSWER)
    assert report["messages"] == [{"role": "user", "content": TEAPOT}]
    assert report["settings"] == {"temperature": 0, "seed": 3, "max_tokens": 256}
    assert report["revision"] == hub.admin_api.model_info("boss/second").sha


def test_the_code_that_is_shown_runs_and_answers_the_same(
    hub: LiveServer, chromium: Browser
) -> None:
    with open_page(chromium, hub, PATH, user="ann") as page:
        page.get_by_label("Completion").check()
        page.get_by_label("Temperature").fill("0")
        page.get_by_label("At most so many tokens").fill("8")
        page.get_by_label("Text to continue").fill("It's the teapot's \"lid\" $HOME `x`\\ ")
        page.get_by_text("The same in code").click()
        shell = page.locator("#curl code").inner_text()
        python = page.locator("#python code").inner_text()
        page.get_by_role("button", name="Send").click()
        settled(page)
        shown = page.locator(".answer .text").inner_text()
        assert violations(page) == []
    environment = {**os.environ, "HF_TOKEN": hub.user("ann")}
    by_curl = subprocess.run(
        ["bash", "-c", shell], env=environment, capture_output=True, check=True
    ).stdout
    assert json.loads(by_curl)["choices"][0]["text"].strip() == shown.strip()
    by_python = subprocess.run(
        [sys.executable, "-c", python], env=environment, capture_output=True, check=True, text=True
    ).stdout
    assert by_python.strip() == shown.strip()


def test_what_goes_wrong_is_said_in_a_sentence(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, PATH, user="ann", allow=("400",)) as page:
        send(page, "x " * 40_000)
        page.locator(".answer .notice.bad").wait_for()
        assert "token" in page.locator(".answer .notice.bad").inner_text()
        assert page.get_by_role("button", name="Send").is_enabled()
        page.get_by_label("At most so many tokens").fill("3")
        page.get_by_label("Temperature").fill("0")
        send(page)
        page.get_by_text("Cut off at the number of tokens").wait_for()


FAKE = """([texts, ends]) => {
  globalThis.fetch = (path, { signal }) => {
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      start(to) {
        for (const content of texts) {
          const top = [{ token: content, logprob: -1 }];
          const choice = { index: 0, delta: { content }, logprobs: { content: [{ token: content, logprob: -1, bytes: null, top_logprobs: top }] }, finish_reason: null };
          to.enqueue(encoder.encode(`data: ${JSON.stringify({ choices: [choice] })}\\n\\n`));
        }
        if (ends) { to.enqueue(encoder.encode("data: [DONE]\\n\\n")); to.close(); }
        signal.addEventListener("abort", () => to.error(signal.reason));
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
}"""  # noqa: E501


def test_an_answer_is_stopped_and_stays(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, PATH, user="ann") as page:
        page.evaluate(FAKE, [["Once upon ", "a time"], False])
        send(page)
        page.get_by_text("Once upon a time").wait_for()
        assert focus(page) == 'button "Stop"'
        press(page, "Enter")
        page.get_by_text("You stopped it here.").wait_for()
        assert page.locator(".answer .text").inner_text() == "Once upon a time"
        assert page.get_by_role("button", name="Send").is_enabled()
        assert focus(page).startswith('textbox "Message"')


@pytest.mark.parametrize("with_tokens", [False, True])
def test_nothing_that_a_model_or_a_person_says_becomes_markup(
    hub: LiveServer, chromium: Browser, with_tokens: bool
) -> None:
    with open_page(chromium, hub, PATH, user="ann") as page:
        page.get_by_label("Probabilities of tokens").set_checked(with_tokens)
        page.evaluate(FAKE, [HURTS, True])
        for count, text in enumerate(HURTS[:3], start=1):
            page.get_by_label("System prompt").fill(text)
            send(page, text)
            settled(page, count)
        if with_tokens:
            for token in page.locator("button.token").all()[:9]:
                token.hover()
        page.get_by_text("The same in code").click()
        strange = page.evaluate(
            "document.querySelectorAll('main :is(script, img, iframe, [onerror], [onload])').length"
        )
        assert strange == 0
        assert page.locator("main a[href^='javascript']").count() == 0
        page.reload()
        assert page.locator("main :is(script, img, iframe)").count() == 0


def test_pages_that_only_say_what_to_do_are_for_everyone(
    hub: LiveServer, chromium: Browser
) -> None:
    for path, user in ((PATH, None), ("/boss/other/playground", "boss"), (PATH, "ann")):
        with open_page(chromium, hub, path, user=user, script=user != "ann") as page:
            if user != "ann":
                assert violations(page) == []
            page.set_viewport_size({"width": 320, "height": 900})
            assert sticking_out(page) == []


def test_without_a_script_the_form_answers(hub: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, hub, PATH, user="ann", script=False) as page:
        page.get_by_label("Temperature").fill("0")
        send(page)
        page.get_by_text(ANSWER).wait_for()
