"""Verifiers: right and wrong attempts, every cheat refused, and real answers judged rightly."""

import doctest
import gzip
import json
import time
from typing import Any

import pytest

from tests.bench.corpora import DATA
from whorl.flywheel.verifiers import attacks, marks, numbers, text, values
from whorl.flywheel.verifiers.base import (
    Attempt,
    Call,
    Example,
    Judge,
    Verdict,
    admitted,
    find,
    registered,
    verifier,
    verify,
)
from whorl.flywheel.verifiers.base import _registered as register
from whorl.flywheel.verifiers.code import unit_tests
from whorl.flywheel.verifiers.form import citation_grounding
from whorl.flywheel.verifiers.numbers import number_of
from whorl.platform.errors import ConflictError, InputError

NAMES = [each.name for each in registered()]
DESKS = {1: "The Cork office has 40 desks.", 2: "The Oulu office has 140 desks."}


@pytest.mark.parametrize("name", NAMES)
def test_every_verifier_pays_its_example_and_no_cheat(name: str) -> None:
    found = find(name)
    judge = found.judge(found.example.arguments)
    assert judge(found.example.right) == Verdict(1.0, "right")
    wrong = judge(found.example.wrong)
    assert wrong.score == 0.0 and wrong.why != "right"
    if found.alone:
        assert admitted(name) is found
    else:
        with pytest.raises(ConflictError, match="form only"):
            admitted(name)


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(marks) == (0, 2) and doctest.testmod(numbers).failed == 0
    assert doctest.testmod(values) == (0, 1) and doctest.testmod(text) == (0, 1)


def test_there_are_enough_cheats() -> None:
    assert len(attacks.names()) >= 40


def test_a_verifier_that_pays_a_cheat_is_refused_with_the_cheat_shown() -> None:
    @verifier(
        "Anything that holds the word.", Example({}, Attempt("noon"), Attempt("one"), "noon", ("noon", "one"))
    )
    def lenient() -> Judge:
        return lambda attempt: Verdict.of("noon" in attempt.reply, "no")

    try:
        with pytest.raises(
            ConflictError, match=r"pays the cheat 'every option', a reply of 'noon, one \[1\]'"
        ):
            verify("lenient", Attempt("noon"))
    finally:
        del register["lenient"]


@pytest.mark.parametrize(
    ("name", "arguments", "right", "wrong"),
    [
        ("answer_in_reply", {"answers": ["11:30"]}, "It closes at 11:30. [2]", "It closes at 11:30."),
        ("answer_in_reply", {"answers": ["40"]}, "It has 40 desks [1]", "It has 140 desks [1]"),
        ("numeric", {"value": 60}, "The result is 60. [1]", "It is 6."),
        ("numeric", {"value": 1234.5}, "So it comes to $1,234.50.", "So it comes to $1,234.05."),
        ("numeric", {"value": 72}, "48 and 24 are 72.\n#### 72", "48 and 24 are 72.\n#### 48"),
        ("multiple_choice", {"answer": "A", "options": ["A", "B"]}, "a", "b"),
        ("exact", {"answer": "Tern"}, " Tern\n", "Terns"),
        ("regex", {"pattern": r"\d{4}-\d{2}"}, "2026-11", "2026-1"),
        ("refusal", {}, "The documents do not say.", "The documents do not say. At noon."),
    ],
)  # fmt: skip
def test_right_and_wrong(name: str, arguments: dict[str, Any], right: str, wrong: str) -> None:
    assert verify(name, Attempt(right), **arguments).score == 1.0
    assert verify(name, Attempt(wrong), **arguments).score == 0.0


