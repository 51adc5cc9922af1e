"""Beginnings that rows share are worked out once, to the same states and gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny_model import make_model
from whorl.flywheel.training import prefixes
from whorl.flywheel.training.prefixes import share_prefixes, trees
from whorl.flywheel.training.recipe import default_recipe
from whorl.flywheel.training.trainers import load_model

SHARED = list(range(20, 60))


def padded(rows: list[list[int]], *, left: bool = False) -> dict[str, Any]:
    width = max(map(len, rows))
    ids, mask = torch.zeros((2, len(rows), width), dtype=torch.long)
    for number, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(len(row))
        ids[number, place], mask[number, place] = torch.tensor(row), 1
    return {"input_ids": ids, "attention_mask": mask}


def test_rows_become_trees_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "MOST", 60)
    rows = [[*SHARED, 1], [7] * 50, [*SHARED, 1, 2], [*SHARED, 3], [7] * 45 + [8], [9]]
    grown = trees(rows)
    assert len(grown) > 1 and max(len(tree.tokens) for tree in grown) < 70
    for number, row in enumerate(rows):
        [(tree, path)] = [(tree, tree.paths[number]) for tree in grown if number in tree.paths]
        assert [tree.tokens[at] for at in path] == row
        assert [tree.depths[at] for at in path] == list(range(len(row)))
    assert sum(len(tree.tokens) for tree in grown) < sum(map(len, rows))


@pytest.mark.parametrize("left", [False, True])
def test_states_and_gradients_are_those_of_rows_apart(left: bool, tmp_path: Path) -> None:
    model = load_model(default_recipe("dpo"), make_model(tmp_path / "tiny", seed=3), 0)
    rows = [[*SHARED, 1, 2, 3], [5, 6, 7], [*SHARED, 1, 9], [*SHARED[:20], 4, 4, 4, 4], SHARED]
    batch = padded(rows, left=left)
    there = batch["attention_mask"].bool()
    places = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)

    def states(**named: Any) -> tuple[Any, Any]:
        model.zero_grad()
        logits = model(**batch, use_cache=False, **named).logits[there]
        logits.square().mean().backward()
        return logits.detach(), model.base_model.layers[0].self_attn.q_proj.weight.grad.clone()

    apart, gradient = states(position_ids=places)
    seen = []
    model.base_model.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    assert share_prefixes(model)
    together, other = states()
    assert seen[0][0] * seen[0][1] < batch["input_ids"].numel()
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(other, gradient, atol=1e-6, rtol=1e-3)


def test_rows_that_share_little_are_left_apart(tmp_path: Path) -> None:
    model = load_model(default_recipe("dpo"), make_model(tmp_path / "tiny", seed=3), 0)
    assert share_prefixes(model)
    seen: list[Any] = []
    model.base_model.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    model(**padded([[1, 2, 3, 4], [5, 6, 7, 8]]), use_cache=False)
    model(torch.tensor([SHARED]), use_cache=False)
    batch = padded([SHARED, SHARED])
    model(**batch, use_cache=True)
    model(**batch, use_cache=False, position_ids=torch.arange(3, 43).expand(2, -1))
    assert [shape[:2] for shape in seen] == [(2, 4), (1, 40), (2, 40), (2, 40)]


def test_what_is_generated_is_the_same_and_its_beginning_is_read_once(tmp_path: Path) -> None:
    model = load_model(default_recipe("grpo"), make_model(tmp_path / "tiny", seed=3), 0)
    batch = padded([[*SHARED, 1, 2], [*SHARED, 1], [5, 6], [*SHARED, 1, 2]], left=True)

    def said(seed: int) -> Any:
        torch.manual_seed(seed)
        with torch.no_grad():
            return model.generate(
                **batch, max_new_tokens=8, min_new_tokens=8, do_sample=True, pad_token_id=0,
                return_dict_in_generate=True, output_logits=True,
            )  # fmt: skip

    apart = [said(seed) for seed in range(3)]
    seen: list[Any] = []
    model.base_model.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    assert share_prefixes(model)
    for seed, before in enumerate(apart):
        seen.clear()
        after = said(seed)
        assert torch.equal(after.sequences, before.sequences)
        torch.testing.assert_close(
            torch.stack(after.logits), torch.stack(before.logits), atol=1e-4, rtol=1e-3
        )
        assert seen[0][0] * seen[0][1] < batch["input_ids"].numel() and len(seen) == 8


def test_a_model_that_works_otherwise_is_left_alone(tmp_path: Path) -> None:
    model = load_model(default_recipe("dpo"), make_model(tmp_path / "tiny", seed=3), 0)
    whole = model.config.layer_types
    model.config.layer_types = ["sliding_attention", *whole[1:]]
    assert not share_prefixes(model)
    model.config.layer_types = whole
    model.config.output_router_logits = True
    assert not share_prefixes(model)
    model.config.output_router_logits = False
    model.config._attn_implementation = "eager"
    assert not share_prefixes(model)
