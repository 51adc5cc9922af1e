"""Questions about Halden with the verifiers that judge answers, split by fact."""

import random
from dataclasses import replace
from typing import NamedTuple

from ...agents.prompt import REFUSAL
from ..call_edits import CallEdit
from ..evaluation import Task
from ..kinds import TAG
from ..split import GROUP_TAG, is_held_out
from .facts import CITIES, SEED, Fact, draw_facts, products
from .stock import LEDGERS, units
from .unanswered import Unanswered, draw_unanswered

HELD_OUT = 0.35
LOOKUP_TASKS, STOCK_TASKS, COST_TASKS = 150, 120, 40


class Tasks(NamedTuple):
    """Questions to learn from and questions to be measured on; no fact is in both.

    ``again`` asks what is learnt from once more, in another wording where there is one. By group, ``golds`` is the
    sentence that answers, ``calls`` the tool call that leads to the answer.
    """

    learn: list[Task]
    again: list[Task]
    held_out: list[Task]
    golds: dict[str, str]
    calls: dict[str, CallEdit]


class Drawn(NamedTuple):
    """A task, the sentence that answers it, and the call that leads there, where one does."""

    task: Task
    gold: str
    call: CallEdit | None = None


def draw_tasks() -> Tasks:
    """All tasks in a fixed order."""
    draw = random.Random(SEED + 2)
    facts = draw_facts()
    tasks = [
        Drawn(_lookup(fact, fact.questions[0]), fact.sentence) for fact in draw.sample(facts, LOOKUP_TASKS)
    ]
    tasks += {drawn.task.group: drawn for drawn in map(_stock, [draw] * STOCK_TASKS)}.values()
    prices = [fact for fact in facts if fact.attribute == "price"]
    tasks += [_cost(draw, fact) for fact in draw.sample(prices, min(COST_TASKS, len(prices)))]
    draw.shuffle(tasks)
    tasks += map(_unanswered, draw_unanswered())
    learn: list[Task] = []
    held_out: list[Task] = []
    for task, _, _ in tasks:
        (held_out if is_held_out(task.group, SEED, HELD_OUT) else learn).append(task)
    golds = {drawn.task.group: drawn.gold for drawn in tasks}
    calls = {drawn.task.group: drawn.call for drawn in tasks if drawn.call is not None}
    worded = _other_wording(learn, facts, draw)
    return Tasks(worded, _other_wording(worded, facts, draw, asked=True), held_out, golds, calls)


def _other_wording(
    tasks: list[Task], facts: list[Fact], draw: random.Random, *, asked: bool = False
) -> list[Task]:
    """The tasks in a wording of their own choice, where there is one; not in the present one where that was ``asked``."""
    by_group = {fact.group: fact for fact in facts}

    def wordings(task: Task) -> list[str]:
        known = by_group[task.group].questions if task.group in by_group else (task.question,)
        return [each for each in known if not asked or each != task.question] or [task.question]

    return [replace(task, question=draw.choice(wordings(task))) for task in tasks]


def _task(question: str, verifier: str, arguments: dict[str, object], group: str, kind: str) -> Task:
    return Task(question, verifier, arguments, group, (f"{GROUP_TAG}{group}", f"{TAG}{kind}"))


def _lookup(fact: Fact, question: str) -> Task:
    return _task(question, "answer_in_reply", {"answers": [fact.answer]}, fact.group, "lookup")


def _unanswered(drawn: Unanswered) -> Drawn:
    return Drawn(_task(drawn.question, "refusal", {}, f"unanswered/{drawn.about}", "unanswered"), REFUSAL)


def _stock(draw: random.Random) -> Drawn:
    product, city, ledger = draw.choice(products()), draw.choice(CITIES), draw.choice(LEDGERS)
    number = units(product, city, ledger.code)
    question = draw.choice(ledger.questions).format(p=product, c=city)
    task = _task(question, "numeric", {"value": number}, f"stock/{product}/{city}", "stock")
    call = CallEdit(0, "stock_level", {"product": product, "city": city, "ledger": ledger.code})
    return Drawn(task, ledger.sentence.format(n=number, p=product, c=city), call)


def _cost(draw: random.Random, fact: Fact) -> Drawn:
    count = draw.randrange(2, 12)
    total = count * int(fact.answer)
    question = f"What do {count} units of the {fact.entity} cost?"
    task = _task(question, "numeric", {"value": total}, f"cost/{fact.entity}", "cost")
    call = CallEdit(1, "calculator", {"expression": f"{fact.answer} * {count}"})
    return Drawn(task, f"{count} units of the {fact.entity} cost {total} euros.", call)