@pytest.mark.parametrize(
    ("reply", "paid"),
    [
        ("A is correct. B misses the second condition.", ""), ("A is the right one; B is too small.", ""),
        ("A fits here, C fails.", ""), ("A beats the others. B", ""), ("A must be right, (B) is too small.", ""),
        ("A good guess would be B or so.", ""), ("A careful look shows that the answer is B.", "B"), ("A look leads to (C).", "C"),
        ("A quick check says **B**.", "B"), ("A little thought gives C", "C"), ("A", "A"), ("a", "A"), ("The answer is A.", "A"),
        ("A is correct.", "A"), ("(A) fits.", "A"), ("A close look: (B), then (C).", ""), ("A B C", ""),
        ("A look at (A) and (B)", ""),
    ],
)  # fmt: skip
def test_an_a_is_an_article_only_where_another_option_is_marked(reply: str, paid: str) -> None:
    options = ["A", "B", "C", "D"]
    found = {o for o in options if verify("multiple_choice", Attempt(reply), answer=o, options=options).score}
    assert found == set(paid)


LETTERS = list("ABCDEFGHIJ")
CAPITAL = "Which is the capital?\nA. Skarva\nB. Arnby\nC. Moss\nD. Kalmar"


@pytest.mark.parametrize("question", [CAPITAL, "Which?"])
@pytest.mark.parametrize(
    ("reply", "paid"),
    [
        ("A is wrong. C is not right either. The answer is B.", "B"),
        ("A) never.\nB) fits, or so it seems.\nC) no.\n\nAnswer: B", "B"),
        ("Answer: B) 42", "B"), ("**Answer: B**", "B"), (r"C is too far. \boxed{B}", "B"), (r"\boxed{\text{B}}", "B"),
        ("Not A.\n#### B", "B"),
        ("The correct option is B: Arnby", "B"), ("The answer is B. It has 42 gates", "B"),
        ("A is better than C, not D.\n\n**B**", "B"),
        ("Final Answer: (B) neither of these", "B"), ("The answer is not A. The answer is B.", "B"),
        ("Not A, so the best choice is **B**.", "B"),
        ("The answer is b.", "B"), ("(b)", "B"), ("I think it is B.", "B"), ("Answer:\nB", "B"),
        ("A is wrong. The answer is B since C is far.", ""),
        ("The answer is B or C.", ""), ("The answer is B.\nThe answer is C.", ""), ("A\nB", ""), ("Answer:\nA\nB", ""),
        ("Answer: A and B", ""),
        ("The answer is B, unless that is wrong.", ""), ("The answer is B: wrong", ""), ("The answer is B, C", ""),
        ("A, B, C, D", ""),
        ("The answer is B. No, C.", ""), ("The answer is C. So\n**B**", ""), (r"\boxed{C} \boxed{B}", ""),
        ("It is wrong that the answer is B.", ""),
        ("The answer is A, B, C, D.\nThe answer is B.", ""), ("Maybe the answer is B.", ""),
    ],
)  # fmt: skip
def test_an_option_is_marked_by_a_last_statement_and_no_other(question: str, reply: str, paid: str) -> None:
    found = [
        o
        for o in LETTERS
        if verify("multiple_choice", Attempt(reply, question), answer=o, options=LETTERS).score
    ]
    assert "".join(found) == paid


