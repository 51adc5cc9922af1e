"""Small talk: greetings, thanks, who are you. No tool is called."""

from random import Random

from .dialogue import Kind, Message, answer, user
from .words import Words

ME = "I am Whorl, an assistant that answers from your documents."
# Wordings and the reply; the last three of every list are kept for evaluation.
EXCHANGES: tuple[tuple[str, str], ...] = (
    ("Hi there|Good evening|Good morning|Good afternoon|Hello there|Hey|Hi|Hello|Hello again|Hi again|Hello everyone|"
     "Hi everyone|Hello Whorl|Hi Whorl|Hey Whorl|Good morning Whorl|Good evening everyone|Greetings|Greetings Whorl|"
     "Welcome|Howdy|Hiya|Hello my friend|Hi my friend|Good day to you|Hello, is anyone there|Hey everyone|Hi, good morning|"
     "Hello, good afternoon|Morning|Evening|Good to see you|Nice to meet you|Pleased to meet you|Good day|Hey there|"
     "Hello, nice to meet you",
     "Hello! What would you like to know?"),
    ("Thanks|Thank you|Thanks a lot|Great, thanks|Thank you very much|Many thanks|Cheers|Thanks so much|Thank you so much|"
     "Thanks for the help|Thank you for your help|Thanks for that|Thank you for that|Thanks again|Thank you again|"
     "OK, thanks|OK, thank you|Good, thank you|Thanks, that helps|Thank you, that helps|Thank you kindly|A thousand thanks|"
     "Thanks very much|Thanks, Whorl|Thank you, Whorl|I thank you|Much appreciated|Nice, thanks|Cool, thanks|"
     "Thanks for your time|Thank you for your time|Thank you for the answer|Thanks for the answer|"
     "Perfect, thank you|Great, thank you very much|Many thanks for your help",
     "You are welcome."),
    ("Who are you|What are you|What is your name|Introduce yourself|Who am I talking to|Are you a robot|Are you a person|"
     "Are you a machine|Are you a bot|Are you an AI|Are you real|Are you a real person|Are you a computer|Who is this|"
     "What is this|Do you have a name|Tell me your name|May I ask your name|Who made you|Who built you|What kind of bot are you|"
     "What kind of assistant are you|Please introduce yourself|Tell me about yourself|Describe yourself|Say who you are|"
     "And who are you|Who exactly are you|What exactly are you|What do I call you|How should I call you|Am I talking to a robot|"
     "Am I talking to a machine|Am I talking to a person|Is this a bot|Is this a person|Are you a program|Is there a human|"
     "Are you a human being|Who am I speaking with|Tell me who you are|What should I call you|Are you human", ME),
    ("What can you do|How can you help me|What do you do|Help|How does this work|What are you good at|What do you know|"
     "What can you help me with|What can you do for me|How can you help|How do you work|How do I use this|How do I use you|"
     "What are you able to do|What is your job|What is your purpose|What are you for|Please help|Help me|Please help me|"
     "I need help|I need some help|Can you help|Could you help me|Can you help us|What can I do here|What can I do with you|"
     "What may I ask|What can I ask|What can I ask here|What questions can I ask|Which questions can you answer|"
     "What can you answer|Show me what you can do|Tell me what you can do|List what you can do|What are your skills|"
     "What tools do you have|What else can you do|How do I start|Where do I start|"
     "Tell me how you can help me|What can I ask you|Can you help me",
     "I can search your documents, calculate, and use the tools that I am given."),
    ("Bye|Goodbye|See you|See you later|Good night|Bye for now|Bye bye|Goodbye for now|See you soon|See you tomorrow|"
     "See you again|Farewell|I have to go|I must go|I must go now|I am leaving|I am leaving now|That was all|That was it|"
     "That is it|That is it for today|That was all for today|We are done|I am finished|We are finished|I am off|"
     "Talk to you later|Until later|Until tomorrow|Until next time|Have a nice day|Have a good day|Have a good evening|"
     "Nothing else|No more questions|I have no more questions|"
     "Bye, see you tomorrow|That is all|I am done", "Goodbye!"),
    ("How are you|How are you doing|How is it going|How are things|How are you today|How are you doing today|How do you do|"
     "How is life|How is your day|How was your day|How have you been|How do you feel|How do you feel today|Are you OK|"
     "Are you fine|Are you doing well|Is all well|Is everything good|Is everything well|Everything good|Everything well|"
     "All well|All fine|All is good|Are you good|Are you happy|Are you well today|Feeling good|Doing well|"
     "Hello, how are you|Hi, how are you|Hey, how is it going|"
     "How are you feeling|Are you well|All good", "I am well, thank you. How can I help?"),
    ("OK|Okay|I see|Good|Nice|Great|Cool|Understood|Fine|Perfect|Very good|Very nice|Very well|Good work|Nice work|Nice job|"
     "Great job|Great work|Well said|Well explained|Good answer|Nice answer|Great answer|That is good|That is great|"
     "That is nice|That is right|That is correct|That works|That helps|Sounds good|Sounds great|Right|Correct|Excellent|"
     "Wonderful|Awesome|Amazing|Brilliant|Super|All right|I understand|I got it|Got it|Makes sense|That makes sense|"
     "You did well|You are good|You are great|Well played|"
     "That sounds good|Good job|Well done", "Glad to help."),
)  # fmt: skip
KEPT_BACK = 3
OPENERS = (
    "OK",
    "Well",
    "So",
    "Oh",
    "Hm",
    "Now",
    "Right",
    "Ah",
    "Yes",
    "No",
    "Hey",
    "All right",
    "Excuse me",
    "Sorry",
)
ASKS = ("Who", "What", "How", "Are", "Can", "Is", "Do", "May", "Am", "Could", "Which", "Where", "And who")


def talk_turn(
    rng: Random, held_out: bool, first: int, loose: Words | None = None
) -> tuple[Kind, list[Message]]:
    """A line of small talk; where ``loose`` is given, at times after another word or line."""
    wordings, reply = rng.choice(EXCHANGES)
    options = wordings.split("|")
    line = rng.choice(options[-KEPT_BACK:] if held_out else options[:-KEPT_BACK])
    before = ""
    if loose is not None and rng.random() < 0.6:
        before = rng.choice(options[:-KEPT_BACK] if rng.random() < 0.6 else OPENERS)
    end = rng.choice(("?", "?", "")) if line.startswith(ASKS) else rng.choice(("", ".", "!"))
    if rng.random() < 0.25:
        line = line[0].lower() + line[1:]
    if before and (said := f"{before}, {line[0].lower()}{line[1:]}") not in options:
        line = said
    return "talk", [user(line + end), answer(reply)]
