"""Small talk, and questions that the shop cannot answer."""

from __future__ import annotations

from starter.shop import NAME, OWNER
from starter.topic import Topic

TALKING: dict[str, Topic] = {
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
            "{I need help with|Help me with|Can you help me with|Can you do} {my homework|my taxes|my computer|a poem|my car|maths|an essay|my garden|a letter}{|?|.}",
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
