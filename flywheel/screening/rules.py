"""The usual wordings of an attack, in the languages that attacks are written in."""

import re
from typing import NamedTuple

from .base import Finding, Screen, screen

_SECRET = (
    r"(?:system prompt|hidden prompt|initial prompt|initial instructions|system message|secret key|secret word|password|"
    r"passphrase|api key|access code)"
)
_ORDERS = (
    r"(?:instructions?|prompts?|rules|directions|directives|commands|orders|guidelines|constraints|messages)"
)
_GIVEN_DE = r"(?:passwort|kennwort|geheimnis|geheimwort|geheime\w* schlüssel)"
# Two halves in any order of words, at most so many characters apart: the verb, and what it drops.
_GAP = r"[^.!?\n]{0,30}"
# What follows a stem that may begin within a word: bounded, since every repetition of the stem is another beginning.
_ENDING = r"\w{0,30}"
# A line's beginning, with the empty lines before it up to a bound, for the same reason.
_LINE = r"(?:^|\n)(?:\s{0,100}+|[^\S\n]*+)"
_IMAGE = r"!\[(?:(?!!\[)[^\]\n])*+\]\(https?://"


class Rule(NamedTuple):
    """A wording; ``said`` is why it is suspect."""

    name: str
    pattern: re.Pattern[str]
    said: str


def _rule(name: str, said: str, *patterns: str) -> Rule:
    return Rule(name, re.compile("|".join(patterns), re.IGNORECASE), said)


