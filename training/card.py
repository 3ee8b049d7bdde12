"""The card of a tuned model: what it comes from, how it was tuned, and how it is evaluated."""

from __future__ import annotations

from typing import Any

import yaml

from ..settings import TrainSettings
from .estimate import TrainingEstimate
from .length import LengthReport


def card_text(
    settings: TrainSettings,
    base: str,
    run: str,
    report: LengthReport,
    estimate: TrainingEstimate,
    losses: list[dict[str, Any]],
    *,
    split: bool,
) -> str:
    """README.md, as the Hugging Face Hub reads it.

    Args: base, run: names of what was tuned, and on what; report: of the samples; losses: step by step;
        split: whether something was held out of them.
    """
    method = settings.train
    head = {"library_name": "peft", "base_model": base, "tags": ["lora", method.method, "ptool", "tool-use"]}
    bits = ", the base model held in 4 bits" if method.quantise else ""
    goal = "preferences between two answers (DPO)" if method.method == "dpo" else "gold answers"
    held_out = (
        "Users and queries of the run's test split were not part of it."
        if split
        else "**Nothing was held out**: an evaluation on this run measures what was memorised."
    )
    first, last = (f"{losses[at]['loss']:.3f}" for at in (0, -1)) if losses else ("n/a", "n/a")
    merged = " `merged/` is the whole model with it." if settings.merge else ""
    words = prompt_words(settings)
    return f"""---
{yaml.safe_dump(head, sort_keys=False).strip()}
---

# {base}, tuned for personalised tool invocation

`adapter/` is a LoRA adapter on {base}.{merged} It was tuned on {goal} of the ptool run `{run}`. {held_out}

| | |
| --- | --- |
| samples | {report.describe(settings.max_length)} |
| adapter | rank {method.rank}, alpha {method.alpha:g}, dropout {method.dropout:g}, {method.targets}{bits} |
| learning rate | {method.learning_rate:g}, {method.schedule}, warm-up {method.warmup:g} of the steps |
| batch | {method.batch} x {method.accumulate}, {method.epochs:g} epochs |
| loss | on the assistant's tokens only; {first} at the first step, {last} at the last |
| prompt | format {settings.format}, variant {settings.variant}, tools {settings.tools or "as many as fit"} |
| seed | {settings.seed} |
| size | {estimate.size.parameters:,} parameters, {estimate.size.adapter:,} of the adapters |

```sh
python -m ptool.evaluate data=RUN model=transformers model.path=BASE model.adapter=adapter{words}
```

The licence is that of the base model; the data's stands in its own card. Every setting: `config.yaml`;
versions: `manifest.json`; losses: `losses.jsonl`.
"""


def prompt_words(settings: TrainSettings) -> str:
    """What an evaluation has to be told, each word after a space, to ask with the prompts of the training."""
    usual = {"format": "python", "variant": "all", "tools": None}
    given = {name: getattr(settings, name) for name in usual}
    return "".join(f" {name}={value}" for name, value in given.items() if value != usual[name])
