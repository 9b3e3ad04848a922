"""Questions about returns, payment, gifts and orders."""

from __future__ import annotations

from starter.shop import EMAIL, NAME, OWNER, PHONE, STREET
from starter.topic import HELP, Topic

BUYING: dict[str, Topic] = {
    "returns": Topic(
        (
            "{Can|Could|May|How can|How do} I {return|send back|bring back|give back} "
            "{something|an item|it|my order|this|a thing I bought|what I bought|things|the <item>|my <item>}?",
            "{Is it possible|Would it be possible|Am I allowed} to {return|bring back|send back} "
            "{something|it|the <item>|my order}?",
            "{Can|Could} I {return|bring back|send back} the <item> if {I do not like it|I don't like it|it does not fit}?",
            "{What is|What's|Tell me|Can you explain} your {return|returns|refund} policy{?|.}",
            "How {long|many days} do I have to {return|send back|bring back} {something|an item|it|things}?",
            "{I want|I would like|I'd like} {to return|to send back|to bring back} {something|an item|"
            "my order|what I bought|it}.",
            "{Do you|Does the shop} {take|accept} {returns|things back|items back}?",
            "I {do not|don't} like {it|what I bought}. {Can I return it?|Can I bring it back?|What now?}",
            "I changed my mind{|. Can I return it?| about my order.}",
        ),
        (
            "You can return unused items within 30 days if you have the receipt. You get your "
            f"money back within five days. {HELP}",
            "Yes, you can bring back or send back unused items within 30 days. Please keep the "
            f"receipt. {HELP}",
        ),
        1.6,
    ),
    "refund": Topic(
        (
            "{When|How soon|How fast} {do I|will I|can I} get my {money back|money|refund}?",
            "{Do|Will|Can} I get {my money back|a refund|a full refund|the money back}?",
            "How long does {a refund|the refund} take?",
            "How do refunds work?",
            "{Is it possible|Would it be possible|Can I expect} to get {a refund|my money back} {if|when} I {don't|do not} {like|want|need} {it|the <item>|my order}?",
            "I {want|need|would like} {a refund|my money back}.",
        ),
        (
            "When we have your return, you get your money back within five days, the same way that you paid.",
            "Refunds take up to five days after your return reaches us. You get the money the same "
            "way that you paid.",
        ),
    ),
    "exchange": Topic(
        (
            "{Can|Could|May} I {exchange|swap|change} {it|something|an item|this|the size|the colour}"
            "{| for another| for another size| for a different size| for a bigger one| for a smaller one}?",
            "{I bought|I ordered|I got|I have} {the|a} <item> {but|and} it {is|was} too {small|big|large|tight|wide}{.|}",
            "{My|The} <item> {is|are} too {small|big|large|tight}.",
            "{It|This|The size} {is too small|is too big|does not fit|doesn't fit|is wrong}. "
            "{What can I do?|Can I exchange it?|Can I change it?|}",
            "I {ordered|bought|have} the wrong {size|colour}.",
            "I need {another|a different|a bigger|a smaller} size.",
        ),
        (
            "Of course, we exchange sizes and colours for free within 30 days.",
            "No problem, you can exchange it for free within 30 days. Just bring it back or send it to us.",
        ),
    ),
    "broken": Topic(
        (
            "{My order|It|My item|The thing I bought|My <item>|The <item>} {is|arrived|came|was} "
            "{broken|damaged|cracked|faulty|in pieces}{| when it arrived}.",
            "{My|The} <item> {has a hole|has a crack|has a stain|fell apart|broke|does not work|leaks}.",
            "{Something|One item} in my {order|parcel} is {broken|damaged|missing|wrong}.",
            "{What if|What happens if|What do I do if} {something|my item|it} is {broken|damaged|faulty}?",
            "{You sent me|I got|I received} {the wrong item|something wrong|the wrong thing|a broken item}.",
        ),
        (
            f"I'm very sorry about that. Please send a photo to {EMAIL}, and we will send you a new one for free.",
            f"Oh no, I'm sorry. Please send a photo to {EMAIL}. We will send you a new one for free.",
        ),
        1.2,
    ),
    "payment": Topic(
        (
            "How can I pay{| in the shop| for my order| online}?",
            "{Do you|Does the shop|Can you} {take|accept} {cards|credit cards|cash|a card|debit cards|"
            "bank cards|cheques|PayPal}?",
            "{Can|Could|May} I pay {by card|with a card|in cash|with cash|with my phone|by phone|online|by cheque}?",
            "{What|Which} {ways of paying|payment methods|kinds of payment|cards} do you {accept|take|have}?",
            "Is it {cash|card} only?",
            "Do you {take|accept} {Visa|Mastercard|American Express|Apple Pay|Google Pay|bank transfers|cheques|coins}?",
            "{What|Which} {payment|payments|money} do you {take|accept}?",
        ),
        (
            f"You can pay by card, in cash or with a gift card. {HELP}",
            f"We take cards, cash and gift cards. {HELP}",
        ),
        1.2,
    ),
    "gift_card": Topic(
        (
            "Do you {have|sell|offer} {gift cards|vouchers|gift vouchers|a gift card}?",
            "{Can|Could|Where can} I {buy|get} a {gift card|voucher|gift voucher}?",
            "{How much|What} {is|does} a {gift card|voucher}{| cost}?",
        ),
        (
            "Yes, we have gift cards for 10, 25 and 50 dollars.",
            "Yes, you can buy gift cards for 10, 25 or 50 dollars in the shop.",
        ),
        0.8,
    ),
    "wrapping": Topic(
        (
            "{Can|Could|Do|Will} you {wrap|gift wrap|pack} {it|presents|gifts|my order|this|a present}"
            "{| as a gift| as a present| for me}?",
            "{It|This} is {a gift|a present}. Can you wrap it{| for me}?",
            "Do you {have|offer|do} gift wrapping?",
            "How much {is|does} gift wrapping{| cost}?",
        ),
        (
            "Yes, we wrap gifts for 2 dollars, with a ribbon and a card.",
            "Of course, gift wrapping costs 2 dollars and comes with a ribbon and a card.",
        ),
        0.8,
    ),
    "contact": Topic(
        (
            "How can I {contact|reach|call|write to|get in touch with|talk to} {you|the shop|someone|the owner}?",
            "{What is|What's|Can I have|Tell me|Do you have} {your|the|a} {phone number|email|email address|"
            "telephone number|number}{|?}",
            "{Can|Could|May} I {speak|talk} to {a person|a human|someone|somebody|the owner|a real person}{| please}?",
            "{Can|Could|May} I {speak|talk|chat} {to|with} {a human being|a real human|your staff|a member of staff|your boss|Nora}{| please}?",
            "I {want|need|would like|have} to {speak|talk} to {a human being|a person|a human|someone|the owner|a real person}.",
            "{Is there|Do you have} {a number I can call|an email address|somebody I can call}?",
        ),
        (
            f"You can call us at {PHONE} or write to {EMAIL}. {OWNER} is happy to help.",
            f"Of course. Please call {PHONE} or write to {EMAIL}, and {OWNER} will help you.",
        ),
        1.2,
    ),
    "discount": Topic(
        (
            "{Do you do|Do you give|Do you offer|Are there} {discounts|a discount|reductions|lower prices} for {students|families|children|regulars|pensioners|teachers}?",
            "{Do you have|Is there|Can I get|Are there} {a discount|any discounts|a sale|a student discount|"
            "any offers|special offers|a coupon}?",
            "{Can|Could} you {give me|make me} a {discount|better price|good price}?",
            "{Is|When is} {the next sale|there a sale}?",
            "{Can I get it|Do you have it} cheaper?",
        ),
        (
            "We have no discounts at the moment, but delivery is free for orders over 40 dollars.",
            "There is no sale at the moment, but delivery is free for orders over 40 dollars.",
        ),
        0.8,
    ),
    "sell": Topic(
        (
            "What do you {sell|have|offer}{| in your shop| in the shop}?",
            "{What|Which} {things|items|products|goods} do you {sell|have|offer}?",
            "What {can I|could I} {buy|get} {from you|in your shop|at your shop|here}?",
            "What kind of {shop|store} {are you|is this|is it}?",
            "{Tell me|Can you tell me} {about|more about|something about} {your shop|the shop|Fern & Finch|fern and finch|yourselves}{|?}",
            "{What is|Describe} {your shop|the shop|Fern & Finch|fern and finch}{|?}",
            "What is {special|good|nice} {here|in your shop}?",
        ),
        (
            f"{NAME} is a small shop with things for the home, the garden and rainy days: mugs, "
            "teapots, candles, scarves, raincoats, boots and more.",
            "We sell things for the home, the garden and rainy days: mugs, teapots, candles, "
            "scarves, raincoats, boots and more.",
        ),
        1.2,
    ),
    "gift_idea": Topic(
        (
            "{I want|I need|I am looking for|I'm looking for|I would like} {a gift|a present|something nice|"
            "something} for {my|a} {mother|father|friend|sister|brother|wife|husband|aunt|teacher|neighbour|"
            "grandmother|colleague|girlfriend|boyfriend}.",
            "{What|Which} {gift|present} {would you recommend|do you recommend|can you suggest|would you suggest}?",
            "{Do you have|Can you give me|I need} {a gift idea|an idea for a gift|a present idea|gift ideas}{?|.}",
            "What {can I give|should I give|should I get} {my|a} {mother|father|friend|sister|grandmother|neighbour}"
            "{| for a birthday| for Christmas}?",
            "{What is|What's} {popular|your best seller|your favourite|a good gift|your favourite thing}?",
        ),
        (
            "How about a beeswax candle for 11 dollars, or a wool scarf for 22 dollars?",
            "Many people like the beeswax candle for 11 dollars and the teapot for 29 dollars.",
        ),
        1.0,
    ),
    "cheapest": Topic(
        (
            "What is {the cheapest thing|the cheapest item|your cheapest thing|the lowest price}{| you have| in the shop}?",
            "What's {the cheapest thing|the cheapest item|your cheapest thing}{| you have| in the shop|?}",
            "{Do you have|Is there} {anything|something} {cheap|for under ten dollars|for less than 10 dollars|for a small budget}?",
        ),
        ("The cheapest thing in the shop is the jam for 5 dollars. The notebook costs 6 dollars.",),
        0.6,
    ),
    "dearest": Topic(
        (
            "{What is|What's} {the most expensive thing|the most expensive item|your most expensive thing|"
            "the highest price}{| you have| in the shop|}?",
        ),
        ("The most expensive thing in the shop is the raincoat for 58 dollars.",),
        0.4,
    ),
    "dogs": Topic(
        (
            "{Can|May|Could} I bring my {dog|puppy|dogs|pet}{| with me| to the shop}?",
            "Are {dogs|pets} {allowed|welcome}{| in the shop}?",
            "Do you {like|allow|welcome} {dogs|pets|animals}?",
            "{Can|May|Could} {my dog|our dog|the dog|a dog|my puppy|dogs} {come in|come along|come with me|come inside|enter|visit}{| too}?",
            "Is it {okay|all right|fine|ok} {if I bring my dog|to bring a dog|to come with my dog}?",
        ),
        ("Yes, friendly dogs are welcome in the shop. There is a bowl of water at the door.",),
        0.6,
    ),
    "order": Topic(
        (
            "How {can|do} I {order|place an order|buy something|order something|shop}{| online| from home}?",
            "{Can|Could|May} I order {online|by phone|by email|from home|something}?",
            "I {want|would like} to {order|buy} something.",
            "Do you have {an online shop|a website|a web shop}?",
        ),
        (
            f"You can order by phone at {PHONE}, by email at {EMAIL}, or in the shop.",
            f"Just call {PHONE}, write to {EMAIL}, or visit us at {STREET}.",
        ),
    ),
    "cancel": Topic(
        (
            "{Can|Could|May|How can|How do} I {cancel|stop|change} my order?",
            "I {want|need|would like} to {cancel|change} my order.",
            "Please cancel my order.",
        ),
        (
            "You can change or cancel an order until we send it. "
            f"Please call {PHONE} with your order number.",
        ),
        0.8,
    ),
    "pickup": Topic(
        (
            "{Can|Could|May} I {pick up|collect|fetch} my order{| in the shop| myself| at the shop}?",
            "{Can|Could} you {keep|reserve|hold|put aside|set aside} {something|one|it|an item}{| for me}?",
            "Do you have {pick up|click and collect|store pickup}?",
        ),
        (
            "Yes, we keep things for you at the shop for three days, at no cost.",
            "Of course, we keep it at the shop for three days for you, at no cost.",
        ),
        0.7,
    ),
}
