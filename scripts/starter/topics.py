"""What customers ask about the shop as a whole, and what it answers.

A topic pairs many ways to ask with a few ways to answer; patterns are those of ``phrases.say``.
"""

from __future__ import annotations

from typing import NamedTuple

from starter.shop import EMAIL, NAME, OWNER, PHONE, STREET


class Topic(NamedTuple):
    """Ways to ask one thing and ways to answer it."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    weight: float = 1.0


HELP = "{Is there anything else I can help you with?|Can I help with anything else?|||}"

TOPICS: dict[str, Topic] = {
    "hours": Topic(
        (
            "{When|What time|At what time|What days} {are you|is the shop|is the store} open?",
            "{When|What time|At what time} do you {open|close|open and close}?",
            "{What are|Tell me|Can you tell me|I need|Could you give me} your {opening|business|"
            "store|shop|working|} hours{?| please?}",
            "{How long|Until when|How late|Till when} are you open{| today| in the evening| in the week}?",
            "{Are you|Is the shop} open {now|today|this week|at the moment|in the evening|after work}?",
            "Opening {hours|times}{?| please}",
            "What time does the {shop|store} {open|close}{| today| in the morning| in the evening}?",
            "When can I {come|visit|come by|drop in|come to the shop|stop by|visit the shop}?",
            "{What|Which} days {are you|do you} open?",
        ),
        (
            "We are open from Monday to Friday from 9 to 6, on Thursday until 8, and on Saturday "
            f"from 10 to 4. We are closed on Sunday. {HELP}",
            "Our opening hours are Monday to Friday from 9 to 6, Thursday until 8, and Saturday "
            f"from 10 to 4. On Sunday we are closed. {HELP}",
        ),
        2.0,
    ),
    "sunday": Topic(
        (
            "{Are you|Is the shop|Is the store|Will you be} open on {Sunday|Sundays|a Sunday}?",
            "{Can|Could} I {come|visit|shop|come by|pick something up} on {Sunday|Sundays|a Sunday}?",
            "{Do you|Does the shop|Does the store} open on {Sunday|Sundays|the weekend|Sunday morning}?",
            "What are your {Sunday|weekend} hours?",
            "{What about|And|How about} {Sunday|Sundays|the weekend}?",
            "{Are you|Is the shop} {open|closed} {at|on} the weekend?",
        ),
        (
            "No, we are closed on Sunday. On Saturday we are open from 10 to 4.",
            "We are closed on Sunday, I'm afraid, but you can visit us on Saturday from 10 to 4.",
        ),
        1.2,
    ),
    "where": Topic(
        (
            "{Where|In which street|In what street} {are you|is the shop|is your shop|is the store}"
            "{| located| exactly}?",
            "{What is|What's|Tell me|Can I have|Can you give me} {your|the|the shop's} address{| please}?",
            "How {do|can|could} I {find|get to|reach} {you|the shop|your shop|your store}?",
            "Where can I find {you|your shop|the shop|your store}?",
            "{Can|Could} you {give me|tell me|send me} {directions|the way to the shop|your location}?",
            "Where do I have to go{| to visit you}?",
        ),
        (
            f"You can find us at {STREET}, next to the old mill. {HELP}",
            f"Our shop is at {STREET}, next to the old mill. {HELP}",
        ),
    ),
    "parking": Topic(
        (
            "{Is there|Do you have|Where is} {parking|a car park|a parking place|somewhere to park}?",
            "Where can I {park|park my car|leave my car}?",
            "{Can|Could} I {park|come by car|drive to you|park nearby}?",
        ),
        ("Yes, there is free parking behind the shop for two hours.",
         "You can park for free behind the shop for two hours."),
        0.6,
    ),
    "delivery_price": Topic(
        (
            "{How much|What} {is|does} {delivery|shipping|the delivery|the shipping} {cost|cost me}?",
            "{What|How much} {does it cost|is it|do you charge|do you ask|do I pay} {for|to get} "
            "{delivery|shipping|things delivered|something sent home|a parcel}?",
            "{Is|Do you offer|Do you have} {delivery|shipping|} free{| delivery| shipping}?",
            "{What are|Tell me} your {delivery|shipping} {costs|fees|prices|rates|charges}{|.}",
            "{Delivery|Shipping} {cost|price|fee}?",
            "{How much|What} {is|are} the {postage|delivery fee|shipping fee|delivery costs}?",
        ),
        (
            f"Delivery costs 4 dollars, and it is free for orders over 40 dollars. {HELP}",
            f"We charge 4 dollars for delivery. Orders over 40 dollars are delivered for free. {HELP}",
        ),
        1.3,
    ),
    "delivery_time": Topic(
        (
            "How {long|many days} {does|will} {delivery|shipping|it|my order|the parcel|a parcel|an order}"
            " {take|need}{| to arrive| to get here}?",
            "When {will|does} my {order|parcel|package|things} {arrive|come|get here|be here|be delivered}?",
            "How {fast|quickly|soon} {do you|can you|will you} {deliver|ship|send it|send my order}?",
            "{What is|What's} {your|the} {delivery|shipping} time?",
            "{If I order|When I order} {today|now|online}, when {will it|does it} {arrive|come|be here}?",
        ),
        (
            f"Delivery takes three to five working days. {HELP}",
            "Your order arrives in three to five working days. If you need it sooner, express "
            "delivery takes one day and costs 9 dollars.",
        ),
        1.3,
    ),
    "express": Topic(
        (
            "{Do you have|Do you offer|Is there|Can I get} {express|fast|next day|quick|overnight} "
            "{delivery|shipping}?",
            "{Can|Could} {I|you} {have|get|send|deliver} it {tomorrow|by tomorrow|the next day|faster|"
            "sooner|quickly}?",
            "I need {it|my order|a gift|this} {tomorrow|fast|urgently|very soon|as soon as possible}. "
            "{Is that possible?|Can you do that?|What can you do?}",
            "{How much is|What does} express {delivery|shipping}{| cost}?",
        ),
        (
            "Yes, express delivery takes one day and costs 9 dollars if you order before noon.",
            "With express delivery your order arrives the next day. It costs 9 dollars, and you "
            "should order before noon.",
        ),
    ),
    "abroad": Topic(
        (
            "Do you {ship|deliver|send|post} {abroad|overseas|to other countries|internationally|"
            "outside the country|worldwide|to <country>}?",
            "{Can|Could} {you|I} {ship|send|order|have it sent} {abroad|to another country|overseas|"
            "from abroad|to <country>}?",
            "I live {abroad|in another country|overseas|in <country>}. {Can I order?|Do you deliver there?}",
        ),
        ("I'm sorry, we only deliver inside the country.",
         "We only deliver inside the country at the moment, I'm sorry."),
        0.8,
    ),
    "track": Topic(
        (
            "Where is my {order|parcel|package|delivery}{| now}?",
            "{How|Where} can I {track|follow|find} my {order|parcel|package|delivery}?",
            "{Can|Could} you {check|look up|find|tell me about} my order{| for me| please}?",
            "My {order|parcel|package|<item>} {has not come|has not arrived|is late|did not arrive|is not here|"
            "hasn't come|hasn't arrived|didn't arrive}{| yet}.",
            "The <item> {I ordered|I bought|that I ordered} {has not come|hasn't arrived|did not arrive|is late|"
            "is not here}{| yet}.",
            "I ordered {the|a} <item> {last week|a week ago|ten days ago} and {it is not here|nothing came|it did not come}.",
            "I am {still waiting|waiting} for my {order|parcel|package|delivery}.",
            "What is the status of my {order|parcel|delivery}?",
        ),
        (
            "I'm sorry, I cannot see orders myself. Please write to "
            f"{EMAIL} with your order number, and {OWNER} will look for it.",
            f"I cannot look up orders, but {OWNER} can. Please write to {EMAIL} with your order number.",
        ),
    ),
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
        ("Yes, we wrap gifts for 2 dollars, with a ribbon and a card.",
         "Of course, gift wrapping costs 2 dollars and comes with a ribbon and a card."),
        0.8,
    ),
    "contact": Topic(
        (
            "How can I {contact|reach|call|write to|get in touch with|talk to} {you|the shop|someone|the owner}?",
            "{What is|What's|Can I have|Tell me|Do you have} {your|the|a} {phone number|email|email address|"
            "telephone number|number}{|?}",
            "{Can|Could|May} I {speak|talk} to {a person|a human|someone|somebody|the owner|a real person}{| please}?",
            "I want to {speak|talk} to {a person|a human|someone|the owner|a real person}.",
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
            "{Tell me about|What is|Describe} {your shop|the shop|Fern & Finch}{|?}",
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
            "Do you {like|allow} {dogs|pets}?",
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
        ("Yes, we keep things for you at the shop for three days, at no cost.",
         "Of course, we keep it at the shop for three days for you, at no cost."),
        0.7,
    ),
    "who": Topic(
        (
            "{Who|What} are you?",
            "{What is|What's} your name?",
            "Are you {a robot|a human|a person|real|a computer|a bot|an AI}?",
            "{Am I talking to|Is this} a {robot|human|person|machine|real person}?",
            "What can you {do|help me with|tell me}?",
            "{Can you help me|How can you help me|I need help|I have a question|Help}{|?|.}",
        ),
        (
            f"I am the assistant of {NAME}. I can answer questions about our things, prices, "
            "delivery and returns.",
            f"I'm a small computer program that helps the customers of {NAME}. Ask me about our "
            "things, prices, delivery or returns.",
        ),
        1.2,
    ),
    "owner": Topic(
        (
            "Who {owns|runs|is the owner of|opened|started} {the shop|this shop|your shop|Fern & Finch}?",
            "{Who is|Who's} {Nora|the owner|your boss|in charge}?",
        ),
        (f"{OWNER} owns the shop. She opened it ten years ago.",),
        0.5,
    ),
    "greeting": Topic(
        (
            "{Hello|Hi|Hey|Good morning|Good afternoon|Good evening|Hi there|Hello there|Hey there|"
            "Hello again|Greetings|Good day}{|!|.}",
            "{Hello|Hi|Hey}, {how are you|is anybody there|are you there|is anyone here}?",
        ),
        (
            f"Hello and welcome to {NAME}! How can I help you?",
            f"Hello! Welcome to {NAME}. What can I do for you?",
        ),
        1.5,
    ),
    "thanks": Topic(
        (
            "{Thanks|Thank you|Thank you very much|Thanks a lot|Many thanks|Great, thanks|OK, thanks|"
            "Perfect, thank you|Okay, thank you|Cheers|That helps, thank you}{|!|.}",
            "{That is|That's} {great|very kind|good|perfect|all|good to know|helpful}{|, thanks|, thank you}{|!|.}",
        ),
        ("You're welcome! Have a lovely day.", "You're welcome! We hope to see you soon."),
        1.5,
    ),
    "goodbye": Topic(
        (
            "{Bye|Goodbye|See you|See you soon|Have a nice day|Bye bye|Good night|See you tomorrow}{|!|.}",
        ),
        ("Goodbye, and see you soon!", "Goodbye! Have a lovely day."),
        0.8,
    ),
    "unknown": Topic(
        (
            "{What is|What's|How is} the weather {today|like|tomorrow|in Paris|outside}?",
            "Who {is the president|won the match|wrote Hamlet|invented the telephone|is the king}"
            "{| of France| of England| yesterday|}?",
            "What is the capital of <country>?",
            "{What is|What's|How much is} {two plus two|seven times eight|five minus three|12 times 12|the square root of nine}?",
            "{Tell me a joke|Sing a song|Write a poem|Tell me a story|Write an essay|Write some code}{| please| for me}.",
            "{How do I|How can I|Can you help me to} {bake bread|fix my car|learn Spanish|lose weight|cook rice|"
            "write code|find a job|invest money|fix my computer|do my homework}?",
            "{Is it|Will it|Does it} going to {rain|snow} {today|tomorrow|this week}?",
            "{What|Which} {film|movie|book|song|team} do you {like|recommend}?",
            "{Why is|Is} the {sky blue|grass green|sea salty|moon round}?",
            "{When|Where} {was|is} {Napoleon|Einstein|Shakespeare|Mozart|the moon|the Eiffel Tower} {born|from|}?",
            "I have a {headache|fever|cold|sore throat}. What {should I do|can I take|helps}?",
            "What {time|day|date|year} is it?",
            "{Do you|Can you} {speak|know|understand} {French|Spanish|German|Chinese|Latin}?",
            "{Should I|Can I|Is it good to} {buy bitcoin|buy a house|learn to fly|go to France|marry|move to <country>|"
            "change my job|invest in gold|eat meat|drink coffee}?",
            "What did you {have for breakfast|do yesterday|dream|eat today|read}?",
            "How {old|tall|big|far away|heavy} is {the sun|the moon|the president|your mother|an elephant|the sea|a whale}?",
            "How much is {a unicorn|a dragon|the moon|a castle|a star|an elephant|a ticket to Paris|a train ticket}?",
            "{Do you like|What do you think of|Tell me about} {music|football|politics|the war|cats|dinosaurs|the queen|space|<country>}{?|.}",
            "{Translate|Explain|Calculate|Summarise} {this text|this sentence|gravity|evolution|my taxes|the news}{| for me}.",
            "Where {is|can I find} {the station|a hotel|the airport|a good restaurant|the museum|<country>}?",
            "What {happened|is new} in the {news|world}{| today}?",
            "What is the {meaning of life|speed of light|best phone|distance to the moon|stock market doing}?",
        ),
        (
            "I'm sorry, I don't know that. I can only help with questions about our shop.",
            "I don't know that, I'm sorry. I can tell you about our things, prices, delivery and returns.",
        ),
        3.0,
    ),
}
