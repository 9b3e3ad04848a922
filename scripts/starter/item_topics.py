"""What customers ask about one item, and what the shop answers."""

from __future__ import annotations

import random

from starter.phrases import listed, say
from starter.shop import ITEMS, NOT_SOLD, Item

PRICE = (
    "{How much|What} {is|does|do you ask for|do you want for} the <item>{| cost}?",
    "How much {is|are|for} {the|a|your|one} <item>?",
    "{What is|What's|Tell me|Can you tell me|Do you know} the price {of|for} {the|a|your} <item>{?|.}",
    "{How much|What} {do|does|would|will} {the|a|your} <item> cost{| me}?",
    "{Price|The price} of the <item>?",
    "{How much money|How many dollars} {is|does|do I need for} the <item>{| cost}?",
    "{What's|What is|Whats} the {cost|price tag} of {the|a|one} <item>?",
    "I {want|would like|need} to {buy|get|order} {the|a} <item>. {How much is it?|What does it cost?|"
    "What is the price?}",
    "{Is|Are} the <item> expensive?",
)
STOCK = (
    "{Do you have|Have you got|Do you sell|Do you carry|Do you offer|Are you selling} {the|a|any|} <item>"
    "{| in stock| at the moment| now| in the shop| left| right now| today}?",
    "{Is|Are} the <item> {in stock|available|there|still available|in the shop|available right now|available now|available today|there right now}?",
    "{Do u have|Got|Have you|Any} {the |a |any |}<item>{| left}?",
    "{Can|Could} I {buy|get|order} {the|a} <item>{| from you| here| at your shop}?",
    "I {am looking|'m looking|look} for {the|a} <item>.",
    "I {need|want|would like} {the|a} <item>{| please|. Do you have one?|. Can you help me?}",
)
COLOUR = (
    "{What|Which} colours {does the <item> come in|do you have for the <item>|is the <item>}?",
    "{What|Which} {colour|color|colors} {is|are|does} the <item>{| come in| available in}?",
    "{Do you have|Is there|Have you got} the <item> in {another colour|other colours|different colours|"
    "red|blue|black|pink}?",
    "Can I get the <item> in {another colour|red|blue|white|purple|orange}?",
)
SIZE = (
    "{What|Which} sizes {does|do} the <item> {come in|have}?",
    "{What|Which} {size|sizes} {is|are|do you have for} the <item>{| available in|}?",
    "{Do you have|Is there|Have you got} the <item> in {my size|small|large|medium|a bigger size|size 40|"
    "extra large|a small size}?",
    "How {big|large} is the <item>?",
    "I need the <item> in {large|small|medium|a large size}.",
)
MADE = (
    "What {is|are} the <item> made {of|from}?",
    "{Tell me|Can you tell me} {more|something|a bit} about the <item>{|?}",
    "{What|Which} {material|fabric} is the <item>?",
    "{Does|Do} the <item> have {a hood|pockets|a lid|long handles|a ribbon|a lining|a waterproof back}?",
    "{Is|Are} the <item> {warm|soft|strong|waterproof|made by hand|made of wool|natural|heavy}?",
    "{Describe the <item>.|What is the <item> like?|Is the <item> good?|How good is the <item>?}",
)
FOLLOW = (
    "{And|What about|How about} the <item>?",
    "And {how much is|what about|what does|the price of} the <item>{| cost}?",
)
NOT_SOLD_QUESTIONS = (
    "{Do you sell|Do you have|Have you got|Do you offer|Are there|Do you also have} {any |some |}<item>"
    "{| too| in your shop| in the shop|}?",
    "{Can|Could|Where can} I {buy|get|find|order} {some |}<item>{| here| from you| at your shop}?",
    "I {am looking|'m looking} for {some |}<item>.",
    "I {need|want|would like} {some |}<item>{|, please}.",
    "How much {are|is} {the |your |}<item>?",
)
NOT_SOLD_ANSWERS = (
    "I'm sorry, we don't sell that. We have things for the home, the garden and rainy days.",
    "We don't have that, I'm sorry. We sell things for the home, the garden and rainy days.",
)
TWO = (
    "{How much|What} {are|do|is|for} two <item>s{| cost}?",
    "{How much|What does it cost} for two <item>s?",
    "I {want|need|would like} two <item>s. {How much is that?|What does that cost?}",
    "What do I pay for two <item>s?",
)
# After a first question about an item: what "it" means is clear from there.
IT_PRICE = ("{And |}{how much is it|what does it cost|what is the price|how much}?",
            "{And |}{how much are they|what do they cost}?")  # fmt: skip
