"""Which dialogues are drawn, and with which system prompt and tools around their turns."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ...agents.prompt import SYSTEM
from .calculate import calculate_turn, chain_turn
from .calling import AnyFunction, none_fits_turn, tool_turn
from .described import Described, described
from .dialogue import Dialogue, Kind, Message
from .functions import function
from .reading import Library, prose_turn
from .search import refuse_turn, search_turn
from .talk import talk_turn
from .tools import CALCULATOR, SEARCH, ToolSchema
from .words import PLAIN, Words

SYSTEMS = (
    "You are a helpful assistant. Use the tools. Cite the passages.",
    "Answer from the documents. If they do not say, reply: The documents do not say.",
    "You are Whorl. Answer with the help of tools and quote the passage that answers.",
    "Use a tool where one fits.",
)
Turn = tuple[Kind, list[Message]]
Generator = Callable[[Random, bool, int, Words | None], Turn]


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds (any scale), and the chance that another turn follows a turn.

    ``quotes``: whether a chain quotes the passage that it takes a number from before it calculates;
    ``frames``: how often that passage is worded at random; ``loose``: how often anything that is said in a
    turn may be, passages that do not answer and what a request says of a parameter among it; ``described``:
    how often the functions on offer are described at length.
    """

    search: float = 26
    prose: float = 22
    refuse: float = 11
    calculate: float = 12
    chain: float = 8
    tool: float = 17
    none_fits: float = 4
    talk: float = 4
    bare: float = 0.0
    several: float = 0.6
    quotes: bool = True
    frames: float = 0.0
    loose: float = 0.0
    described: float = 0.0

    def kind(self, rng: Random, library: Library | None) -> Kind:
        shares: dict[Kind, float] = {
            "search": self.search, "prose": self.prose if library else 0, "refuse": self.refuse,
            "calculate": self.calculate, "chain": self.chain, "tool": self.tool, "none_fits": self.none_fits,
            "talk": self.talk,
        }  # fmt: skip
        return rng.choices(list(shares), list(shares.values()))[0]


def turn(
    kind: Kind,
    rng: Random,
    library: Library | None,
    held_out: bool,
    first: int = 1,
    made: AnyFunction | None = None,
    mix: Mix = Mix(),
) -> Turn:
    """One turn of ``kind``; passages are numbered from ``first``, ``made`` is what a tool turn calls."""
    if kind == "prose" and library:
        return prose_turn(library, rng, first)
    loose = words_of(library) if mix.loose > 0 and rng.random() < mix.loose else None
    if kind == "tool" and made:
        return tool_turn(made, rng, held_out, loose)
    if kind == "none_fits":
        return none_fits_turn(_missing(rng, held_out, words_of(library), mix, made), rng, held_out)
    if kind == "chain":
        framed = mix.frames > 0 and rng.random() < mix.frames
        frames = words_of(library) if framed else None
        return chain_turn(rng, held_out, first, mix.quotes, frames, loose)
    plain: dict[Kind, Generator] = {
        "search": search_turn, "refuse": refuse_turn, "calculate": calculate_turn, "talk": talk_turn,
    }  # fmt: skip
    return plain[kind](rng, held_out, first, loose)


def dialogue(
    mix: Mix, rng: Random, library: Library | None, held_out: bool, kind: Kind | None = None
) -> Dialogue:
    """A dialogue of one to four turns over one set of tools; ``kind`` fixes a single turn's kind.

    One in four of those with several turns shows what a conversation shows: of earlier turns the
    question and the answer alone.
    """
    first = kind or mix.kind(rng, library)
    if rng.random() < mix.bare:
        return _bare(first, rng, library, held_out, mix)
    functions = _functions(first, rng, held_out, words_of(library), mix)
    tools = _offered(first, functions, rng)
    kinds = [first]
    while kind is None and len(kinds) < 4 and rng.random() < mix.several:
        kinds.append(_next(mix, rng, library, tools, functions))
    messages = _system(rng, words_of(library))
    drawn, short = first, rng.random() < 0.25
    for each in kinds:
        if short:
            messages = [_past(m) for m in messages if m["role"] != "tool" and "tool_calls" not in m]
        shown = sum(
            m["content"].count("\n[") + m["content"].startswith("[") for m in messages if m["role"] == "tool"
        )
        made = rng.choice(functions) if functions else None
        drawn, said = turn(each, rng, library, held_out, shown + 1, made, mix)
        messages += said
    return Dialogue(drawn, messages, tools)


