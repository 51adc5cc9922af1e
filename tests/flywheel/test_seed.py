"""The seed model: its generators, its start, its tokenizer, its training and the shipped weights."""

import argparse
import json
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from random import Random
from typing import Any, get_args

import jsonschema
import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

import whorl.flywheel.pretrain as recipe
from whorl.agents.prompt import REFUSAL, SOURCE
from whorl.flywheel.seed import bfcl, names
from whorl.flywheel.seed.calculate import bare_number
from whorl.flywheel.seed.calculate import evaluate as calculate
from whorl.flywheel.seed.described import described
from whorl.flywheel.seed.dialogue import Dialogue, Kind
from whorl.flywheel.seed.encode import encode, render
from whorl.flywheel.seed.evaluate import Seed, Step, held_out_dialogues, steps
from whorl.flywheel.seed.facts import TOPICS
from whorl.flywheel.seed.functions import spoken
from whorl.flywheel.seed.mix import Mix, dialogue
from whorl.flywheel.seed.muon import Muon, orthogonalise
from whorl.flywheel.seed.prose import MissingPackages, Paragraph, content, question_of, read_paragraphs
from whorl.flywheel.seed.reading import Library, overlap
from whorl.flywheel.seed.search import fact, unrelated
from whorl.flywheel.seed.start import Shape, build, pins
from whorl.flywheel.seed.stream import Plan, Stage, shards
from whorl.flywheel.seed.talk import EXCHANGES, KEPT_BACK
from whorl.flywheel.seed.tokenizer import TEMPLATE, train
from whorl.flywheel.seed.wordings import DERIVED, LONGER, OPERATIONS, Derived, Operation, wording

SHIPPED = Path(recipe.__file__).parent / "seed_model"
KINDS = get_args(Kind)
PARAGRAPHS = [
    Paragraph(
        f"Topic {n}",
        (
            f"The old mill of valley {n} was built in {1700 + n} by a group of local farmers.",
            f"Its wheel turns {n} times a minute when the river Arno carries enough water.",
        ),
    )
    for n in range(60)
]


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(
        [*PARAGRAPHS, Paragraph("Ada", ("Ada is a quiet town in the far north of the island.",))], False
    )


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    rng = Random(0)
    return train((render(dialogue(Mix(quotes=False), rng, None, False))[0] for _ in range(300)), 2000)


def drawn(
    count: int, library: Library | None, held_out: bool = False, seed: int = 3, mix: Mix = Mix()
) -> list[Dialogue]:
    rng = Random(seed)
    return [dialogue(mix, rng, library, held_out) for _ in range(count)]


def test_the_same_seed_gives_the_same_dialogues(library: Library) -> None:
    assert drawn(50, library) == drawn(50, library)
    assert drawn(50, library) != drawn(50, library, seed=4)


@pytest.mark.parametrize("mix", [Mix(), Mix(loose=1.0), Mix(described=1.0, tool=60)])
def test_every_call_satisfies_the_schema_of_an_offered_tool(library: Library, mix: Mix) -> None:
    for made in drawn(400, library, mix=mix):
        offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in made.tools}
        for message in made.messages:
            for call in message.get("tool_calls", ()):
                function = call["function"]
                jsonschema.validate(function["arguments"], offered[function["name"]])


@pytest.mark.parametrize("loose", [0.0, 1.0])
def test_quotes_are_verbatim_and_cite_their_line(library: Library, loose: float) -> None:
    checked = 0
    for made in drawn(400, library, mix=Mix(loose=loose)):
        if made.kind not in ("search", "prose"):
            continue
        shown, reply = made.messages[-2]["content"], made.messages[-1]["content"]
        (line,) = [text for text in shown.splitlines() if text.startswith(reply.split("]")[0])]
        assert line.split(SOURCE)[0] == reply
        checked += 1
    assert checked > 100


def test_a_refusal_follows_passages_about_others() -> None:
    rng = Random(5)
    for _ in range(200):
        known = fact(rng, held_out=False)
        shown = unrelated(known, rng, held_out=False)
        assert known.entity.casefold() not in " ".join(shown.sentences).casefold()
    refused = [made for made in drawn(300, None) if made.kind == "refuse"]
    assert refused and all(made.messages[-1]["content"] == REFUSAL for made in refused)


