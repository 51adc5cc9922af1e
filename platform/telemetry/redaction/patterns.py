"""What has a form: numbers with check digits, addresses on networks, dates, keys.

The forms and kinds are those of Presidio's recognizers, as plain expressions behind cheap gates:
Presidio runs each recognizer on each text, which costs a millisecond a sentence.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from .base import Finding
from .labels import MARK
from .phones import PHONE, is_local, score_phone
from .validators import is_address, is_card, is_iban, is_long, is_month_day, is_ssn, is_wallet

_DIGIT = re.compile(r"\d")
_CUE_WINDOW = 40
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_TIME = r"(?:[T ,]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}|\s?[AaPp][Mm])?)?"
_MONTH_TAIL = r"(?:an|eb|ar|pr|ay|un|ul|ug|ept?|ct|ov|ec)[a-z]{0,6}\.?"
# Second letters of the United States' codes, behind their first.
_STATE_TAILS = (
    "(?<=A)[KLRZ]|(?<=C)[AOT]|(?<=D)[CE]|(?<=F)L|(?<=G)A|(?<=H)I|(?<=I)[ADLN]|(?<=K)[SY]|(?<=L)A|(?<=M)[ADEINOST]|"
    "(?<=N)[CDEHJMVY]|(?<=O)[HKR]|(?<=P)A|(?<=R)I|(?<=S)[CD]|(?<=T)[NX]|(?<=U)T|(?<=V)[AT]|(?<=W)[AIVY]"
)


class Rule(NamedTuple):
    """An expression and the score of its match, or of its group ``value``.

    ``score`` may look at the value; 0 is no finding. With ``cue``, the words before the match
    must match it. As a quick test, a text has at least ``digits`` digits, and one of ``gate``.
    """

    kind: str
    expression: re.Pattern[str]
    score: float | Callable[[str], float]
    digits: int = 0
    gate: tuple[str, ...] = ()
    cue: re.Pattern[str] | None = None


def _if(check: Callable[[str], bool], score: float) -> Callable[[str], float]:
    return lambda value: score if check(value) else 0.0


def _cue(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)\b(?:{words})\b")


_SUFFIX = "com|org|net|edu|gov|info|biz|co|io|ai|app|dev|eu|uk|de|fr|us|ca|in"
_URL = r"(?i)\b(?:https?|ftp)://[^\s<>\"'`|]+[^\s<>\"'`|.,;:!?)\]]"
_DOMAIN = (
    rf"(?i)(?<![\w@./-])(?:[a-z0-9][a-z0-9-]*\.)+(?:{_SUFFIX})\b(?![\w@])"
    r"(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)])?"
)
_IBAN = r"[A-Z]\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b"
_IPV4 = r"\d(?<![\w.].)(?<![Vv]ersion .)\d{0,2}(?:\.\d{1,3}){3}(?!\w|\.\d)"
_IPV6 = r"(?<![\w:])(?=[0-9A-Fa-f]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{4,39}(?![\w:])"
_IPV6_IN_FULL = r"[0-9A-Fa-f](?<![\w:].)[0-9A-Fa-f]{0,3}(?::[0-9A-Fa-f]{1,4}){7}(?![\w:])"
_MAC = r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"
_DATE_OF_NUMBERS = (
    rf"(?P<value>\d(?<![\w./-].)\d?([-/.])\d{{1,2}}\2(?:\d{{4}}|\d{{2}}))(?![\w-]|[/.]\d){_TIME}"
)
_DATE_DAY_FIRST = rf"\d(?<!\w.)\d?(?i:st|nd|rd|th)?(?: of)?[ -](?i:{_MONTH}),?[ -]\d{{4}}\b{_TIME}"
_DATE_MONTH_FIRST = (
    rf"[JFMASONDjfmasond](?<!\w.)(?i:{_MONTH_TAIL}) \d{{1,2}}(?i:st|nd|rd|th)?,? \d{{4}}\b{_TIME}"
)
_AGE = r"\d(?<!\w.)\d{0,2}(?i:[- ]?(?:years?|yrs?|months?)[- ]old| ?y/?o)\b"
_STATE_ZIP = rf"[ACDFGHIKLMNOPRSTUVW](?<!\w.)(?:{_STATE_TAILS})[ ,]+(?P<value>\d{{5}}(?:-\d{{4}})?)\b"
_NAMED_ZIP = r"(?i)\b(?:zip|post(?:al)?)[ -]?(?:code)?(?: is|:)? (?P<value>\d{4,5}(?:-\d{4})?)\b"
_WALLET = (
    r"[b013](?<!\w.)(?:(?<=b)c1[a-z0-9]{25,60}|(?<=[13])[1-9A-HJ-NP-Za-km-z]{25,34}|(?<=0)x[0-9a-fA-F]{40})\b"
)
# Names of Whorl's own metrics are lower-case words; its keys are not.
_KEY = r"\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abeprs]|whorl(?=[-_a-z]*[A-Z0-9])|AKIA|AIza)[-_A-Za-z0-9]{16,}"
# Of other services, by what their keys begin with and how long they are.
_SERVICE_KEY = (
    r"\b(?:hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|dop_v1_[0-9a-f]{64}|SG\.[\w-]{16,32}\.[\w-]{16,64}|"
    r"ASIA[0-9A-Z]{16}\b|ya29\.[\w-]{20,}|pypi-[\w-]{50,}|shpat_[0-9a-f]{32})"
)
_URL_PASSWORD = r"://[^\s:/@<>]{0,64}:(?P<value>[^\s:/@<>{}$*]{3,})(?=@)"
_AUTHORIZATION = (
    r"(?i)\bauthorization[\"']?\s?[:=]\s?[\"']?(?:basic|bearer|token|digest|apikey)\s+"
    r"(?P<value>[-._~+/=A-Za-z0-9]{6,})"
)
# What stands under such a key is one, whatever it looks like, but the name of a variable or the word that there is none.
_NONE = r"(?i:none|null|true|false|required|redacted|hidden)\s*(?:\0|\Z)"
_UNDER_KEY = (
    r"\x1f[^:\0]{0,80}\b(?i:pass ?words?|passwd|pwd|pass ?phrase|pass ?code|secrets?|"
    r"(?:api|access|secret|private|signing|encryption) ?keys?|authorization|credentials?)"
    rf": (?P<value>(?![$<{{%*]|{_NONE})[^\0]{{3,}}?)(?=\n\0|\Z)"
)
_PIN_UNDER_KEY = r"\x1f[^:\0]{0,80}\b(?i:pin(?: code| number)?): (?P<value>\d{4,8})(?=\n\0|\Z)"
_PASSWORD = (
    r"(?i)(?:\b|(?<=_))(?:password|passwd|pwd|passphrase|(?:api|access|secret|private|auth|account|encryption)[ _-]?key|secret|"
    r"(?:access|auth|refresh)[ _-]?token)\b[\"']?"
    r"(?: is|\s?[:=])\s?[\"']?(?P<value>(?=\S{0,40}\d)[^\s\"',;]{6,})"
)
# What a shell, a file of settings or a container is given: AWS_SECRET_ACCESS_KEY=…, DB_PASSWORD: …; not what names another
# variable.
_SETTING = (
    r"\b[A-Z0-9_]{0,40}(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|(?:ACCESS|SECRET|PRIVATE|AUTH|SIGNING)_KEY|CREDENTIALS?)"
    r"[\"']?\s?[=:]\s?[\"']?(?P<value>(?![$<{%*]|os\.|process\.|(?:None|null|true|false)\b)[^\s\"',;]{6,})"
)
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\0]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z|(?=\n\0))"
_CALL = _cue(
    "phones?|tel|telephones?|call|mobiles?|cell|fax|dial|whatsapp|text(?: me)?|ring|reach(?:ed)?(?: me)?|phone number"
)
# Groups of digits as they are dialled at home, where words say that it is a number to call.
_LOCAL_NUMBER = r"\d(?<![\w.,:/$€£#-].)\d{1,4}(?:[ .-]\d{2,4}){1,4}(?![\w-]|[.,:/]\d|\s?[%€$])"
# The same with what it reaches behind it, alone on a line, as signatures have it.
_REACHES = ("office", "fax", "mobile", "cell", "home", "work", "tel", "phone", "direct")
_LABELLED_NUMBER = (
    r"\d(?<![^\n].)[\d .-]{5,15}(?<=\d)"
    rf"(?=[ \t]*(?:\(|- |, )?(?i:{'|'.join(_REACHES)})\)?[ \t]*(?:\n|\Z))"
)
# Whose home a path leads through; what programs and images call their user is nobody.
_NOBODY = (
    "user|users|username|ubuntu|debian|centos|fedora|root|runner|app|admin|administrator|node|vscode|ec2-user|shared|public|default|"
    "jovyan|jupyter|git|www|www-data|guest|test|me|you|dev|developer|deploy|build|builder|ci|jenkins|docker|container|pi|postgres|"
    "nginx|airflow|spark|hadoop|web|ftp|mail|nobody|student|work|workspace|home|tmp|data|service|svc|bot|agent|project|projects|"
    "linuxbrew|circleci|travis|vagrant|coder|codespace|gitpod|sandbox|all users"
)
_HOME = (
    rf"(?:/home/|/Users/|\\Users\\{{1,2}})(?!(?i:{_NOBODY})[/\\])(?P<value>[^\W\d_][\w.-]{{1,31}})(?=[/\\])"
)
_IS = r"\b(?: number| code| date)?(?: is|:|=|#)?\s?"
_CARD_CODE = rf"(?i)\b(?:cvv2?|cvc2?|(?:card )?security code|card verification)(?:{_IS})(?P<value>\d{{3,4}})(?![\w-]|\.\d)"
_CARD_END = (
    rf"(?i)\b(?:exp(?:iry|ires|iration)?|valid (?:thru|until|through|to)|good thru){_IS}"
    r"(?P<value>(?:0[1-9]|1[0-2])[/-](?:20)?\d\d)(?![\w/-])"
)
_LICENCE = _cue("driv(?:er'?s?|ers'|ing) licen[sc]e|permit|DL")

_SECRET_NAMES = ("ass", "ASS", "wd", "WD", "key", "KEY", "Key", "ecret", "ECRET", "oken", "OKEN")
_SETTINGS = ("SECRET", "TOKEN", "PASS", "KEY", "CREDENTIAL")
_KEY_NAMES = (
    "sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "ghp_", "gho_", "ghs_", "_pat", "glpat", "xox", "whorl", "AKIA", "AIza",
)  # fmt: skip
_SERVICE_NAMES = ("hf_", "npm_", "dop_v1", "SG.", "ASIA", "ya29.", "pypi-", "shpat_")
_REACHED = tuple(form(word) for word in _REACHES for form in (str, str.title, str.upper))
_CODES = ("cv", "CV", "Cv", "ecurity", "ECURITY", "verification")
_ENDS = ("exp", "Exp", "EXP", "alid", "ALID", "thru")
_LICENCE_NAMES = ("icen", "ICEN", "ermit", "DL")
_TITLES = ("Mr", "Ms", "Mx", "Miss", "Dr", "Prof", "Sir", "Madam", "Rev", "Hon")
_TITLE = r"[MDPSRH](?<!\w.)(?:rs?|s|iss|x|r|rof|rofessor|ir|adam|ev|on)\b\.?"

# Where an expression begins with a set of characters, Python's engine leaps from one to the next;
# so what stands before is looked at from behind the first character.
RULES = (
    Rule("EMAIL_ADDRESS", re.compile(r"(?<![\w.%+'&-])[\w%+'&-][\w.%+'&-]{0,63}(?:@|(?<!%)%40)(?:[\w-]+\.)+[^\W\d_]{2,}"), 1.0, 0,
         ("@", "%40")),
    Rule("CREDIT_CARD", re.compile(r"\d(?<![\w.-].)(?:[ -]?\d){11,18}(?![\w-]|\.\d)"), _if(is_card, 1.0), 12),
    Rule("CREDIT_CARD", re.compile(_CARD_CODE), 0.7, 3, _CODES),
    Rule("DATE_TIME", re.compile(_CARD_END), 0.7, 4, _ENDS),
    Rule("IBAN_CODE", re.compile(rf"[A-Za-z](?<!\w.)(?i:{_IBAN})"), _if(is_iban, 1.0), 10),
    Rule("IBAN_CODE", re.compile(rf"[A-Z](?<!\w.){_IBAN}"), _if(is_long, 0.6), 10),
    Rule("US_SSN", re.compile(r"\d(?<![\w.-].)\d{2}([- .])\d{2}\1\d{4}(?![\w-]|\.\d)"), _if(is_ssn, 0.85), 9),
    Rule("US_SSN", re.compile(r"\d(?<![\w.-].)\d{8}(?![\w-])"), _if(is_ssn, 0.8), 9, ("ssn", "SSN", "ocial"),
         _cue("ssn|social(?: security)?")),
    Rule("US_ITIN", re.compile(r"9(?<![\w.-].)\d{2}[- ](?:[5-9]\d)[- ]\d{4}(?![\w-])"), 0.7, 9),
    Rule("IP_ADDRESS", re.compile(_IPV4), _if(is_address, 0.95), 4, (".",)),
    Rule("IP_ADDRESS", re.compile(_IPV6), _if(is_address, 0.95), 0, ("::",)),
    Rule("IP_ADDRESS", re.compile(_IPV6_IN_FULL), _if(is_address, 0.95), 4, (":",)),
    Rule("MAC_ADDRESS", re.compile(_MAC), 0.9, 2, ("-", ":")),
    Rule("PHONE_NUMBER", PHONE, score_phone, 7),
    Rule("PHONE_NUMBER", re.compile(r"[+\d](?<![\w.+].)\d{5,15}(?!\w|[.,-]\d)"), 0.6, 6, (), _CALL),
    Rule("PHONE_NUMBER", re.compile(_LOCAL_NUMBER), _if(is_local, 0.6), 6, (), _CALL),
    Rule("PHONE_NUMBER", re.compile(_LABELLED_NUMBER), _if(is_local, 1.0), 6, _REACHED),
    Rule("DATE_TIME", re.compile(rf"\d(?<![\w.-].)\d{{3}}([-/.])\d{{1,2}}\1\d{{1,2}}(?!\d|[-/.]\d){_TIME}"), 0.8, 6),
    Rule("DATE_TIME", re.compile(_DATE_OF_NUMBERS), _if(is_month_day, 0.7), 4),
    Rule("DATE_TIME", re.compile(_DATE_DAY_FIRST), 0.8, 5),
    Rule("DATE_TIME", re.compile(_DATE_MONTH_FIRST), 0.8, 5),
    Rule("AGE", re.compile(r"(?i)\b(?:aged?|turn(?:ed|s|ing))(?: of|:)? (?P<value>1?\d{1,2})\b(?! ?%)"), 0.6, 1,
         ("age", "Age", "AGE", "turn")),
    Rule("AGE", re.compile(_AGE), 0.7, 1, ("old", "OLD", "yo", "y/o")),
    Rule("ZIP_CODE", re.compile(_STATE_ZIP), 0.6, 5),
    Rule("ZIP_CODE", re.compile(_NAMED_ZIP), 0.7, 4, ("zip", "Zip", "ZIP", "ost", "OST")),
    Rule("ZIP_CODE", re.compile(r"[A-Z](?<!\w.)(?:[A-Z]?\d[A-Z\d]? \d[A-Z]{2}|\d[A-Z] \d[A-Z]\d)\b"), 0.6, 2),
    Rule("US_DRIVER_LICENSE", re.compile(r"\b(?=[A-Z0-9-]*\d{3})[A-Z0-9][A-Z0-9-]{4,16}\b"), 0.75, 3, _LICENCE_NAMES, _LICENCE),
    Rule("US_PASSPORT", re.compile(r"\b(?:[A-Z]\d{8}|[A-Z]{0,2}\d{7,9})\b"), 0.75, 7, ("assport", "ASSPORT"), _cue("passport")),
    Rule("US_BANK_NUMBER", re.compile(r"\d(?<![\w.-].)\d{7,16}(?![\w-])"), 0.65, 8, ("ank", "outing", "ccount"),
         _cue("bank|routing|account (?:number|no|#)")),
    Rule("CRYPTO", re.compile(_WALLET), _if(is_wallet, 0.95), 2),
    Rule("PERSON", re.compile(_HOME), 0.8, 0, ("/home/", "/Users/", "\\Users\\")),
    Rule("SECRET", re.compile(_KEY), 0.9, 0, _KEY_NAMES),
    Rule("SECRET", re.compile(r"(?<=[Bb]earer )[-._~+/A-Za-z0-9]{16,}=*"), 0.8, 0, ("earer ",)),
    Rule("SECRET", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"), 0.95, 0, ("eyJ",)),
    Rule("SECRET", re.compile(_PRIVATE_KEY), 1.0, 0, ("PRIVATE KEY",)),
    Rule("SECRET", re.compile(_SERVICE_KEY), 1.0, 0, _SERVICE_NAMES),
    Rule("SECRET", re.compile(_URL_PASSWORD), 1.0, 0, ("://",)),
    Rule("SECRET", re.compile(_AUTHORIZATION), 1.0, 0, ("uthorization", "UTHORIZATION")),
    Rule("SECRET", re.compile(_UNDER_KEY), 1.0, 0, (MARK,)),
    Rule("SECRET", re.compile(_PIN_UNDER_KEY), 0.8, 0, (MARK,)),
    Rule("SECRET", re.compile(_PASSWORD), 0.8, 1, _SECRET_NAMES),
    Rule("SECRET", re.compile(_SETTING), 1.0, 0, _SETTINGS),
    Rule("URL", re.compile(_URL), 0.7, 0, ("://",)),
    Rule("URL", re.compile(_DOMAIN), 0.55, 0, tuple(f".{suffix}" for suffix in _SUFFIX.split("|"))),
    Rule("TITLE", re.compile(_TITLE), 0.5, 0, _TITLES),
)  # fmt: skip
KINDS = tuple(dict.fromkeys(rule.kind for rule in RULES))


# Between texts searched together; no expression goes across it.
_BETWEEN = "\n\0\n"


class PatternDetector:
    """Finds what has a form; ``kinds`` names those to look for, by default all."""

    name = "patterns"

    def __init__(self, kinds: frozenset[str] = frozenset(KINDS)) -> None:
        self._by_gate: dict[tuple[int, tuple[str, ...]], list[Rule]] = {}
        for rule in RULES:
            if rule.kind in kinds:
                self._by_gate.setdefault((rule.digits, rule.gate), []).append(rule)

    def find(self, texts: list[str]) -> list[list[Finding]]:
        """Findings of each text; see :class:`Detector`."""
        findings: list[list[Finding]] = [[] for _ in texts]
        digits = list(map(_digits, texts))
        clean = [text.replace("\0", " ") for text in texts]
        most = max(digits, default=0)
        with_digits: dict[int, tuple[list[int], Joined]] = {}
        for (least, gate), rules in self._by_gate.items():
            if least > most:
                continue
            if least not in with_digits:
                enough = [i for i, count in enumerate(digits) if count >= least]
                with_digits[least] = enough, Joined([clean[i] for i in enough])
            numbers, joined = with_digits[least]
            if gate:
                held = joined.holding(gate)
                if not held:
                    continue
                numbers, joined = [numbers[i] for i in held], Joined([joined.texts[i] for i in held])
            for start, end, kind, score in (
                finding for rule in rules for finding in _apply(rule, joined.text)
            ):
                at = bisect_right(joined.starts, start) - 1
                first = joined.starts[at]
                findings[numbers[at]].append(Finding(start - first, end - first, kind, score))
        return findings


def _digits(text: str) -> int:
    """How many digits a text has."""
    return sum(map(text.count, "0123456789")) if text.isascii() else len(_DIGIT.findall(text))


class Joined:
    """Texts as one, with what no expression goes across between them; ``starts`` says where each begins."""

    def __init__(self, texts: list[str]) -> None:
        self.texts, self.text = texts, _BETWEEN.join(texts)
        self.starts = [0, *accumulate(len(text) + len(_BETWEEN) for text in texts[:-1])]

    def holding(self, parts: Iterable[str]) -> list[int]:
        """The numbers of the texts that hold any of ``parts``, rising.

        >>> Joined(["a@b", "c", "d@e"]).holding(("@", "://"))
        [0, 2]
        """
        found: set[int] = set()
        for part in parts:
            at = self.text.find(part)
            while at >= 0:
                number = bisect_right(self.starts, at) - 1
                found.add(number)
                if number + 1 == len(self.starts):
                    break
                at = self.text.find(part, self.starts[number + 1])
        return sorted(found)


def _apply(rule: Rule, text: str) -> Iterator[Finding]:
    group = "value" if "value" in rule.expression.groupindex else 0
    for match in rule.expression.finditer(text):
        if rule.cue:
            start = max(0, match.start() - _CUE_WINDOW, text.rfind("\0", 0, match.start()))
            if not rule.cue.search(text, start, match.start()):
                continue
        score = rule.score if isinstance(rule.score, float) else rule.score(match[group])
        if score:
            yield Finding(*match.span(group), rule.kind, score)