IT_COLOUR = ("{And |}{what|which} {colours|colors} {do you have|does it come in|are there}?",)
IT_SIZE = ("{And |}{what|which} sizes {do you have|does it come in|are there}?",)
IT_MADE = ("{And |}what is it made {of|from}?", "{Tell me more about it|Can you describe it}{.|?}")


def price(rng: random.Random, item: Item) -> str:
    """What it costs."""
    verb = "cost" if item.plural else "costs"
    stock = "" if item.in_stock else " It is sold out now, but it will be back in May."
    return f"{say(rng, '{The|Our}')} {item.name} {verb} {item.price} dollars.{stock}"


def stock(rng: random.Random, item: Item) -> str:
    """Whether it is there."""
    if not item.in_stock:
        return f"I'm sorry, the {item.name} is sold out. It will be back in May."
    verb, cost = ("are", "They cost") if item.plural else ("is", "It costs")
    return say(
        rng,
        f"{{Yes, the <item> {verb} in stock.|Yes, we have the <item> in stock.}} "
        f"{cost} {item.price} dollars.",
        item=item.name,
    )


def colour(rng: random.Random, item: Item) -> str:
    """Its colours."""
    verb = "come" if item.plural else "comes"
    return f"The {item.name} {verb} in {listed(item.colours)}."


def size(rng: random.Random, item: Item) -> str:
    """Its sizes, or that it has one."""
    verb = "come" if item.plural else "comes"
    if not item.sizes:
        return f"The {item.name} {verb} in one size."
    return f"The {item.name} {verb} in sizes {item.sizes}."


def made(rng: random.Random, item: Item) -> str:
    """What it is made of, and its price."""
    verb, cost = ("are", "They cost") if item.plural else ("is", "It costs")
    return f"The {item.name} {verb} made of {item.made}. {cost} {item.price} dollars."


def two(rng: random.Random, item: Item) -> str:
    """What two of it cost."""
    return f"{say(rng, '{Together they cost|Two of them cost}')} {2 * item.price} dollars."


ABOUT_ITEM = (
    (PRICE, price, 5),
    (STOCK, stock, 4),
    (COLOUR, colour, 2),
    (SIZE, size, 2),
    (MADE, made, 2),
    (TWO, two, 1),
)
ABOUT_IT = ((IT_PRICE, price), (IT_COLOUR, colour), (IT_SIZE, size), (IT_MADE, made))


def called(rng: random.Random, item: Item) -> str:
    """A name that a customer may use for the item."""
    return rng.choice((item.name, item.name, *item.words))


def about_item(rng: random.Random) -> list[tuple[str, str]]:
    """A question and its answer; sometimes the same is asked of a second item."""
    item = rng.choice(ITEMS)
    patterns, answer, _ = rng.choices(ABOUT_ITEM, weights=[w for *_, w in ABOUT_ITEM])[0]
    turns = [(say(rng, rng.choice(patterns), item=called(rng, item)), answer(rng, item))]
    chance = rng.random()
    if answer is not two and chance < 0.2:
        patterns, about_it = rng.choice([each for each in ABOUT_IT if each[1] is not answer])
        turns.append((say(rng, rng.choice(patterns)), about_it(rng, item)))
    elif answer in (price, stock) and chance < 0.4:
        other = rng.choice([each for each in ITEMS if each != item])
        pattern = FOLLOW[0] if answer is stock else rng.choice(FOLLOW)
        turns.append((say(rng, pattern, item=called(rng, other)), answer(rng, other)))
    return turns


def not_sold(rng: random.Random) -> list[tuple[str, str]]:
    """A question about something that the shop does not have."""
    item = rng.choice(NOT_SOLD)
    question = say(rng, rng.choice(NOT_SOLD_QUESTIONS), item=item)
    return [(question, say(rng, rng.choice(NOT_SOLD_ANSWERS), item=item))]