def test_arithmetic_is_exact() -> None:
    assert calculate("480 * 12.5 / 100") == "60"
    assert calculate("0.1 * 3") == "0.3"
    assert calculate("(3 + 4) / 2") == "3.5"
    assert calculate("20 / 3") == "6.666666667"


def test_held_out_entities_are_never_drawn_for_training() -> None:
    rng = Random(1)
    makers = [topic.entity for topic in TOPICS]
    trained = {names.draw(rng.choice(makers), rng, False).casefold() for _ in range(4000)}
    kept = {names.draw(rng.choice(makers), rng, True).casefold() for _ in range(4000)}
    assert not trained & kept


def test_held_out_templates_are_never_used_for_training() -> None:
    for attribute in (attribute for topic in TOPICS for attribute in topic.attributes):
        rng = Random(2)
        asked = {attribute.question(rng, "Xy", False) for _ in range(200)}
        assert attribute.question(rng, "Xy", True) not in asked
        told = {attribute.sentence(rng, "Xy", "Zw", False)[:25] for _ in range(200)}
        assert attribute.sentence(rng, "Xy", "Zw", True)[:25] not in told


def test_prose_is_split_by_title() -> None:
    trained, kept = Library(PARAGRAPHS, False), Library(PARAGRAPHS, True)
    assert kept.longer and trained.longer
    assert not {p.title for p in trained.longer} & {p.title for p in kept.longer}


def test_missing_packages_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPackages, match=r"apt-get install .*dict-gcide"):
        read_paragraphs(tmp_path)


def test_a_question_shares_words_with_its_sentence() -> None:
    sentence = "The Bastille was destroyed in July 1789 at the start of the French Revolution."
    made = [question for n in range(40) if (question := question_of(sentence, Random(n)))]
    assert len(made) > 20 and all(question.endswith("?") for question in made)
    assert all(2 <= overlap(question, sentence) < len(content(sentence)) for question in made)


def test_the_renderer_agrees_with_the_chat_template(
    tokenizer: PreTrainedTokenizerFast, library: Library
) -> None:
    made = [d for d in drawn(60, library) if not any(m.get("past") for m in d.messages)]
    for given, row in zip(made, encode(made, tokenizer.backend_tokenizer), strict=True):
        told = tokenizer.apply_chat_template(
            given.messages, tools=given.tools or None, return_assistant_tokens_mask=True, return_dict=True
        )
        assert told["input_ids"] == row.ids
        assert [bool(flag) for flag in told["assistant_masks"]] == row.said


