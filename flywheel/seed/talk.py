"""Small talk: greetings, thanks, who are you. No tool is called."""

from random import Random

from .dialogue import Kind, Message, answer, user

ME = "I am Whorl, an assistant that answers from your documents."
EXCHANGES: tuple[tuple[str, str], ...] = (
    ("Hello|Hi|Hey|Good morning|Hello there|Hi there|Good evening|Good day|Greetings|Hey there|hello|hi",
     "Hello! What would you like to know?"),
    ("Thanks|Thank you|Thanks a lot|Great, thanks|Thank you very much|Many thanks|Perfect, thank you|thanks|Cheers",
     "You are welcome."),
    ("Who are you|What are you|What is your name|Introduce yourself|Who am I talking to|Are you a robot|"
     "Tell me who you are|What should I call you|Are you human", ME),
    ("What can you do|How can you help me|What do you do|Help|How does this work|What are you good at|"
     "What can I ask you|Can you help me",
     "I can search your documents, calculate, and use the tools that I am given."),
    ("Bye|Goodbye|See you|See you later|Good night|Bye for now|That is all|I am done", "Goodbye!"),
    ("How are you|How are you doing|How is it going|Are you well|All good", "I am well, thank you. How can I help?"),
    ("OK|Okay|I see|Good|Nice|Great|Cool|Understood|Fine|Perfect|Good job|Well done", "Glad to help."),
)  # fmt: skip


def talk_turn(rng: Random, held_out: bool, first: int) -> tuple[Kind, list[Message]]:
    """A line of small talk; the last two wordings of every list are kept for evaluation."""
    wordings, reply = rng.choice(EXCHANGES)
    options = wordings.split("|")
    line = rng.choice(options[-2:] if held_out else options[:-2])
    asks = line.startswith(("Who", "What", "How", "Are", "Can"))
    end = "?" if asks else rng.choice(("", ".", "!"))
    return "talk", [user(line + end), answer(reply)]
