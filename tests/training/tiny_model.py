"""A tiny Qwen2 with random weights and a tokenizer of its own, made on the spot; and a tiny run."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

needs_extra = pytest.mark.skipif(
    any(
        find_spec(name) is None for name in ("torch", "transformers", "peft", "trl", "datasets", "accelerate")
    ),
    reason="needs ptool[train]",
)
SHORT = ("device=cpu", "tools=platforms", "train.accumulate=2", "train.learning_rate=5e-3")
"""Words that make a training of the tiny model short and its progress plain."""
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_run(folder: Path, *words: str) -> Path:
    """A finished run of the tiny scenario with a train and a test split."""
    held_out = ("splits.untrained_users=1", "splits.test_share=0.2")
    command = [sys.executable, "-m", "ptool.run", "scenario=tiny", *held_out, *words, f"run.dir={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def make_tokenizer(run: Path, chat_template: str | None = CHATML):
    """A byte-level tokenizer trained on a run's prompts and answers."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    lines = (run / "dataset" / "train.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["query"] for line in lines] + lines
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=3000, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = chat_template
    return tokenizer


def make_model(folder: Path, run: Path, chat_template: str | None = CHATML, **config: int) -> Path:
    """The folder of a tiny Qwen2 that has learnt nothing."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = make_tokenizer(run, chat_template)
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    small |= {"num_key_value_heads": 2, "max_position_embeddings": 8192, **config}
    tokens = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    model = Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), **small, **tokens))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