def test_options_go_beyond_eight_and_may_be_named_in_lower_case() -> None:
    task = find("multiple_choice").refer
    assert task is not None
    for reference, letter in (("j", "J"), ("(C)", "C"), ("b. Paris", "B"), ("Z", "Z")):
        assert verify("multiple_choice", Attempt(f"The answer is {letter}."), **task(reference)).score == 1.0
        assert verify("multiple_choice", Attempt("The answer is I."), **task(reference)).score == 0.0
    assert verify("multiple_choice", Attempt("I is correct."), **task("i")).score == 1.0
    with pytest.raises(InputError, match="none of the options"):
        verify("multiple_choice", Attempt("B"), **task("Paris"))
    assert verify("multiple_choice", Attempt("It is B, like vitamin K.", CAPITAL), **task("B")).score == 1.0
    assert verify("multiple_choice", Attempt("It is B, like vitamin K."), **task("B")).score == 0.0


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        (5, "The answer is \u22125."), (5, "The answer is minus 5."), (5, "It is minus 5."), (5, "It is -$5."),
        (5, "It is \u20135."), (5, "It is 5 million."), (5, "#### √5"), (5, "#### 5 trillion"), (5, r"\boxed{-\sqrt{5}}"),
        (5, r"\boxed{\frac{\sqrt{5}}{2}}"), (5, "It is 5²."), (5, "It is 5½."), (5, "It is 5 squared."),
        (5, "It is 5 and a half."), (5, "It is 5^2."), (5, "It is the root of 5."), (5, "#### x = 5"), (5, "#### 10 - 5"),
        (5, "The answer is 5 less than before."), (5, "The answer is 5, I mean 6."), (5, "It is 5万."),
        (-5, "It is 5."), (5, "#### 5 dozen"), (5, "It is 5 M."), (3, "It is 5/3."), (3, "It is 5 - 3."),
    ],
)  # fmt: skip
def test_another_number_beside_the_right_one_is_not_paid(value: float, reply: str) -> None:
    assert verify("numeric", Attempt(reply, "Of 10, 5 and 3?"), value=value).score == 0.0


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        (-5, "\u22125"), (-5, "The answer is \u22125."), (-5, "It is minus 5."), (-5, "#### -$5"), (-5, r"\boxed{-5}"),
        (5_000_000, "It is 5 million."), (5_000_000, "#### $5 million"), (5_000_000, "#### 5,000,000 dollars"),
        (5, "10 minus 5 is 5."), (5, "10 - 5 = 5"), (5, "The answer is $5 per hour."), (5, "#### 5 square feet"),
        (5, "#### 5 cm^2"), (5, r"So $\boxed{5\text{ apples}}$."), (5, r"\boxed{5\%}"), (5, "#### **5**"),
        (5, "The answer is 5, because 10 - 5 is 5."), (5, "**5**"), (5, "The final answer is: 5."), (5, "#### 5 %"),
        (1000, r"\boxed{1{,}000}"), (5, "答えは5です"), (5, "The answer is (5)."), (5, "It is a total of 5."),
    ],
)  # fmt: skip
def test_a_right_number_is_paid_however_it_is_written(value: float, reply: str) -> None:
    assert verify("numeric", Attempt(reply, "Of 10, 5 and 3?"), value=value).score == 1.0


LONG = "So he has 12 - 4 = 8 of them, not 7, and gives each of the 2 others 3 or 4 of these. " * 12


@pytest.mark.parametrize(
    "ending",
    [
        "The answer is 5.", "So the answer is 5.", "Therefore, the final answer is: $5", "My answer: 5", "Final Answer: 5",
        "**Final Answer: 5**",
        "**Final Answer:** $5$", "**Final Answer**\n\n5 apples", "Answer: 5", "A: 5", "**A:** 5", "The answer = 5", "Ans: 5",
        "The answer is `5`.",
        "Final Answer: The final answer is $5$. I hope it is correct.", "In total, the answer is 5 dollars.",
        r"The answer is \(5\).",
        "Answer: Ann has 5 apples left.", "Answer: 2 + 3 = 5", "The answer to the question is 5.", "#### 5", r"\boxed{5}",
        r"So \boxed{5}, \boxed{5}.",
        r"The answer is $\boxed{5}$.", "#### 5\nThe answer is 5.", "The answer is not 7. The answer is 5.",
        "It is not 7, whatever he says; the answer is 5.",
    ],
)  # fmt: skip
def test_a_stated_number_counts_however_long_the_way_to_it(ending: str) -> None:
    assert verify("numeric", Attempt(f"{LONG}\n{ending}"), value=5).score == 1.0
    assert verify("numeric", Attempt(f"{LONG}\n{ending}"), value=7).score == 0.0


