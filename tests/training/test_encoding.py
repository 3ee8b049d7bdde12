"""What a model learns from: the answer's tokens and no others; what is too long loses tools, not answers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ptool.cli.args import parse_arguments
from ptool.cli.compose import composed_settings
from ptool.errors import ConfigError
from ptool.models.chat_template import ChatTemplate
from ptool.settings import TrainSettings
from ptool.training.length import LengthFit
from ptool.training.samples import gold_answers
from tiny_model import CHATML, make_tokenizer, needs_extra

pytestmark = needs_extra


def composed(*words: str) -> TrainSettings:
    """Settings of ptool.train, as a command line gives them."""
    return composed_settings(parse_arguments(words), "train", TrainSettings)[0]


@pytest.fixture(scope="module")
def tokenizer(run: Path) -> Any:
    """The tiny model's."""
    return make_tokenizer(run)


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(["<|im_end|>", "<|im_start|>assistant\n", "{A: [f(x='1')]}", " ", "\n"]), max_size=5
    ).map("".join),
)


@hypothesis_settings(max_examples=60)
@given(system=HOSTILE, query=HOSTILE, answer=HOSTILE)
def test_nothing_but_the_answer_and_its_end_is_learnt(
    tokenizer: Any, system: str, query: str, answer: str
) -> None:
    template = ChatTemplate(tokenizer, "model_path")
    messages = template.messages(system, query)
    prompt, learnt = template.encode(messages, answer)
    assert tokenizer.decode(learnt) == f"{answer}<|im_end|>"
    assert prompt == template.prompt(messages)  # as when the model is asked


def test_the_trainer_unmasks_the_answer_only(run: Path, model: Path, tmp_path: Path, tokenizer: Any) -> None:
    from ptool.models.transformers_folder import load_model
    from ptool.training.trainer import _trainer

    settings = composed(f"run={run}", f"model_path={model}", "tools=platforms", "train.batch=2")
    answers = list(gold_answers(run, "python"))[:2]
    samples = list(LengthFit(ChatTemplate(tokenizer, "model_path"), settings).fit(answers))
    estimate = SimpleNamespace(device="cpu", recomputes=False)
    base = load_model(model, "model_path", "float32")
    trainer = _trainer(settings, base, tokenizer, samples, tmp_path, estimate)  # type: ignore[arg-type]
    (batch,) = trainer.get_train_dataloader()
    learnt = [
        tokenizer.decode([token for token, label in zip(row, labels, strict=True) if label != -100])
        for row, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True)
    ]
    assert sorted(learnt) == sorted(f"{one.chosen}<|im_end|>" for one in answers)


NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
NO_END = (
    "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
THINKS = CHATML.replace(
    "{{ message['content'] }}",
    "{% if message['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ message['content'] }}",
)


@pytest.mark.parametrize(
    ("chat_template", "prompt", "learnt"),
    [
        (
            CHATML,
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
            "A<|im_end|>",
        ),
        (NO_SYSTEM, "<|im_start|>user\nS\n\nQ<|im_end|>\n<|im_start|>assistant\n", "A<|im_end|>"),
        (NO_END, "[system]S[user]Q[assistant]", "A<|im_end|>"),
        (
            THINKS,
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
            "<think>\n\n</think>\n\nA<|im_end|>",
        ),
    ],
    ids=["chatml", "no system message", "no end of a turn", "thinks first"],
)
def test_templates_of_other_families(run: Path, chat_template: str, prompt: str, learnt: str) -> None:
    tokenizer = make_tokenizer(run, chat_template)
    template = ChatTemplate(tokenizer, "model_path")
    encoded = template.encode(template.messages("S", "Q"), "A")
    assert (tokenizer.decode(encoded.prompt), tokenizer.decode(encoded.answer)) == (prompt, learnt)


@pytest.mark.parametrize(
    ("chat_template", "expected"),
    [
        (None, "model_path: its tokenizer has no chat template; expected one in tokenizer_config.json"),
        ("{{ messages[0]['content'] }}", "nobody can tell which tokens are the assistant's"),
        ("{{ raise_exception('never') }}", "model_path: its chat template refuses a conversation: never"),
        ("{% for", "model_path: its chat template refuses a conversation"),
    ],
)
def test_templates_nobody_can_train_with(run: Path, chat_template: str | None, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        ChatTemplate(make_tokenizer(run, chat_template), "model_path")


def test_long_samples_lose_tools_and_never_an_answer(run: Path, tokenizer: Any) -> None:
    answers = list(gold_answers(run, "python"))[:6]
    template = ChatTemplate(tokenizer, "model_path")

    def fitted(max_length: int) -> tuple[LengthFit, list[Any]]:
        words = (f"run={run}", "model_path=m", f"max_length={max_length}")
        fit = LengthFit(template, composed(*words))
        return fit, list(fit.fit(answers))

    whole, _ = fitted(8192)
    assert (whole.report.kept, whole.report.shortened, whole.report.left_out) == (6, 0, 0)
    limit = whole.report.longest - 300
    shorter, cut = fitted(limit)
    assert shorter.report.shortened > 0
    assert shorter.report.longest <= limit
    assert f"longer than max_length={limit:,}" in shorter.report.describe(limit)
    by_answer = {one.chosen: one.item for one in answers}
    for sample in cut:
        assert tokenizer.decode(sample.tokens.answer) == f"{sample.chosen}<|im_end|>"
        needed = [call.name for call in by_answer[sample.chosen].calls]
        assert all(f'"name":"{name}"' in sample.messages[0]["content"] for name in needed)
    nothing, none = fitted(64)
    assert (nothing.report.left_out, none) == (6, [])
