"""Preference pairs of whole conversations: the loss is kept to what the assistant says."""

from typing import Any

from .render import Row, render_text

# What PyTorch's cross entropy passes over.
UNLABELLED = -100


class Spoken:
    """Which tokens of a rendered chat the assistant says, by the template's own opening and end of a turn."""

    def __init__(self, tokenizer: Any) -> None:
        chat: list[Row] = [{"role": "user", "content": "x"}]
        closed = render_text(tokenizer, chat, [], prompt=False)
        opening = render_text(tokenizer, chat, [], prompt=True)[len(closed) :]
        self.opening: list[int] = tokenizer(opening, add_special_tokens=False)["input_ids"]
        self.end = int(tokenizer.eos_token_id)

    def mask(self, ids: list[int]) -> list[int]:
        """1 for each token from after an opening to the end of its turn, which counts; else 0."""
        size, speaking = len(self.opening), False
        flags = []
        for at, token in enumerate(ids):
            speaking = speaking or (at >= size and ids[at - size : at] == self.opening)
            flags.append(int(speaking))
            speaking = speaking and token != self.end
        return flags


def spoken_collator(tokenizer: Any, max_length: int) -> Any:
    """TRL's collator for preference pairs, with the completion mask cut down to the assistant's turns."""
    import torch
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    spoken = Spoken(tokenizer)

    class Collator(DataCollatorForPreference):  # type: ignore[misc]
        def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
            batch: dict[str, Any] = super().torch_call(examples)
            said = torch.tensor([spoken.mask(row) for row in batch["input_ids"].tolist()])
            batch["completion_mask"] = batch["completion_mask"] * said
            return batch

    return Collator(pad_token_id=tokenizer.pad_token_id, max_length=max_length)


def spoken_trainer(trainer: Any, tokenizer: Any) -> Any:
    """A TRL trainer of pairs that labels its tokens when it reads the rows, with none but the assistant's labelled."""
    spoken = Spoken(tokenizer)

    class Trainer(trainer):  # type: ignore[misc]
        def tokenize_row(self, feature: dict[str, Any], model: Any = None) -> dict[str, Any]:
            row: dict[str, Any] = super().tokenize_row(feature, model)
            for side in ("chosen", "rejected"):
                said = spoken.mask(row[f"{side}_input_ids"])
                labels = zip(row[f"{side}_labels"], said, strict=True)
                row[f"{side}_labels"] = [label if flag else UNLABELLED for label, flag in labels]
            return row

    return Trainer
