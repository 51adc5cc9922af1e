"""A random model of the seed model's architecture, small enough to make in every test run."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from whorl.platform.serving.base_model import base_hash

TEMPLATE = Path(__file__).parents[1] / "platform" / "serving" / "chat_template.jinja"
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def make_model(folder: Path, *, seed: int, inner: int = 96) -> Path:
    """A Qwen2 with random weights and a byte-level tokenizer, saved as a Hugging Face folder."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=_SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(["tell me about tides"], trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=TEMPLATE.read_text(),
    )
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=320, hidden_size=64, intermediate_size=inner, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=4096, tie_word_embeddings=True, initializer_range=0.2,
        eos_token_id=wrapped.eos_token_id, pad_token_id=wrapped.pad_token_id, bos_token_id=None,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def make_adapter(model: Path, folder: Path, *, seed: int, strength: float = 1.0) -> Path:
    """A LoRA adapter with random weights; at full ``strength`` it changes every answer."""
    torch.manual_seed(seed)
    network = AutoModelForCausalLM.from_pretrained(model)
    adapted = get_peft_model(network, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.mul_(strength)
    adapted.save_pretrained(folder)
    (folder / "whorl.json").write_text(json.dumps({"base_hash": base_hash(model)}))
    return folder
