"""Questions about coming to the shop, and about delivery."""

from __future__ import annotations

from starter.shop import EMAIL, OWNER, STREET
from starter.topic import HELP, Topic

VISITING: dict[str, Topic] = {
    "hours": Topic(
        (
            "{When|What time|At what time|What days} {are you|is the shop|is the store} open?",
            "{When|What time|At what time} do you {open|close|open and close}?",
            "{What are|Tell me|Can you tell me|I need|Could you give me} your {opening|business|"
            "store|shop|working|} hours{?| please?}",
            "{How long|Until when|How late|Till when} are you open{| today| in the evening| in the week}?",
            "{What are|Tell me|When are} {your|the} {opening times|opening hours|hours|business hours} {on a weekday|on weekdays|during the week|in the week|this week}{?|.}",
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
        (
            "Yes, there is free parking behind the shop for two hours.",
            "You can park for free behind the shop for two hours.",
        ),
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
        (
            "I'm sorry, we only deliver inside the country.",
            "We only deliver inside the country at the moment, I'm sorry.",
        ),
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
            "{My|The} {order|parcel|package|<item>} {never came|never arrived|has not shown up|hasn't shown up|is lost|got lost}.",
            "{The|My} <item> {I ordered|that I bought} {has not shown up|hasn't shown up|never came|is lost}.",
            "I am {still waiting|waiting} for my {order|parcel|package|delivery}.",
            "What is the status of my {order|parcel|delivery}?",
        ),
        (
            "I'm sorry, I cannot see orders myself. Please write to "
            f"{EMAIL} with your order number, and {OWNER} will look for it.",
            f"I cannot look up orders, but {OWNER} can. Please write to {EMAIL} with your order number.",
        ),
    ),
}