RULES = (
    _rule(
        "override", "tells the model to drop its instructions",
        rf"\b(?:ignore|disregard|forget|discard|override|bypass|neglect|pay no attention to|do not follow|don't "
        rf"follow)\s+(?:all\s+|any\s+|of\s+|the\s+|your\s+|my\s+|these\s+|those\s+|every\s+)*"
        rf"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|former|past)\s+(?:\w+\s+){{0,2}}{_ORDERS}",
        rf"\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?{_ORDERS}\s+(?:above|before "
        rf"this|given (?:above|before|earlier)|you (?:were|have been) given)",
        r"\b(?:ignore|disregard|forget)\s+(?:everything|anything|all)\s+(?:you (?:were|have been) told|above this|"
        r"before this|that (?:came|was said) before)",
        rf"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*){_GAP}(?:vorherig|bisherig|obig|früher|vorangegangen|"
        rf"vorig|ursprünglich)\w*\s+(?:anweisung|befehl|regel|instruktion|vorgabe)",
        rf"\b(?:ignor\w+|oubli\w+|négligez?){_GAP}(?:instructions|consignes|directives|règles|ordres)\s+(?:précédent|"
        rf"ci-dessus|antérieur|initial|reçu)",
        rf"\b(?:ignor\w+|olvid\w+|descart\w+){_GAP}(?:instrucciones|órdenes|reglas|indicaciones)\s+(?:anterior|previa|"
        rf"de arriba|inicial)",
        rf"\b(?:ignor\w+|dimentica\w*){_GAP}(?:istruzioni|regole|ordini)\s+(?:precedent|iniziali|di sopra)",
        rf"\b(?:ignor\w+|esqueça|desconsider\w+){_GAP}(?:instruções|regras|ordens)\s+(?:anterior|prévia|inicia|acima)",
        rf"\b(?:negeer|vergeet){_GAP}(?:vorige|eerdere|bovenstaande|voorgaande)\s+(?:instructies|opdrachten|regels)",
        rf"\b(?:ignorera|glöm){_GAP}(?:tidigare|föregående)\s+(?:instruktion|order|regl)",
        rf"\b(?:zignoruj|ignoruj|zapomnij){_GAP}(?:poprzedni|wcześniejsz)\w*\s+(?:instrukcj|poleceni|zasad)",
        rf"(?:игнориру|проигнориру|игнориров|забудь|забыть){_ENDING}{_GAP}(?:предыдущ|прежн){_ENDING}\s+(?:инструкци|указани|команд|"
        rf"правил)",
        rf"(?:önceki|yukarıdaki){_GAP}(?:talimat|komut|kural){_ENDING}\s+(?:yok say|görmezden gel|unut)",
        r"(?:忽略|无视|忘记|忽視|無視).{0,10}(?:之前|以上|先前|上面|前面|此前).{0,6}(?:指令|指示|提示|规则|規則|命令)",
        r"(?:以前|前|上記|これまで)の.{0,6}(?:指示|命令|プロンプト|ルール).{0,8}(?:無視|忘れ)",
        r"(?:이전|위|앞)의?\s?.{0,8}(?:지시|명령|지침|프롬프트).{0,8}(?:무시|잊)",
        r"تجاهل.{0,15}(?:التعليمات|الأوامر|القواعد).{0,10}السابقة",
        r"(?:पिछले|पहले के|उपरोक्त|ऊपर के|पूर्व).{0,10}(?:निर्देश|आदेश|नियम).{0,15}(?:अनदेख|भूल|नज़रअंदाज़|उपेक्षा)",
        r"\b(?:abaikan|lupakan).{0,15}(?:instruksi|perintah).{0,6}sebelumnya",
        r"bỏ qua.{0,15}(?:hướng dẫn|chỉ dẫn|lệnh).{0,6}trước",
        rf"(?:αγν[οό]|ξ[εέ]χ)\w{_ENDING}{_GAP}(?:προηγούμεν|παραπάνω){_ENDING}\s+(?:οδηγί|εντολ|κανόν)",
        rf"\b(?:ignoruj|zapomeň){_GAP}(?:předchozí|předešl)\w*\s+(?:pokyn|příkaz|pravid)",
        rf"\b(?:ignor|uit)\w+{_GAP}(?:instrucțiuni|reguli|comenzi)\w*\s+(?:anterioare|precedente|de mai sus)",
        rf"(?:ігнору|забудь){_ENDING}{_GAP}(?:попередн){_ENDING}\s+(?:інструкці|вказівк|правил|команд)",
        rf"\b(?:ignorer|glem)\b{_GAP}(?:tidligere|foregående|forrige)\s+(?:instruks|ordre|regl|anvisning)",
        rf"\b(?:puuza|sahau){_GAP}(?:maagizo|amri|kanuni)\b.{{0,15}}(?:awali|hapo juu|yaliyopita)",
    ),
    _rule(
        "role", "gives the model another role",
        r"\byou are now\b[^.\n]{0,60}\b(?:assistant|mode|dan|model|jailbr\w+|unfiltered|unrestricted)",
        r"\bdo anything now\b",
        r"\bfrom now on,? you(?:'re| are| will| must)\b[^.\n]{0,80}\b(?:act|answer|respond|behave|obey|no (?:rules|"
        r"filter)|unfiltered|unrestricted)",
        r"\b(?:has|have) (?:no|broken free of (?:the|all|any)[^.\n]{0,30}) (?:rules|restrictions|filters|confines|"
        r"limits)\b[^.\n]{0,80}\byou\b", r"\bno longer (?:bound by|an? (?:ai )?assistant)\b",
    ),
    _rule(
        "marker", "imitates the marks between the parts of a prompt",
        r"<\|(?:im_start|im_end|system|user|assistant|end_?of_?\w*|begin_of_text|eot_id|start_header_id)\|>",
        r"\[/?INST\]|<</?SYS>>|</?(?:tool_call|tool_response|system|context|documents?|user_query)>(?>\s*(?:<|\n|$|"
        r"(?=[A-Z])))(?=[^<]{0,400}(?:\b(?:you|ignore|instruction|must|send)\b))",
        _LINE + r"#{2,3}\s*(?:instruction|system|new task|human|assistant)s?\s*:",
        r"\[(?:admin|system|developer|root) (?:request|override|command|order|instruction)s?\s*:{1,2}",
        r"#{2,3}\s*\(system[_ ]?(?:message|prompt)?\)", r"(?:<end of (?:session|context|prompt|conversation)>\s*){2}",
        _LINE + r"(?:Observation|Thought|Action Input)\s*:[^\n]*\n\s*(?:Thought|Action|Action Input)\s*:",
    ),
    _rule(
        "new orders", "announces new instructions", r"\b(?:new|updated|revised)\s+(?:system\s+)?instructions?\s*:",
        r"\b(?:system|admin|developer)\s+override\b\s*[:!]",
        r"\bend of (?:the )?(?:context|document|prompt|instructions)\b[\s\-=.:]*(?:system|instruction|new task|"
        r"user)\s*:",
    ),
    _rule(
        "secrecy", "tells the model to keep something from the user",
        r"\b(?:do not|don't|never|without)\s+(?:tell(?:ing)?|inform(?:ing)?|alert(?:ing)?|notify(?:ing)?|"
        r"mention(?:ing)? (?:this|it|that) to|reveal(?:ing)? (?:this|it) to)\s+the user\b",
    ),
    _rule(
        "prompt theft", "asks the model for what it must keep",
        rf"\b(?:reveal|print|repeat|show|output|display|disclose|recite|leak|dump|tell me|give me|send me|what(?:'s| is|"
        rf" are| was| were))\s+(?:me\s+)?(?:all\s+(?:of\s+)?)?your\s+(?:full\s+|entire\s+|exact\s+|own\s+)?{_SECRET}",
        r"\b(?:reveal|print|repeat|output|display|disclose|recite|leak|dump)\s+(?:me\s+)?(?:the|all|"
        r"everything)\s+(?:system prompt|hidden (?:prompt|instructions)|(?:text|words|message|prompt|instructions) "
        r"above)\b",
        r"\b(?:show|tell|give)\s+me\s+(?:the|your)\s+(?:system|hidden|initial)\s+(?:prompt|instructions|message)\b",
        r"\bwhat(?:'s| is)\s+(?:the|our)\s+(?:system |secret |admin )?(?:password|passphrase|secret key|access "
        r"code)\s*\?",
        rf"\b(?:dein|ihr|eure?)e? {_GIVEN_DE}\b[^.\n]{{0,40}}(?:geb|nenn|verrat|sag)\w*|\b(?:geb|gib|nenn|verrat|"
        rf"sag)\w*[^.\n]{{0,40}}\b(?:dein|ihr|das|den) {_GIVEN_DE}",
        r"\b(?:donne|dis|dites|révèle|envoie|montre)\w*[^.\n]{0,30}\b(?:ton|ta|votre|le|la) (?:mot de passe|clé secrète|"
        r"code secret|code d'accès)",
        r"\b(?:dime|dame|dígame|deme|revela|muestra|muéstrame|envía)\w*[^.\n]{0,30}\b(?:tu|su|la) (?:contraseña|clave|"
        r"palabra secreta)",
        r"\b(?:dimmi|dammi|rivela|mostra|mandami)\w*[^.\n]{0,30}\b(?:tua|la|sua) (?:password|chiave segreta|parola "
        r"d'ordine)", r"\b(?:diga|dê|revele|mostre|envie)\w*[^.\n]{0,30}\b(?:sua|a|tua) (?:senha|chave secreta)",
        rf"(?:скажи|назови|дай|сообщи|покажи){_ENDING}[^.\n]{{0,30}}(?:пароль|секретный ключ|системный промпт)",
        r"(?:告诉我|給我|给我|说出|透露).{0,8}(?:密码|密碼|密钥|系统提示|秘密)",
        r"(?:パスワード|秘密の鍵|合言葉)(?:は何|を教え|を表示|が必要)",
        r"(?:비밀번호|암호|비밀 키)(?:를|을)?\s?(?:알려|말해|보여|뭐)",
        r"كلمة (?:المرور|السر)[^.\n]{0,10}(?:؟|أخبر|أعط)|(?:أخبرني|أعطني)[^.\n]{0,15}كلمة (?:المرور|السر)",
        r"(?:पासवर्ड)[^।\n]{0,12}(?:बताओ|बताएं|दो|क्या है)",
        r"¿?\bcuál es (?:tu|la|su) (?:contraseña|clave|clave secreta|palabra secreta)\s*\?",
        r"\bquel(?:le)? est (?:ton|ta|votre|le|la) (?:mot de passe|clé secrète|code secret)\s*\?",
        r"\bwie lautet (?:dein|ihr|das|der) (?:passwort|geheimer? schlüssel|geheimwort)\s*\?",
        r"\bqual è (?:la (?:tua )?|il (?:tuo )?)(?:password|chiave segreta|codice segreto)\s*\?",
        r"\bqual é a (?:sua )?(?:senha|chave secreta|palavra secreta)\s*\?",
        r"\bwat is (?:je|uw|het) (?:wachtwoord|geheime sleutel)\s*\?",
        r"какой (?:твой |у тебя )?(?:секретный ключ|пароль)\s*\?",
        r"你的(?:密码|密碼|秘密|密钥|系统提示|系統提示)(?:词|詞)?(?:是什么|是什麼)",
        r"あなたの(?:パスワード|秘密の鍵|システムプロンプト)",
        r"(?:당신의|너의)\s?(?:비밀번호|비밀 키|시스템 프롬프트)",
    ),
    _rule(
        "to machines", "speaks to whatever model reads the text",
        r"\b(?:if you are|note to|attention|message (?:to|for)|instructions? (?:to|for))\s+(?:an?\s+|the\s+|any\s+|"
        r"all\s+)?(?:ai|llm|language model|chatbot|gpt|copilot|assistant)s?\b[^.\n]{0,60}(?::|!|,\s*(?:please|you must|"
        r"ignore|read|stop))",
        r"\b(?:note|message|instructions?|attention)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?automated\s+(?:\w+\s+){0,2}"
        r"(?:software|systems?|tools?|reviewers?|readers?|screeners?|graders?)\s*:",
        r"\binvisible (?:to|for) (?:humans|people|readers)\b[^.\n]{0,30}\b(?:visible|readable)\b",
    ),
    _rule("script link", "runs a program where its link is clicked", r"\]\(\s*(?:javascript|vbscript|data:text/html)[:;]"),
    _rule(
        "image leak", "would send data away with the address of an image",
        _IMAGE + rf"(?:(?!{_IMAGE})[^)\s])+[?&]" + r"\w+=(?:\{|\[|<|%7B|\.\.\.|YOUR|DATA|SECRET)",
    ),
)  # fmt: skip
# A question about such words, by a person, is none of them.
_QUESTION = re.compile(
    r"^\W*(?:why|how|when|should|can|may|does|do|did|is|was|what|if)\b[^.!?\n]*\b(?:i|we|they|people|he|she|someone|"
    r"users?|developers?|students?|it mean|happens)\b[^.!?\n]*$", re.IGNORECASE
)  # fmt: skip
# Characters of a question before such words and after them.
_ASKED = 2000
SCORE = 0.97


class Rules:
    """See :class:`Screen`."""

    name = "rules"

    def find(self, text: str) -> list[Finding]:
        return [
            Finding(match.start(), match.end(), SCORE, f"rules: {rule.name}", rule.said)
            for rule in RULES
            for match in rule.pattern.finditer(text)
            if match.group() and not _asked(text, match)
        ]


def _asked(text: str, match: re.Match[str]) -> bool:
    """Whether the match is part of a person's question, of which a bounded part is looked at."""
    first, last = max(match.start() - _ASKED, 0), match.end() + _ASKED
    start = max(text.rfind(mark, first, match.start()) for mark in ".!?\n") + 1
    ends = [at for at in (text.find(mark, match.end(), last) for mark in ".!?\n") if at >= 0]
    if (start == 0 and first > 0) or not ends:
        return False
    end = min(ends)
    return text[end : end + 1] == "?" and bool(_QUESTION.match(text[start : match.start()]))


@screen
def rules() -> Screen:
    """Wordings of attacks that are known."""
    return Rules()