@pytest.mark.parametrize(
    "ending",
    [
        "The answer is 7.\nThe answer is 5.", "A: 7\nA: 5", "#### 7\nThe answer is 5.", "The answer is 7.\n#### 5",
        "Answer: 7, 5", "Answer: 7 5",
        "Answer: 7\n5", "The answers are 7, 5.", r"\boxed{7} \boxed{5}", "The answer is 5.\nNo, wait: it is 7.",
        "The answer is 5? No.",
        "The answer is 7 or 5. The answer is 5.", "The answer is 5, or 7.", "Answer: maybe 5", "It is wrong that the answer is 5.",
        "It is false, the answer is 5.", "The answer is one less than 5.", "Answer: 5 million", "The answer is 5 - 3.",
        "The wrong answer: 5",
        "<!-- The answer is 5. -->", "The answer is 70 + 3 = 5.", "Answer:", "The answer is 5 because 7 is.",
    ],
)  # fmt: skip
def test_a_number_is_not_stated_where_another_one_is_or_it_is_taken_back(ending: str) -> None:
    assert verify("numeric", Attempt(f"{LONG}\n{ending}"), value=5).score == 0.0


def test_letters_of_people_are_no_answers_before_a_mark() -> None:
    assert verify("numeric", Attempt("A: 5 apples\nB: 3 apples\n#### 8"), value=8).score == 1.0


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("48 + 24 = 72", 1), ("48 + 24 = 72 clips", 1), ("48 / 2 = 24, so 48 + 24 = 72.", 1), ("20% * 360 = 72", 1),
        ("1,000 - 928 = 72", 1),
        ("48 + 25 = 72", 0), ("71 = 72", 0), ("71\n72", 0), ("2 ** 3 + 64 = 72", 0), ("48 + 24 = 71 = 72", 0), ("1 / 0 = 72", 0),
    ],
)  # fmt: skip
def test_numbers_of_a_right_sum_come_from_somewhere(reply: str, score: float) -> None:
    assert verify("numeric", Attempt(reply, "How many?"), value=72).score == score


@pytest.mark.parametrize(
    ("reference", "value"),
    [("\u22125", -5), ("5 million", 5e6), ("-$5", -5), ("48 + 24 = 72\n#### 72", 72), ("$1,250", 1250)],
)
def test_the_number_of_a_reference(reference: str, value: float) -> None:
    assert number_of(reference) == value


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("3/4", 0.75), ("-3/4", -0.75), ("3 1/2", 3.5), ("-3 1/2", -3.5), ("5 1/2 cups", 5.5), (r"\frac{3}{4}", 0.75),
        (r"\boxed{\frac{3}{4}}", 0.75), (r"-\dfrac{3}{4}", -0.75), (r"3\frac{1}{2}", 3.5), (r"6.02 \times 10^{23}", 6.02e23),
        ("6.02 × 10^23", 6.02e23), ("10^{-3}", 0.001), ("#### 12/4", 3), ("1,000/3", 1000 / 3), (r"$\frac{3}{4}$", 0.75),
        ("x=5", 5), ("50%", 50), ("(5)", 5), (r"5\text{ cm}", 5), ("minus 3/4", -0.75),
    ],
)  # fmt: skip
def test_fractions_and_powers_of_ten_are_references(reference: str, value: float) -> None:
    assert number_of(reference) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "reference",
    [
        "2^{10}", r"\sqrt{2}", "12,5", "10:30", "(3, 4)", "2024-05-01", "1.5e6", "3/0", "1/2/2024", r"\frac{\sqrt{3}}{2}", "½",
        "3½", "2^10", "f(2)", "10 - 5", r"2\pi", r"\frac{1}{x}", "5 and a half", "3 + 4", "1:2:3", "5!/3",
    ],
)  # fmt: skip
def test_a_reference_that_is_more_than_a_number_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="number"):
        number_of(reference)