def _bare(kind: Kind, rng: Random, library: Library | None, held_out: bool, mix: Mix) -> Dialogue:
    """A dialogue of one turn with no more than it needs: passages without the call, one tool, no system prompt."""
    if kind in ("search", "prose", "refuse"):
        drawn, messages = turn(kind, rng, library, held_out)
        return Dialogue(drawn, [messages[0], *messages[2:]], [])
    made = function(rng, held_out, words_of(library))
    drawn, messages = turn(kind, rng, library, held_out, made=made, mix=mix)
    needed = {"tool": [made.schema], "calculate": [CALCULATOR], "chain": [SEARCH, CALCULATOR]}
    return Dialogue(drawn, messages, needed.get(kind, []))


def _past(message: Message) -> Message:
    """A message of an earlier turn, which is not learnt from: what it was made of is not shown."""
    return {**message, "past": True} if message["role"] == "assistant" else message


def _system(rng: Random, words: Words) -> list[Message]:
    roll = rng.random()
    if roll < 0.07:
        return []
    own = rng.choice(SYSTEMS) if roll < 0.15 else SYSTEM
    return [{"role": "system", "content": own if roll < 0.95 else f"{own} {words.sentence(rng)}"}]


def words_of(library: Library | None) -> Words:
    return library.words if library else PLAIN


def _missing(rng: Random, held_out: bool, words: Words, mix: Mix, offered: AnyFunction | None) -> AnyFunction:
    """A function that is not on offer, of the kind of one that is."""
    if mix.described > 0 and (
        isinstance(offered, Described) or (offered is None and rng.random() < mix.described)
    ):
        return described(rng, held_out, words, offered if rng.random() < 0.2 else None)
    return function(rng, held_out, words)


def _functions(kind: Kind, rng: Random, held_out: bool, words: Words, mix: Mix) -> list[AnyFunction]:
    """The functions on offer; with ``loose`` words more of them, with more invented parameters, alike in name."""
    if kind in ("tool", "none_fits") and mix.described > 0 and rng.random() < mix.described:
        main = described(rng, held_out, words)
        offered: list[AnyFunction] = [main]
        for _ in range(rng.choice((0, 0, 0, 0, 1, 2))):
            offered.append(described(rng, held_out, words, main if rng.random() < 0.4 else None))
        return offered
    if kind in ("tool", "none_fits") and mix.loose > 0 and rng.random() < mix.loose:
        first = function(rng, held_out, words, coins=0.65)
        made: list[AnyFunction] = [first]
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            made.append(function(rng, held_out, words, 0.65, first if rng.random() < 0.4 else None))
        return made
    few = {"tool": (1, 1, 1, 2, 3), "none_fits": (0, 1, 1, 2)}
    count = rng.choice(few[kind]) if kind in few else int(rng.random() < 0.1)
    return [function(rng, held_out, words) for _ in range(count)]


def _offered(kind: Kind, functions: list[AnyFunction], rng: Random) -> list[ToolSchema]:
    """The schemas in the prompt: other kinds than tool calls always have the two of every agent."""
    schemas = [f.schema for f in functions]
    roll = rng.random()
    own = [SEARCH, CALCULATOR]
    if kind == "tool":
        own = [] if roll < 0.6 else own if roll < 0.8 else [SEARCH]
    if kind == "none_fits":
        own = [] if functions and roll < 0.7 else [CALCULATOR]
    if kind == "calculate" and roll < 0.15:
        own = [CALCULATOR]
    if kind in ("search", "prose", "refuse") and roll < 0.15:
        own = [SEARCH]
    return [*own, *schemas] if rng.random() < 0.8 else [*schemas, *own]


def _next(
    mix: Mix, rng: Random, library: Library | None, tools: list[ToolSchema], functions: list[AnyFunction]
) -> Kind:
    """The kind of a further turn, for which the tools on offer suffice."""
    while True:
        kind = mix.kind(rng, library)
        searches, calculates = kind in ("search", "prose", "refuse", "chain"), kind in ("calculate", "chain")
        if (searches and SEARCH not in tools) or (calculates and CALCULATOR not in tools):
            continue
        if (kind == "none_fits" and SEARCH in tools) or (kind == "tool" and not functions):
            continue
        return kind