@pytest.mark.parametrize(
    "text", ["naïve café — 12.5 %", "日本語 \U0001f600\n\tx  y ", '{"a": [1, 2]}', "  lead", '?"}}']
)
def test_any_text_comes_back(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_earlier_turns_of_a_conversation_are_shown_and_not_learnt(
    tokenizer: PreTrainedTokenizerFast, library: Library
) -> None:
    made = [d for d in drawn(200, library) if any(m.get("past") for m in d.messages)]
    assert made
    for given, row in zip(made, encode(made, tokenizer.backend_tokenizer), strict=True):
        learnt = tokenizer.decode([i for i, said in zip(row.ids, row.said, strict=True) if said])
        last = max(i for i, message in enumerate(given.messages) if message["role"] == "user")
        assert not any(message["role"] == "tool" for message in given.messages[:last])
        assert learnt.count("<|im_end|>") == sum(m["role"] == "assistant" for m in given.messages[last:])


def test_the_start_copies_before_any_training(tokenizer: PreTrainedTokenizerFast) -> None:
    model = build(Shape(layers=4, inner=64), tokenizer, seed=0)
    draw = torch.Generator().manual_seed(1)
    for low, high in ((1500, 1990), (1500, 1510)):
        segment = torch.randint(low, high, (20, 30), generator=draw)
        between = torch.randint(low, high, (20, 50), generator=draw)
        ids = torch.cat([segment, between, segment], 1)
        with torch.no_grad():
            said = model(ids).logits.argmax(-1)
        right = (said[:, 84:-1] == ids[:, 85:]).float().mean().item()
        assert right > 0.75


def test_the_start_quotes_the_passage_that_is_named(
    tokenizer: PreTrainedTokenizerFast, library: Library
) -> None:
    """Before any training, after ``[n]``: the rest of the line, though other lines share words with it."""
    model = build(Shape(layers=4, inner=64), tokenizer, seed=0)
    made = [d for d in drawn(150, library) if d.kind in ("search", "prose")][:30]
    right = []
    for row in encode(made, tokenizer.backend_tokenizer):
        with torch.no_grad():
            said = model(torch.tensor([row.ids])).logits[0].argmax(-1).tolist()
        last = max(i for i, flag in enumerate(row.said) if flag and not row.said[i - 1])
        spoken = [i for i in range(last + 3, len(row.ids)) if row.said[i] and row.ids[i] != 2]
        right += [said[i - 1] == row.ids[i] for i in spoken]
    assert sum(right) / len(right) > 0.75


def test_training_leaves_the_built_in_heads_as_they_are(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    stage = Stage("short", 4_000, Mix(bare=1.0, several=0.0), 256, 768)
    config = recipe.Config(
        vocabulary=1700, shape=Shape(layers=4, inner=32), stages=(stage,), shard=64, prose=None, compile=False,
    )  # fmt: skip
    recipe.pretrain(config, tmp_path)
    own = PreTrainedTokenizerFast.from_pretrained(tmp_path / "tokenizer")
    start = build(config.shape, own, config.seed)
    trained = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["model"]
    masks = pins(start, own)
    assert masks
    for name, mask in masks.items():
        assert torch.equal(trained[name][mask], start.get_parameter(name)[mask]), name
    name = "model.layers.2.mlp.up_proj.weight"
    assert not torch.equal(trained[name], start.get_parameter(name))


def test_a_killed_run_ends_in_the_same_weights(tmp_path: Path) -> None:
    short = Stage("short", 6_000, Mix(bare=1.0, several=0.0), 256, 768)
    config = recipe.Config(
        vocabulary=1700, shape=Shape(layers=4, inner=32), stages=(short,), save_every=3, shard=64,
        prose=None, compile=False,
    )  # fmt: skip
    whole = recipe.pretrain(config, tmp_path / "whole")
    recipe.pretrain(config, tmp_path / "killed", stop_after=3)
    (tmp_path / "killed" / "checkpoint.partial").write_bytes(b"half a file")
    again = recipe.pretrain(config, tmp_path / "killed")
    assert (again.step, again.tokens) == (whole.step, whole.tokens)
    first, second = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"]
        for name in ("whole", "killed")
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_start_finds_where_a_value_begins() -> None:
    """Before any training, after an argument's name: the number that follows the name in the question."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(SHIPPED)
    model = build(Shape(layers=4, inner=64), tokenizer, seed=0)
    rng, right = Random(4), []
    words = "weight speed price length score limit radius height rate mass".split()
    for _ in range(40):
        word = rng.choice(words)
        value = rng.randint(100, 999)
        text = (
            f"<|im_start|>user\nCount the harbor with full {word} {value} for Milan.<|im_end|>\n"
            '<|im_start|>assistant\n<tool_call>\n{"name": "count", "arguments": {"full_' + word + '": '
        )
        with torch.no_grad():
            said = model(torch.tensor([tokenizer(text).input_ids])).logits[0, -1].argmax()
        right.append(tokenizer.decode([int(said)]) == str(value))
    assert sum(right) >= 4, "by chance it would be none"


def test_training_never_words_a_sum_as_evaluation_does() -> None:
    rng = Random(5)
    asked: list[Operation | Derived] = [*OPERATIONS, *(each for each in DERIVED if each.kept)]
    for operation in asked:
        drawn = {
            wording(operation.phrases, operation.orders, operation.kept, rng, held_out=False)
            for _ in range(400)
        }
        assert drawn and not drawn & set(operation.kept)


def test_training_in_random_words_keeps_back_what_evaluation_says() -> None:
    """Sums of two operations, and small talk after another word or line, never word what is kept."""
    rng, kept = Random(5), {text for operation in OPERATIONS for text in operation.kept}
    sums = {
        wording(each.phrases, each.orders, each.kept, rng, held_out=False)
        for each in LONGER
        for _ in range(200)
    }
    assert len(sums) > 100 and not sums & kept
    talk = drawn(1500, None, mix=Mix(loose=1.0, several=0.0, talk=1e9))
    said = {made.messages[-2]["content"].strip(".!?").casefold() for made in talk}
    held_back = {text.casefold() for texts, _ in EXCHANGES for text in texts.split("|")[-KEPT_BACK:]}
    assert len(said) > 700 and not said & held_back


def test_a_request_in_random_words_states_each_argument(library: Library) -> None:
    asked = 0
    for made in drawn(300, library, mix=Mix(loose=1.0, several=0.0, tool=1e9)):
        question = next(m["content"] for m in made.messages if m["role"] == "user")
        (call,) = [call for m in made.messages for call in m.get("tool_calls", ())]
        for value in call["function"]["arguments"].values():
            if value is not True:
                assert spoken(value) in question
                asked += 1
    assert asked > 300


def test_a_function_described_at_length_is_called_with_what_a_request_says(library: Library) -> None:
    """Texts stand in the request to the letter, but for days, which a description wants in another form."""
    rng, stated, left_out = Random(9), 0, 0
    for _ in range(400):
        made = described(rng, False, library.words)
        question, arguments = made.ask(rng, False, library.words)
        properties = made.schema["function"]["parameters"]["properties"]
        left_out += len(properties) - len(arguments)
        assert set(made.schema["function"]["parameters"]["required"]) <= set(arguments)
        for name, value in arguments.items():
            if isinstance(value, str) and "YYYY" not in properties[name].get("description", "YYYY"):
                assert value.casefold() in question.casefold().replace(",", "") or value in question
                stated += 1
    assert stated > 200 and left_out > 200


def test_functions_described_at_length_keep_a_side_for_evaluation(library: Library) -> None:
    drawn = {side: [described(Random(n), side, library.words) for n in range(200)] for side in (True, False)}
    kept, trained = ({(made.result, made.subject) for made in drawn[side]} for side in (True, False))
    assert len(trained) > 100 and not kept & trained


def test_a_shard_is_the_same_whoever_draws_it(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    plan = Plan(3, (Stage("full", 10**9, Mix(), 512, 2048),), 48, None, tmp_path)
    with shards(plan, workers=0) as here, shards(plan, workers=1) as elsewhere:
        pairs = list(zip(here.of(0, 4), elsewhere.of(0, 4), range(2), strict=False))
    for own, drawn, _ in pairs:
        assert own and len(own) == len(drawn)
        assert all(np.array_equal(a.ids, b.ids) for a, b in zip(own, drawn, strict=True))
        assert all(np.array_equal(a.weight, b.weight) for a, b in zip(own, drawn, strict=True))


def test_a_step_without_a_finite_gradient_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One such step must not end in weights that are no numbers; a row of them must not go on for ever."""
    stage = Stage("short", 8_000, Mix(bare=1.0, several=0.0), 256, 768)
    config = recipe.Config(
        vocabulary=1700, shape=Shape(layers=4, inner=32), stages=(stage,), shard=64, prose=None, compile=False,
        log_every=4,
    )  # fmt: skip
    sound, bad = recipe.loss_of, [2]

    def loss_of(model: Any, trunk: Any, lesson: Any) -> torch.Tensor:
        bad[0] -= 1
        return sound(model, trunk, lesson) * (float("nan") if bad[0] == 0 else 1.0)

    monkeypatch.setattr(recipe, "loss_of", loss_of)
    progress = recipe.pretrain(config, tmp_path / "once")
    assert progress.skipped == 1
    trained = torch.load(tmp_path / "once" / "checkpoint.pt", weights_only=True)["model"]
    assert all(bool(torch.isfinite(value).all()) for value in trained.values())
    monkeypatch.setattr(recipe, "loss_of", lambda *given: sound(*given) * float("nan"))
    with pytest.raises(FloatingPointError, match="4 steps"):
        recipe.pretrain(config, tmp_path / "never")


def test_a_run_goes_on_from_given_weights(tmp_path: Path) -> None:
    stage = Stage("short", 2_000, Mix(bare=1.0, several=0.0), 256, 768)
    config = recipe.Config(
        vocabulary=1700, shape=Shape(layers=4, inner=32), stages=(stage,), shard=64, prose=None, compile=False,
    )  # fmt: skip
    recipe.pretrain(config, tmp_path / "first")
    first = LlamaForCausalLM.from_pretrained(tmp_path / "first" / "model", dtype=torch.float32)
    still = replace(config, start=tmp_path / "first" / "model", rate=0.0)
    recipe.pretrain(still, tmp_path / "second")
    second = LlamaForCausalLM.from_pretrained(tmp_path / "second" / "model", dtype=torch.float32)
    for (name, one), other in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_rounds_follow_each_other_and_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed recipe goes on in the round that it was in; a complete one is not trained again."""

    def part(tokens: int) -> recipe.Round:
        return recipe.Round((Stage("short", tokens, Mix(bare=1.0, several=0.0), 256, 768),), 1e-3, 1.0)

    monkeypatch.setattr(recipe, "ROUNDS", (part(3_000), part(4_000)))
    monkeypatch.setattr(
        recipe.Config, "__init__",
        partialmethod(recipe.Config.__init__, vocabulary=1700, shape=Shape(layers=4, inner=32), shard=64),
    )  # fmt: skip
    given = argparse.Namespace(scale=1.0, prose=None, workers=0, no_compile=True, steps=2)
    assert recipe.pretrain_all(1, tmp_path, "cpu", given).stage == 0
    assert not (tmp_path / "round2").exists()
    given.steps = None
    ended = recipe.pretrain_all(1, tmp_path, "cpu", given)
    assert ended.stage == 1 and ended.tokens >= 4_000
    kept = {file: file.read_bytes() for file in sorted(tmp_path.glob("round*/model/model.safetensors"))}
    assert len(kept) == 2
    recipe.pretrain_all(1, tmp_path, "cpu", given)
    assert kept == {file: file.read_bytes() for file in kept}


def test_a_chain_quotes_before_it_calculates() -> None:
    """What it calculates with stands in what it says just before, in words of the recipe or at random."""
    rng = Random(2)
    for mix in (Mix(), Mix(frames=1.0), Mix(loose=1.0)):
        made = [dialogue(mix, rng, None, False, kind="chain") for _ in range(20)]
        for each in made:
            call = next(m for m in each.messages if m.get("tool_calls") and m["content"])
            expression = call["tool_calls"][0]["function"]["arguments"]["expression"]
            shown = next(m["content"] for m in each.messages if m["role"] == "tool")
            number, _, quoted = call["content"].partition("] ")
            assert quoted in shown and each.messages[-1]["content"].endswith(f" {number}]")
            assert any(part.strip("()") in quoted for part in expression.split())
    plain = dialogue(Mix(quotes=False), Random(2), None, False, kind="chain")
    assert not any(m.get("tool_calls") and m["content"] for m in plain.messages)


def test_a_name_has_the_same_tokens_everywhere(tokenizer: PreTrainedTokenizerFast) -> None:
    """In a question, in a passage, after a quotation mark; so that copying is by token."""
    for name in ("Zaigriorzom", "Port Zaigriorzom", "1203441", "AB-4821", "rossi@chafiost.org"):
        own = tokenizer(name).input_ids
        for text in (
            f"Book it for {name}.",
            f"[1] {name} lies low.",
            f'{{"city": "{name}"}}',
            f"to {name}, or",
        ):
            ids = tokenizer(text).input_ids
            assert any(ids[at : at + len(own) - 1] == own[:-1] for at in range(len(ids))), (name, text)


def test_numbers_are_groups_of_three_digits(tokenizer: PreTrainedTokenizerFast) -> None:
    told = [tokenizer.decode([i]) for i in tokenizer("1203441,0.3333").input_ids]
    assert told == ["1", "203", "441", ",", "0", ".", "3", "333"]


def test_orthogonalised_matrices_have_equal_singular_values() -> None:
    given = torch.randn(3, 24, 40, generator=torch.Generator().manual_seed(2))
    for made in (orthogonalise(given), orthogonalise(given.mT)):
        values = torch.linalg.svdvals(made)
        assert values.min() > 0.6 and values.max() < 1.3
    with torch.no_grad():
        weight = torch.nn.Parameter(given[0].clone())
    weight.grad = torch.ones_like(weight)
    Muon([(weight, 0.5)], weight_decay=0.0).step(0.1)
    assert weight.grad is None
    assert torch.linalg.svdvals(given[0] - weight.detach())[0] == pytest.approx(
        0.5 * 0.1 * 0.2 * 40**0.5, rel=0.4
    )


def test_what_a_kind_needs_is_enough_when_bare() -> None:
    rng = Random(6)
    for _ in range(200):
        made = dialogue(Mix(bare=1.0), rng, None, False)
        named = {call["function"]["name"] for m in made.messages for call in m.get("tool_calls", ())}
        assert named <= {tool["function"]["name"] for tool in made.tools}
        assert made.messages[0]["role"] == "user"


def test_a_number_is_taken_as_it_is_written() -> None:
    assert [bare_number(text) for text in ("€1,250.50", "42 GB", "a staff of 7.")] == ["1,250.50", "42", "7"]
    assert calculate("1,203,441 * 2") == "2406882"


def test_bfcl_calls_are_judged_by_value() -> None:
    truth = {"area": {"base": [10], "unit": ["cm", ""]}}
    assert bfcl.matches('<tool_call>\n{"name": "area", "arguments": {"base": 10}}\n</tool_call>', truth)
    assert not bfcl.matches('<tool_call>\n{"name": "area", "arguments": {"base": 11}}\n</tool_call>', truth)
    assert not bfcl.matches(
        '<tool_call>\n{"name": "area", "arguments": {"base": 10, "x": 1}}\n</tool_call>', truth
    )
    assert not bfcl.matches("no call", truth)


@pytest.fixture(scope="module")
def shipped() -> Seed:
    return Seed.load(SHIPPED)


def test_the_shipped_weights_are_small_and_servable(shipped: Seed) -> None:
    config = json.loads((SHIPPED / "config.json").read_text(encoding="utf-8"))
    assert (SHIPPED / "model.safetensors").stat().st_size < 16e6
    assert config["architectures"] == ["LlamaForCausalLM"] and config["tie_word_embeddings"]
    assert shipped.tokenizer.chat_template == TEMPLATE.read_text(encoding="utf-8")
    assert shipped.tokenizer.eos_token == "<|im_end|>"


def test_the_shipped_tokenizer_is_loaded_as_it_was_trained(shipped: Seed) -> None:
    """By transformers' own choice of class, as every server loads it."""
    plain = PreTrainedTokenizerFast(tokenizer_file=str(SHIPPED / "tokenizer.json"))
    for text in ("What is 347 plus 9.5?", '{"expression": "347 + 9"}}', "Room B204, [3] and (so) on."):
        assert shipped.tokenizer(text)["input_ids"] == plain(text)["input_ids"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "prose"])
def test_the_shipped_weights_take_a_step_of_each_kind(shipped: Seed, kind: Kind) -> None:
    taken = [steps(made) for made in held_out_dialogues(kind, 8, None)]
    flat = [step for turns in taken for step in turns]
    said = shipped.continue_all([step.prompt for step in flat], limit=160)
    right = [text == step.expected for text, step in zip(said, flat, strict=True)]
    assert any(right)
    assert [flag for flags in shipped.would_say(taken) for flag in flags] == right


def test_one_wrong_word_or_no_end_is_not_what_the_model_would_say(shipped: Seed) -> None:
    taken = steps(held_out_dialogues("talk", 1, None)[0])
    assert shipped.would_say([taken]) == [[True]]
    for wrong in (taken[0].expected + " Yes.", taken[0].expected.removesuffix("."), "No"):
        assert shipped.would_say([[Step(taken[0].prompt, wrong)]]) == [[False]]
