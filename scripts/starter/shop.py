"""The facts of Fern & Finch, a small shop that does not exist.

Everything the starter model can know is here; phrasings are in ``questions`` and ``stories``.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME = "Fern & Finch"
STREET = "12 Mill Lane"
PHONE = "555-0142"
EMAIL = "hello@fernandfinch.example"
OWNER = "Nora"
SYSTEM = "You are the assistant of Fern & Finch, a small shop. Answer briefly and kindly."

HOURS = {
    "Monday": "from 9 in the morning to 6 in the evening",
    "Tuesday": "from 9 in the morning to 6 in the evening",
    "Wednesday": "from 9 in the morning to 6 in the evening",
    "Thursday": "from 9 in the morning to 8 in the evening",
    "Friday": "from 9 in the morning to 6 in the evening",
    "Saturday": "from 10 in the morning to 4 in the afternoon",
}
CLOSED = "Sunday"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the shelves; ``words`` are other names that a customer may use."""

    name: str
    price: int  # dollars
    words: tuple[str, ...]
    colours: tuple[str, ...]
    sizes: str  # as said in a sentence, or "" when it has none
    made: str
    in_stock: bool = True
    plural: bool = False


ITEMS = (
    Item("cotton T-shirt", 14, ("T-shirt", "tee", "shirt", "T-shirts", "tshirt"), ("white", "navy", "green"),
         "small to extra large", "soft organic cotton"),
    Item("wool scarf", 22, ("scarf", "scarves"), ("red", "grey"), "", "warm lambswool"),
    Item("raincoat", 58, ("rain jacket", "waterproof coat", "raincoats"), ("yellow", "navy"),
         "small to extra large", "waxed cotton with a hood"),
    Item("canvas bag", 18, ("tote bag", "tote", "shopping bag", "bags", "bag"), ("black", "cream"), "",
         "strong canvas with long handles"),
    Item("ceramic mug", 9, ("mug", "cup", "coffee mug", "mugs", "cups"), ("blue", "white"), "",
         "glazed stoneware, made by hand"),
    Item("notebook", 6, ("note book", "writing pad", "notebooks"), ("brown", "green"), "",
         "recycled paper with dotted pages"),
    Item("beeswax candle", 11, ("candle", "wax candle", "candles"), ("honey yellow",), "",
         "pure beeswax, and it burns for forty hours"),
    Item("garden apron", 26, ("apron", "aprons"), ("green", "brown"), "small, medium and large",
         "thick linen with three pockets"),
    Item("wool socks", 8, ("socks", "pair of socks"), ("grey", "red"),
         "small, medium and large", "merino wool", plural=True),
    Item("picnic blanket", 34, ("blanket", "rug", "blankets"), ("blue and white",), "",
         "wool with a waterproof back"),
    Item("teapot", 29, ("tea pot", "pot for tea", "teapots"), ("blue", "white"), "",
         "stoneware, and it holds four cups"),
    Item("straw hat", 19, ("hat", "sun hat", "summer hat", "hats"), ("natural",),
         "small, medium and large", "woven straw with a ribbon", in_stock=False),
    Item("rubber boots", 42, ("boots", "wellies", "rain boots"), ("green", "black"), "36 to 45",
         "natural rubber with a warm lining", plural=True),
    Item("jam", 5, ("strawberry jam", "jar of jam", "jams"), ("strawberry red",), "",
         "strawberries from a farm nearby"),
)  # fmt: skip

NOT_SOLD = (
    "laptops", "phones", "bread", "milk", "shoes", "jeans", "toys", "bicycles", "chairs", "tables",
    "plants", "flowers", "books", "cameras", "watches", "rings", "perfume", "coffee", "wine",
    "beer", "batteries", "lamps", "pillows", "curtains", "knives", "pans", "paint", "tools",
    "dog food", "gloves", "dresses", "skirts", "belts", "sunglasses", "headphones", "chargers",
    "guitars", "tents", "umbrellas", "cheese", "chocolate", "fruit", "medicine", "soap", "toothpaste",
    "apples", "rice", "eggs", "tea towels", "pens", "bags of flour", "sofas", "beds", "kites",
    "shampoo", "light bulbs", "nails", "screws", "bottles", "mirrors", "clocks", "carpets",
    "sweaters", "trousers", "shorts", "sandals", "necklaces", "earrings", "stickers", "postcards",
    "televisions", "printers", "cars", "skis", "balls", "puzzles", "swimsuits", "ties", "backpacks",
)  # fmt: skip

COUNTRIES = (
    "France", "Spain", "Italy", "Germany", "Canada", "Japan", "Peru", "Norway", "Sweden", "Kenya",
    "Brazil", "India", "China", "Mexico", "Greece", "Poland", "Egypt", "Chile", "Finland", "Austria",
    "Portugal", "Ireland", "Turkey", "Morocco", "Vietnam", "Belgium", "Denmark", "Iceland",
)  # fmt: skip
