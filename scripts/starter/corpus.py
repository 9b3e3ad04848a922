"""The training text: conversations and plain prose, in an order that a seed fixes."""

from __future__ import annotations

import random
from typing import NamedTuple

from starter import shop
from starter.item_topics import about_item, called, not_sold
from starter.phrases import as_typed, say
from starter.stories import about_shop, description, story
from starter.topics import TOPICS

OPENERS = ("Hi, ", "Hello, ", "Hello! ", "Hi! ", "Excuse me, ", "Good morning, ", "Sorry, ", "Hey, ",
           "Please tell me, ", "I have a question. ", "Good evening, ", "Hey there, ", "Please, ", "One question: ", "Quick question: ")  # fmt: skip
SYSTEMS = (
    shop.SYSTEM,
    "You are a helpful assistant.",
    "You help the customers of Fern & Finch.",
    "Answer questions about the shop.",
)
DAYS_QUESTIONS = (
    "{Are you|Is the shop|Will you be} open on {<day>|<day>s|<day> morning|a <day>}?",
    "{When|What time|How long|Until when} are you open on {<day>|<day>s}?",
    "{When|What time} do you {open|close} on {<day>|<day>s}?",
    "{Can|Could} I {come|visit|come by} on {<day>|a <day>}?",
    "{What about|And|How about} {<day>|<day>s|on <day>}?",
)


class Document(NamedTuple):
    """A conversation, or prose when there are no turns."""

    system: str
    turns: tuple[tuple[str, str], ...]
    prose: str = ""


def day(rng: random.Random) -> list[tuple[str, str]]:
    """A question about one day of the week, with the true hours of that day."""
    name = rng.choice(list(shop.HOURS))
    question = say(rng, rng.choice(DAYS_QUESTIONS), day=name)
    answer = f"On {name} we are open {shop.HOURS[name]}."
    return [
        (
            question,
            f"Yes, on {answer[3:]}" if question.startswith(("Are", "Is", "Will", "C")) else answer,
        )
    ]


def shop_topic(rng: random.Random) -> list[tuple[str, str]]:
    """One question about the shop as a whole."""
    topic = rng.choices(list(TOPICS.values()), weights=[t.weight for t in TOPICS.values()])[0]
    item, country = called(rng, rng.choice(shop.ITEMS)), rng.choice(shop.COUNTRIES)
    question = say(rng, rng.choice(topic.questions), item=item, country=country)
    return [(question, say(rng, rng.choice(topic.answers)))]


def exchange(rng: random.Random) -> list[tuple[str, str]]:
    """One or two turns about one matter."""
    make = rng.choices((shop_topic, about_item, not_sold, day), weights=(55, 32, 8, 5))[0]
    turns = make(rng)
    question, answer = turns[0]
    if (make is not shop_topic and rng.random() < 0.25) or rng.random() < 0.16:
        question = rng.choice(OPENERS) + _after_opener(question)
    return [(as_typed(rng, question), answer), *turns[1:]]


def _after_opener(question: str) -> str:
    return question if question.startswith(("I ", "I'")) else question[0].lower() + question[1:]


def conversation(rng: random.Random) -> Document:
    """One to three matters, one after the other."""
    turns: list[tuple[str, str]] = []
    for _ in range(rng.choices((1, 2, 3), weights=(5, 3, 1))[0]):
        turns += exchange(rng)
    system = rng.choice(SYSTEMS) if rng.random() < 0.4 else ""
    return Document(system, tuple(turns))


def documents(seed: int, count: int) -> list[Document]:
    """The corpus: four conversations to one piece of prose."""
    rng = random.Random(seed)
    prose = (story, story, description, about_shop)
    made = []
    for _ in range(count):
        if rng.random() < 0.8:
            made.append(conversation(rng))
        else:
            made.append(Document("", (), rng.choice(prose)(rng)))
    return made