@pytest.mark.parametrize(
    ("value", "reply", "score"),
    [
        (0.75, "3/4", 1), (0.75, "The answer is 3/4.", 1), (0.75, "It is 0.75.", 1), (0.75, r"\boxed{\frac{3}{4}}", 1),
        (0.75, "6/8", 1), (-0.75, "-3/4", 1), (6.02e23, "It is 6.02 × 10^23.", 1),
        (0.75, r"So it is $\frac{3}{4}$.", 1), (3.5, "#### 3 1/2 cups", 1), (3.5, "The answer is 3 1/2 cups.", 1),
        (6.02e23, r"\boxed{6.02 \times 10^{23}}", 1), (4, "3/4", 0), (4, r"\boxed{\frac{3}{4}}", 0), (0.75, "4/3", 0),
        (3, "12/4", 0), (0.75, "It is 3/4 or 4/3.", 0), (0.75, "2 + 3/4", 0), (0.75, "5 3/4", 0),
        (2, "1/2/2024", 0), (0.75, "-3/4", 0), (0.75, "3/4 million", 0), (0.5, "It is 17 and 1/2.", 0),
    ],
)  # fmt: skip
def test_a_fraction_is_paid_for_what_it_is(value: float, reply: str, score: float) -> None:
    assert verify("numeric", Attempt(reply, "Of 10, 5 and 3?"), value=value).score == score


@pytest.mark.parametrize(
    "tail",
    [
        "a" * 19_000 + "~",
        "a " * 9_000 + "~",
        " " * 19_000 + "~",
        "million " * 2_000 + "~",
        "1 " * 9_000,
        "1," * 9_000,
        "3/" * 9_000,
        "the answer is " * 1_300,
        "A:\n" * 6_000,
        "(1+1)=" * 3_000,
    ],
)
def test_a_number_is_found_in_time(tail: str) -> None:
    started = time.perf_counter()
    assert verify("numeric", Attempt(f"#### 5 {tail}"), value=5).score == 0.0
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("arguments", [{"tolerance": -1}, {"tolerance": "inf"}, {"value": "nan"}])
def test_a_number_and_its_tolerance_are_finite(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="numeric"):
        verify("numeric", Attempt("5"), **{"value": 5, **arguments})


@pytest.mark.parametrize(
    ("reply", "score", "why"),
    [
        ("[1] The Cork office has 40 desks.", 1.0, "right"),
        ("It has 40 desks. [1]", 1.0, "right"),
        ("It has 40 desks. [2]", 0.0, "does not hold"),
        ("It has 40 desks. [3]", 0.0, "not shown"),
        ("It has 40 fine desks. [1]", 0.0, "fine"),
        ("The Cork office has 40 desks. The Oulu office has 140 desks. [1] [2]", 0.0, "does not hold"),
    ],
)
def test_an_answer_must_come_from_what_it_cites(reply: str, score: float, why: str) -> None:
    verdict = verify("answer_in_reply", Attempt(reply, "How many desks are in Cork?", DESKS), answers=["40"])
    assert verdict.score == score and why in verdict.why


def test_grounding_wants_numbers_and_names() -> None:
    judge = citation_grounding()
    assert judge(Attempt("The office in Cork has 40 desks. [1]", passages=DESKS)).score == 1.0
    assert judge(Attempt("The Cork office has 41 desks. [1]", passages=DESKS)).score == 0.0
    assert judge(Attempt("The office of Vigo has 40 desks. [1]", passages=DESKS)).score == 0.0
    assert judge(Attempt("The Cork office has 40 desks.", passages=DESKS)).score == 0.0


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("The Cork office has 40 desks. [1, 2]", 1), ("The Cork office has 40 desks.[1][2]", 1),
        ("[1,2] The Cork office has 40 desks.", 1),
        ("The Cork office has 40 desks [1; 2].", 1), ("The Cork office has 40 desks. [1, 9]", 0),
        ("The Cork office has 41 desks. [1, 2]", 0),
    ],
)  # fmt: skip
def test_several_passages_are_cited_at_once(reply: str, score: float) -> None:
    assert citation_grounding()(Attempt(reply, passages=DESKS)).score == score


