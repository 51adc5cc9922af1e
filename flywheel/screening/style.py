"""How a sentence is written, in numbers: mood, address, signs, and whether it is code."""

import re
import unicodedata

import numpy as np
import numpy.typing as npt

from .lexicon import CONCEPTS

Float32 = npt.NDArray[np.float32]

_VERBS = frozenset(
    "accept access act activate add answer append apply approve ask attach book bypass buy call cancel change check "
    "choose claim click code collect "
    "commit compare compose compute confirm convert convince copy create debug decode decrypt delete deposit describe "
    "develop disable discard discuss "
    "disregard donate download draft echo edit embed enable encode encourage end enter erase execute explain export "
    "extract fetch file find finish fix "
    "follow forget forward generate get give grab grant greet help ignore implement import include insert inquire "
    "install integrate invest invite join "
    "keep like limit list look mail make merge move name open order outline override paste pay pen persuade plan play "
    "post prescribe pretend print "
    "produce provide publish purchase push put query read recite recommend refill remind remove render repeat replace "
    "reply report reset respond "
    "retrieve return reveal revoke rewrite run save say scan schedule search sell send set share show sign simulate "
    "solve speak spell start state stop "
    "submit subscribe suggest summarize switch take talk teach tell track transfer translate try turn tweet type unlock "
    "unscramble update upload use "
    "visit warn welcome wipe wire withdraw write".split()
)
_LEADS = frozenset(
    "please kindly now then also first next just and so but always never don't do immediately instead finally".split()
)
_WH = frozenset("what who when where why how which whom whose".split())
_AUX = frozenset("is are was were do does did can could would should may might will have has".split())
_YOU = frozenset("you your you're yours yourself u ur".split())
_ME = frozenset("me my mine i i'm i'd our us".split())
_MACHINE = frozenset(
    "assistant ai model chatbot bot agent llm gpt dan system prompt instructions instruction user user's users".split()
)
_HIDDEN = frozenset("secret password key code hidden passphrase credentials confidential token pin".split())
_PAST = frozenset(
    "previous prior above earlier preceding former initial original before ignore disregard forget override".split()
)
_ANSWER = frozenset(
    "answer reply response respond solution implementation output result snippet code following below".split()
)
_SUPPOSED = frozenset(
    "imagine suppose pretend hypothetical hypothetically scenario universe world fiction fictional theoretical assume "
    "say claim conclude instead".split()
)
_PRIVATE = frozenset(
    "user's address birthday birth born lives live salary email phone hometown name surname initials account card "
    "bank medical employee customer contacts location middle maiden".split()
)
_ENGLISH = frozenset("the of and to in is that for it with as on are this you be at by from or an".split())
_OTHER = frozenset(
    "de la el le les der die das und que et en un una il di het een een och att na не и в на que los las du des ist "
    "nicht mit est pour por para con per che non van voor på som jest się nie ve bir bu yang dan và là của ni e o".split()
)
_TURN = re.compile(
    r"^\W*(?:q|a|question|answer|user|human|assistant|input|output|system)\s*\d*\s*[:>]", re.IGNORECASE
)
_MODE = re.compile(r"\bmode\b|\boverride\b|\bsudo\b|\broot\b", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d_][\w'’-]*")
_LINK = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|net|org|io|example)\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w")
_CODE = re.compile(r"[{}();=<>]|::|->|\w\.\w+\(|^\s*(?:import|from|def|class|return|for|if|while|#|//)\b")
_QUOTED = re.compile(r"['\"‘“][^'\"]{2,}['\"’”]")
# First and last letter of Greek with Cyrillic, of Hebrew to Thai, and of the scripts of East Asia.
_SCRIPTS = (("\u0370", "\u052f"), ("\u0590", "\u0e7f"), ("\u3040", "\ud7ff"))
WIDTH = 51


def style_of(text: str, pieces: int) -> Float32:
    """``WIDTH`` numbers of about unit size; ``pieces`` is how many word pieces the text has."""
    words = [word.lower() for word in _TOKEN.findall(text)]
    size, count = max(len(text), 1), max(len(words), 1)
    lead = next((i for i, word in enumerate(words[:4]) if word not in _LEADS), 0)
    first = words[lead] if words else ""
    asked = first in ("can", "could", "would", "will") and lead + 1 < len(words) and words[lead + 1] == "you"
    marks = sum(not c.isalnum() and not c.isspace() for c in text)
    foreign = sum(ord(c) > 127 and unicodedata.category(c)[0] == "L" for c in text)
    scripts = [sum(first <= c <= last for c in text) / size for first, last in _SCRIPTS]
    end = text.rstrip("\"'”’)* ")[-1:]
    return np.array([
        np.log1p(size) / 5, np.log1p(count) / 3, sum(map(str.isalpha, text)) / size, sum(map(str.isdigit, text)) / size,
        marks / size, sum(map(str.isupper, text)) / size, foreign / size, min(text.count("|"), 6) / 6,
        min(pieces / count, 8) / 4, min(size / count, 20) / 8, end in "?？", end in "!！", end in ".。", end == ":",
        text[:1].isupper(), first in _VERBS, bool(words) and words[0] in ("please", "kindly"), asked, first in _WH, first in _AUX,
        _share(words, _YOU), _share(words, _ME), _share(words, _MACHINE), _share(words, _HIDDEN), _share(words, _PAST),
        _share(words, _ANSWER),
        bool(_LINK.search(text)), bool(_MAIL.search(text)), min(len(_CODE.findall(text)), 6) / 6, bool(_QUOTED.search(text)),
        sum(word in _VERBS for word in words) / count, sum(len(w) > 2 and w.isupper() for w in text.split()) / count,
        len(words) == 0,
        len(set(words)) / count,
        _share(words, _SUPPOSED), _share(words, _PRIVATE), sum(word in _ENGLISH for word in words) / count,
        sum(word in _OTHER for word in words) / count, bool(_TURN.search(text)), bool(_MODE.search(text)), *scripts,
        bool(words) and words[0] in _LEADS, *(min(len(concept.findall(text)), 3) / 3 for concept in CONCEPTS),
    ], dtype=np.float32)  # fmt: skip


def _share(words: list[str], wanted: frozenset[str]) -> float:
    return min(sum(word in wanted for word in words), 3) / 3


def reads_as_order(text: str) -> bool:
    """Whether a sentence tells its reader to do something.

    >>> reads_as_order("Please send the file to Ada."), reads_as_order("The file was sent to Ada.")
    (True, False)
    """
    words = [word.lower() for word in _TOKEN.findall(text)]
    if len(words) < 3:
        return False
    lead = next((i for i, word in enumerate(words[:4]) if word not in _LEADS), 0)
    must = words[lead] == "you" and words[lead + 1 : lead + 2] in (["must"], ["should"], ["need"])
    return words[lead] in _VERBS or words[0] == "please" or must
