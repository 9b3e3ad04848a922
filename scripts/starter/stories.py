"""Plain English around the shop: what things look like, and what happened one day."""

from __future__ import annotations

import random

from starter.phrases import listed, say
from starter.shop import HOURS, ITEMS, NAME, OWNER, STREET, Item

PEOPLE = ("Ada", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jonas", "Lena",
          "Max", "Olga", "Paul", "Rosa", "Sam", "Tom", "Vera")  # fmt: skip
KIN = ("mother", "father", "sister", "brother", "grandmother", "friend", "aunt", "neighbour")
WEATHER = ("a rainy", "a sunny", "a cold", "a windy", "a warm", "a quiet")
WHEN = ("morning", "afternoon")
HE_OR_SHE = {"Ben": "he", "David": "he", "Felix": "he", "Hugo": "he", "Jonas": "he", "Max": "he",
             "Paul": "he", "Sam": "he", "Tom": "he"}  # fmt: skip

ARRIVAL = (
    "It was <weather> <day> <when>. <name> {walked|went|came} {down|along} Mill Lane and {opened|"
    "pushed open} the door of Fern & Finch.",
    "On <weather> <day> <when>, <name> {came|walked} into Fern & Finch.",
    "One <day> <when>, <name> {stopped|stood} in front of the shop at 12 Mill Lane and looked {in|"
    "through the window}.",
)
WISH = (
    "<He> was looking for {a present|a gift|something nice} for <his> <kin>.",
    "<He> wanted {something|a small thing} for <his> <kin>, who {had a birthday|was ill|had just moved "
    "house|loved nice things}.",
    "<He> needed <thing>, and everyone had told <him> to ask {Nora|at the little shop|at Fern & Finch}.",
)
OFFER = (
    '"Good <when>," said Nora. "Can I help you?"',
    'Nora looked up and smiled. "{What can I do for you?|Are you looking for something?}" she asked.',
    'A little bell rang, and Nora came out from the back. "Welcome!" she said.',
)
SHOW = (
    'Nora showed <him> <thing>. "<It_is> made of <made>," she said.',
    '<He> {saw|found} <thing> on the shelf. "{How much is it?|What does it cost?}" <he> asked. "<price> '
    'dollars," said Nora.',
    '"I would like <thing>," <he> said. Nora {took it from the shelf|nodded} and said, "That is <price> '
    'dollars."',
)
END = (
    "<He> paid <price> dollars, said thank you, and went home {happy|with a smile|through the rain}.",
    "Nora wrapped it with a ribbon. <He> {was very happy|thanked her and went home}.",
    "<He> thought about it, {smiled|laughed} and {bought it|took it home}. <His> <kin> {loved it|was "
    "very happy|used it every day}.",
    'The next day <he> came back. "My <kin> loves it," <he> said. Nora was happy all day.',
)


def a(item: Item) -> str:
    """The item with its article."""
    return item.name if item.plural or item.name == "jam" else f"a {item.name}"


def story(rng: random.Random) -> str:
    """A visit to the shop in four or five sentences."""
    item, name = rng.choice(ITEMS), rng.choice(PEOPLE)
    he = HE_OR_SHE.get(name, "she")
    him, his = ("him", "his") if he == "he" else ("her", "her")
    slots = {
        "name": name, "he": he, "He": he.capitalize(), "him": him, "his": his,
        "His": his.capitalize(), "kin": rng.choice(KIN), "day": rng.choice(list(HOURS)),
        "when": rng.choice(WHEN), "weather": rng.choice(WEATHER), "thing": a(item),
        "price": str(item.price), "made": item.made,
        "It_is": "They are" if item.plural else "It is",
    }  # fmt: skip
    parts = [ARRIVAL, WISH, OFFER, SHOW, END]
    if rng.random() < 0.3:
        parts.remove(OFFER)
    return " ".join(say(rng, rng.choice(part), **slots) for part in parts)


def description(rng: random.Random) -> str:
    """An item as on a shelf label."""
    item = rng.choice(ITEMS)
    verb, it = ("are", "They cost") if item.plural else ("is", "It costs")
    come = "They come" if item.plural else "It comes"
    colours = f"{come} in {listed(item.colours)}."
    sizes = f"{come} in sizes {item.sizes}." if item.sizes else ""
    opening = f"The {item.name} {verb} made of {item.made}."
    return " ".join(filter(None, (opening, colours, sizes, f"{it} {item.price} dollars.")))


def about_shop(rng: random.Random) -> str:
    """A few sentences about the shop itself."""
    sentences = [
        say(rng, f"{NAME} is a small shop at {STREET}, next to the old mill.")
        if rng.random() < 0.6
        else say(
            rng,
            "The shop {is at|stands at|is in a small house at} 12 Mill Lane{.|, next to the old mill.}",
        ),
        f"{OWNER} opened it ten years ago.",
        say(
            rng,
            "It {smells of beeswax and tea|is full of light in the morning|has a green door and a "
            "little bell}.",
        ),
        "The shop is open from Monday to Saturday, and closed on Sunday.",
        say(
            rng,
            "On <day> it is open <hours>.",
            **dict(zip(("day", "hours"), rng.choice(list(HOURS.items())), strict=True)),
        ),
        f"Many people come for the {rng.choice(ITEMS).name}.",
    ]
    middle = sentences[1:]
    rng.shuffle(middle)
    return " ".join([sentences[0], *middle[: rng.randrange(2, 5)]])