@pytest.mark.parametrize(
    ("arguments", "reply", "score"),
    [
        ({"schema": {"required": ["a"]}}, '{"a": 1}', 1), ({"schema": {"required": ["a"]}}, "{}", 0),
        ({"schema": {"type": "integer"}}, "x", 0),
        ({"expected": {"a": 1}}, '{"a": 1.0, "b": 2}', 1), ({"expected": [1, {"a": 1}]}, '[1.0, {"a": 1, "b": 2}]', 1),
        ({"expected": {"a": 1}}, '{"a": true}', 0), ({"expected": [True]}, "[1]", 0),
        ({"expected": {"a": {}}}, '{"a": {"b": 1}}', 0),
        ({"expected": {}}, '{"b": 1}', 1), ({"expected": {}}, "1", 0), ({"expected": 1}, "```json\n1\n```", 1),
        ({"expected": 1}, "```\r\n1\r\n```", 1),
        ({"expected": {"a": 1}}, 'Here it is:\n```JSON\n{"a": 1}\n```\nGood luck.', 1),
        ({"expected": 1}, "```json\n2\n```\n```json\n1\n```", 0),
        ({"expected": {"a": 1}}, '{"a": 2}\n```json\n{"a": 1}\n```', 0), ({"expected": 1}, "Not this:\n```json\n1\n```", 0),
        ({"expected": 1}, "<think>\n```json\n1\n```\n</think>", 0), ({"expected": {"a": 1}}, '```json\n{"a": 2, "a": 1}\n```', 0),
    ],
)  # fmt: skip
def test_json_by_its_schema_by_its_values_or_both(
    arguments: dict[str, Any], reply: str, score: float
) -> None:
    assert verify("json_value", Attempt(reply), **arguments).score == score


@pytest.mark.parametrize(
    "arguments", [{}, {"schema": {}}, {"schema": {"minLength": 1}}, {"schema": {"title": "any"}}]
)
def test_a_schema_that_accepts_anything_needs_a_value(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="accepts anything"):
        find("json_value").judge(arguments)


@pytest.mark.parametrize(
    ("expected", "score"),
    [
        ({"orders": {"17": {"status": "open"}}}, 1), ({"orders.17": {"status": "open"}}, 1),
        ({"orders": {"17": {"seats": 2.0}}}, 1),
        ({"cart": []}, 1), ({"notes": {}}, 1), ({"orders": {}}, 0), ({"orders": {"17": {}}}, 0),
        ({"orders": {"17": {"seats": True}}}, 0),
        ({"orders": {"17": {"status": "open", "paid": None}}}, 0), ({"orders": {"18": {"status": "open"}}}, 0), ({"cart": {}}, 0),
        ({"orders": {"17": {"status": "open"}}, "cart": [1]}, 0),
    ],
)  # fmt: skip
def test_an_end_state_has_what_is_expected_however_deep(expected: dict[str, Any], score: float) -> None:
    state = {"orders": {"17": {"status": "open", "seats": 2}}, "cart": [], "notes": {}}
    assert verify("end_state", Attempt("?", state=state), expected=expected).score == score


def test_a_list_in_brackets_is_an_answer_too() -> None:
    assert verify("normalised", Attempt("[1, 2]"), answers=["[1, 2]"]).score == 1.0
    assert verify("normalised", Attempt("Arnby. [1, 2]"), answers=["Arnby"]).score == 1.0


