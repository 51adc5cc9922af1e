"""Stock chat templates of other people's models: what is trained is what they serve, and only what the assistant says."""

from pathlib import Path
from typing import Any

import pytest
import trl
from tokenizers import AddedToken
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from tests.flywheel.test_training import ANSWER, PROMPT, SEARCH, write_dataset
from tests.tiny_model import make_model
from whorl.flywheel.training.collate import Spoken
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import METHODS, TrainingJob, default_recipe
from whorl.flywheel.training.render import render_sft, render_text
from whorl.flywheel.training.tokenizer import load_tokenizer, prepared
from whorl.platform.errors import InputError
from whorl.platform.serving.base_model import base_hash

STOCK = Path(trl.__file__).parent / "chat_templates"
# Templates that take tools, system texts and several turns, with what they end a turn with.
TOOLED = {
    "qwen2_5": "<|im_end|>", "qwen3": "<|im_end|>", "qwen3_instruct_2507": "<|im_end|>", "llama3_2": "<|eot_id|>",
}  # fmt: skip
TALK = [
    {"role": "user", "content": "When?"}, {"role": "assistant", "content": "At noon."},
    {"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "Yes."},
]  # fmt: skip
ENDS = {
    "llama3": "<|eot_id|>", "gemma": "<end_of_turn>", "cohere": "<|END_OF_TURN_TOKEN|>",
    **TOOLED,
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base") / "tiny", seed=3)


def stock(model: Path, name: str) -> Any:
    """The tiny model's tokenizer with a stock template, its end of turn, and a beginning that it adds to every text."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens([AddedToken(ENDS[name], special=True), AddedToken("<bos>", special=True)])
    tokenizer.bos_token, tokenizer.pad_token = "<bos>", None
    tokenizer.eos_token = "<|endoftext|>"
    tokenizer.chat_template = (STOCK / f"{name}.jinja").read_text()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", tokenizer.convert_tokens_to_ids("<bos>"))]
    )
    return tokenizer


def learnt(tokenizer: Any, chat: dict[str, list[int]]) -> list[str]:
    """What there is a loss on, each stretch of it apart."""
    said, before = list[list[int]](), 0
    for token, mask in zip(chat["input_ids"], chat["assistant_masks"], strict=True):
        if mask and not before:
            said.append([])
        if mask:
            said[-1].append(token)
        before = mask
    return [tokenizer.decode(each) for each in said]


@pytest.mark.parametrize("name", ENDS)
def test_the_loss_is_on_what_the_assistant_says(name: str, model: Path) -> None:
    tokenizer = prepared(stock(model, name))
    chats = render_sft(tokenizer, {"messages": TALK, "tools": []})
    said = [text for chat in chats for text in learnt(tokenizer, chat)]
    assert [text.removeprefix("<think>\n\n</think>\n\n") for text in said] == [
        f"At noon.{ENDS[name]}",
        f"Yes.{ENDS[name]}",
    ]
    assert tokenizer.eos_token == ENDS[name]


@pytest.mark.parametrize("name", [*ENDS, "marked"])
def test_there_is_no_loss_on_a_turn_of_weight_nought(name: str, model: Path) -> None:
    """Nor does a template see the weight; all of it is context."""
    tokenizer = prepared(stock(model, "qwen2_5" if name == "marked" else name))
    if name == "marked":
        tokenizer.chat_template = (STOCK / "qwen2_5_training.jinja").read_text()
    history = [{**m, "weight": 0} if m["content"] == "At noon." else m for m in TALK]
    [chat] = render_sft(tokenizer, {"messages": history, "tools": []})
    [said] = learnt(tokenizer, chat)
    assert "Yes." in said and "noon" not in said and "At noon." in tokenizer.decode(chat["input_ids"])
    text = render_text(tokenizer, TALK[:-1], [], prompt=True)
    assert tokenizer.decode(chat["input_ids"]).startswith(text)


def test_a_template_that_writes_the_tokenizers_end_goes_on_to_write_it(model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens([AddedToken("<|end|>", special=True)])
    tokenizer.chat_template = (STOCK / "phi3.jinja").read_text()
    served = render_text(tokenizer, TALK, [], prompt=False)
    assert served.endswith("Yes.<|end|>\n<|im_end|>")
    assert render_text(prepared(tokenizer), TALK, [], prompt=False) == served


@pytest.mark.parametrize("name", TOOLED)
def test_calls_are_learnt_and_what_tools_say_is_not(name: str, model: Path) -> None:
    tokenizer = prepared(stock(model, name))
    chats = render_sft(tokenizer, {"messages": [*PROMPT, *ANSWER], "tools": [SEARCH]})
    said = [text for chat in chats for text in learnt(tokenizer, chat)]
    assert len(said) == 2 and "tide" in said[0] and "noon" not in said[0]
    assert said[1].endswith(f"At noon. [1]{ENDS[name]}")


@pytest.mark.parametrize("name", TOOLED)
def test_every_trained_prompt_is_served_token_by_token(name: str, model: Path) -> None:
    """Also by templates that write a turn otherwise once more is said: then a turn is learnt after its own prompt."""
    served = stock(model, name)
    tokenizer = prepared(stock(model, name))
    chats = render_sft(tokenizer, {"messages": [*PROMPT, *ANSWER], "tools": [SEARCH]})
    assert len(chats) == (2 if name == "qwen3" else 1)
    for before, chat in ((PROMPT[:2], chats[0]), (PROMPT, chats[-1])):
        text = render_text(served, before, [SEARCH], prompt=True)
        ids = served(text, add_special_tokens=False)["input_ids"]
        assert chat["input_ids"][: len(ids)] == ids
        assert chat["assistant_masks"][len(ids)] == 1
        assert tokenizer(text)["input_ids"] == ids, "trainers add no token to a rendered prompt"


def test_the_marked_template_and_the_stock_one_learn_the_same(model: Path) -> None:
    tokenizer = prepared(stock(model, "qwen2_5"))
    row = {"messages": TALK, "tools": [SEARCH]}
    [stocked] = render_sft(tokenizer, row)
    tokenizer.chat_template = (STOCK / "qwen2_5_training.jinja").read_text()
    [marked] = render_sft(tokenizer, row)
    newline = tokenizer("\n")["input_ids"]
    assert marked["input_ids"] == stocked["input_ids"] + newline
    assert [text.strip("\n") for text in learnt(tokenizer, marked)] == learnt(tokenizer, stocked)


def test_a_template_whose_prompt_is_no_beginning_is_refused(model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|><think>{% endif %}"
    )
    with pytest.raises(InputError, match=r"ends with .*<think>.*Serve and train with a template"):
        render_sft(tokenizer, {"messages": TALK, "tools": []})


def test_a_chat_in_which_nothing_is_said_is_refused(model: Path) -> None:
    tokenizer = prepared(stock(model, "llama3"))
    with pytest.raises(InputError, match="no assistant's turn"):
        render_sft(tokenizer, {"messages": TALK[:1], "tools": []})


def test_a_tokenizer_without_a_template_is_refused(model: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="no chat template"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("name", ["llama3", "qwen3", "qwen2_5"])
def test_pairs_count_what_the_assistant_says(name: str, model: Path) -> None:
    tokenizer = prepared(stock(model, name))
    ids = tokenizer(render_text(tokenizer, TALK, [], prompt=False))["input_ids"]
    chat = {"input_ids": ids, "assistant_masks": Spoken(tokenizer).mask(ids)}
    said = [text.removeprefix("<think>\n\n</think>\n\n") for text in learnt(tokenizer, chat)]
    assert said == [f"At noon.{ENDS[name]}", f"Yes.{ENDS[name]}"]


@pytest.mark.parametrize("name", ["qwen3", "llama3_2"])
@pytest.mark.parametrize("method", METHODS)
def test_each_method_trains_with_a_stock_template(method: Any, name: str, tmp_path: Path) -> None:
    base = make_model(tmp_path / "tiny", seed=3)
    stock(base, name).save_pretrained(base)
    data = write_dataset(tmp_path / "data", method)
    (data / "kept.jsonl").write_text((write_dataset(tmp_path / "kept", "sft") / "train.jsonl").read_text())
    recipe = default_recipe(method).model_copy(
        update={"max_steps": 1, "batch_size": 2, "generations": 2, "answer_tokens": 4, "rank": 2}
    )
    job = TrainingJob(
        recipe=recipe, model_folder=base, base_hash=base_hash(base), output_folder=tmp_path / "acme.v1",
        dataset_folder=data,
    )  # fmt: skip
    report = train(job, lambda _: None)
    assert report["steps"] == 1
    assert bool(report["anchored_rows"]) == (method not in ("sft", "reward"))


def test_what_was_thought_is_learnt_where_the_template_writes_it(model: Path) -> None:
    """Qwen3 keeps the thoughts of a question's calls, so that all its turns are one chat."""
    tokenizer = prepared(stock(model, "qwen3"))
    asked, called, told = PROMPT[:2], PROMPT[2], PROMPT[3]
    messages = [
        *asked, {**called, "reasoning_content": "I must look."}, told,
        {**ANSWER[0], "reasoning_content": "It says so."},
    ]  # fmt: skip
    [chat] = render_sft(tokenizer, {"messages": messages, "tools": [SEARCH]})
    first, last = learnt(tokenizer, chat)
    assert first.startswith("<think>\nI must look.\n</think>\n\n<tool_call>")
    assert last == "<think>\nIt says so.\n</think>\n\nAt noon. [1]<|im_end|>"