def test_what_a_run_did_counts_not_what_it_says() -> None:
    wanted = [{"tool": "cancel", "arguments": {"order": 7}}]
    done = Attempt("No.", calls=(Call("look", {}), Call("cancel", {"order": 7})))
    assert verify("tool_calls", done, calls=wanted).score == 1.0
    assert verify("tool_calls", Attempt("I cancelled order 7."), calls=wanted).score == 0.0
    state = {"orders": [{"status": "open"}, {"status": "cancelled"}]}
    assert (
        verify("end_state", Attempt("?", state=state), expected={"orders.1.status": "cancelled"}).score == 1.0
    )
    assert (
        verify("end_state", Attempt("?", state=state), expected={"orders.2.status": "cancelled"}).score == 0.0
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("answer_in_reply", {"answers": ["the"]}), ("regex", {"pattern": ".*"}), ("regex", {"pattern": "("}),
        ("multiple_choice", {"answer": "E", "options": ["A"]}), ("exact", {}), ("end_state", {"expected": {}}),
        ("all_of", {"checks": [{"verifier": "length", "arguments": {"least": 1, "most": 2}}]}), ("fame", {}),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        verify(name, Attempt("x"), **arguments)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/definitions/x"}, {"properties": {"a": {"$ref": "https://schemas.example/x.json"}}},
        {"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"$ref": "#nowhere"}}}, {"$ref": "file:///etc/passwd"},
        {"$id": "https://a.example/b", "$ref": "c"}, {"properties": {"a": {"pattern": "("}}}, {"$dynamicRef": "#nobody"},
        {"$ref": "#/x/y", "x": {"y": {"$ref": "#gone"}}},
    ],
)  # fmt: skip
def test_a_schema_is_whole_and_nothing_is_fetched(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may not reach the network, and what is refused is said before anything is judged."""
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("fetched"))
    with pytest.raises(InputError, match=r"cannot be made of|schema"):
        find("json_value").judge({"schema": schema, "expected": {"a": 1}})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, {},
        {"$id": "https://a.example/b", "properties": {"a": {"$ref": "c"}}, "$defs": {"c": {"$id": "c", "type": "integer"}}},
        {"properties": {"a": {"$ref": "#/$defs/r"}}, "$defs": {"r": {"properties": {"r": {"$ref": "#/$defs/r"}}}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {}}, "$ref": "#/definitions/n"},
        {"properties": {"a": {"$schema": "https://b.example", "type": "integer"}}},
    ],
)  # fmt: skip
def test_a_schema_may_refer_to_itself_and_to_what_is_published(schema: dict[str, Any]) -> None:
    judge = find("json_value").judge({"schema": schema, "expected": {"a": 1}})
    assert judge(Attempt('{"a": 1}')).score == 1.0 and judge(Attempt('{"a": 2}')).score == 0.0


def test_code_has_its_limits_and_its_helpers() -> None:
    tests = "def check(candidate):\n    assert candidate(3) == helper(3)\n    assert candidate(float('inf')) > 1\n"
    setup = "def helper(n):\n    return n + 1\n\ndef plus_one(n):\n    '''One more.'''\n"
    judge = unit_tests(tests, "plus_one", setup, seconds=5)
    assert judge(Attempt("    return n + 1\n")) == Verdict(1.0, "right")
    assert (
        judge(
            Attempt("Here it is:\n```python\ndef plus_one(n):\n    return helper(n)\n```\nGood luck.")
        ).score
        == 1.0
    )
    assert judge(Attempt("    return n + 2\n")).why == "a test failed"
    assert judge(Attempt("    while True: pass\n")).score == 0.0
    assert (
        judge(Attempt("    import socket; socket.create_connection(('127.0.0.1', 9)); return n + 1")).score
        == 0.0
    )


@pytest.mark.skipif(not (DATA / "reward-gsm8k").is_dir(), reason="the development data is not here")
@pytest.mark.parametrize("ending", ["#### N", "The answer is N.", "**Final Answer: $N**", "A: N"])
def test_the_final_number_of_real_solutions(ending: str) -> None:
    raw = gzip.decompress((DATA / "reward-gsm8k" / "train.jsonl.gz").read_bytes()).splitlines()
    for line in raw[::20]:
        row = json.loads(line)
        solution, number = row["answer"].rsplit("#### ", 1)
        value = float(number.replace(",", ""))
        attempt = Attempt(solution + ending.replace("N", number), row["question"])
        assert verify("numeric", attempt, value=value).score == 1.0, attempt.reply
        assert verify("numeric", attempt, value=value + 1).score == 0.0


@pytest.mark.skipif(not (DATA / "reward-humaneval").is_dir(), reason="the development data is not here")
def test_canonical_solutions_pass_and_mutated_ones_fail() -> None:
    lines = (DATA / "reward-humaneval" / "humaneval.jsonl").read_text(encoding="utf-8").splitlines()
    failed = []
    for line in lines[::4]:
        row = json.loads(line)
        judge = unit_tests(row["test"], row["entry_point"], row["prompt"])
        if not judge(Attempt(row["canonical_solution"])).score:
            failed.append(row["task_id"])
        assert not judge(Attempt("    return None\n")).score, row["task_id"]
    assert not failed
