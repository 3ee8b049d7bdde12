"""The training itself: a base model, low-rank adapters, a trainer of TRL's, and checkpoints to go on from.

What is learnt from is given in tokens, prompt and answer apart: the loss is on the answer's tokens only.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from ..models.transformers_folder import chosen_dtype, library, load_model, with_adapter
from ..settings import TrainingMethod, TrainSettings
from .estimate import TrainingEstimate
from .length import TrainingSample

ADAPTER, MERGED, CHECKPOINTS = "adapter", "merged", "checkpoints"
_COMPLETE = "trainer_state.json"
"""The last file of a checkpoint to be written."""


def steps_of(samples: int, method: TrainingMethod) -> int:
    """Steps of a training, where nothing is packed."""
    a_pass = math.ceil(math.ceil(samples / method.batch) / method.accumulate)
    return max(1, math.ceil(a_pass * method.epochs))


def run_training(
    settings: TrainSettings,
    base: Path,
    tokenizer: Any,
    samples: Sequence[TrainingSample],
    estimate: TrainingEstimate,
    folder: Path,
    done: Callable[[int], None],
) -> list[dict[str, float]]:
    """Train, or go on from the last whole checkpoint, and save the adapter.

    Args: base: the model's folder; estimate: device and memory; folder: where checkpoints and the adapter go;
        done: is told the number of the step that is finished.

    Returns the losses: [{step, loss, learning_rate}].
    """
    torch, transformers = library("torch"), library("transformers")
    device = estimate.device
    transformers.set_seed(settings.seed)
    dtype = chosen_dtype("auto", device)
    model = load_model(base, "model_path", dtype, _quantisation(dtype) if settings.train.quantise else None)
    trainer = _trainer(settings, model, tokenizer, samples, folder / CHECKPOINTS, estimate)
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.add_callback(_progress(done))
    trainer.train(resume_from_checkpoint=last_checkpoint(folder / CHECKPOINTS))
    _save(folder / ADAPTER, trainer.model, tokenizer)
    losses = [
        {"step": line["step"], "loss": line["loss"], "learning_rate": line["learning_rate"]}
        for line in trainer.state.log_history
        if "loss" in line
    ]
    if device == "cuda":
        del trainer, model
        torch.cuda.empty_cache()
    return losses


def merge_adapter(base: Path, tokenizer: Any, folder: Path) -> None:
    """Write the base model, in its own precision, with the adapter's weights added to it."""
    model = with_adapter(load_model(base, "model_path", "auto"), folder / ADAPTER, "adapter")
    _save(folder / MERGED, model.merge_and_unload(), tokenizer)


def last_checkpoint(folder: Path) -> str | None:
    """The latest checkpoint that is whole; what a killed process left half written is removed."""
    whole: list[tuple[int, str]] = []
    for path in folder.glob("checkpoint-*") if folder.is_dir() else ():
        try:
            whole.append((orjson.loads((path / _COMPLETE).read_bytes())["global_step"], str(path)))
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(path, ignore_errors=True)
    return max(whole)[1] if whole else None


def _trainer(
    settings: TrainSettings,
    model: Any,
    tokenizer: Any,
    samples: Sequence[TrainingSample],
    checkpoints: Path,
    estimate: TrainingEstimate,
) -> Any:
    datasets, peft, trl = library("datasets"), library("peft"), library("trl")
    datasets.disable_progress_bars()
    method = settings.train
    lora = peft.LoraConfig(
        r=method.rank,
        lora_alpha=method.alpha,
        lora_dropout=method.dropout,
        target_modules="all-linear" if method.targets == "all-linear" else _listed(method.targets),
        task_type="CAUSAL_LM",
    )
    shared = _arguments(settings, checkpoints, estimate)
    if method.method == "dpo":
        return trl.DPOTrainer(
            model=model,
            args=trl.DPOConfig(**shared, beta=method.beta),
            train_dataset=datasets.Dataset.from_list([_pair(sample) for sample in samples]),
            processing_class=tokenizer,
            peft_config=lora,
        )
    return trl.SFTTrainer(
        model=model,
        args=trl.SFTConfig(**shared, packing=method.packing, completion_only_loss=True),
        train_dataset=datasets.Dataset.from_list([masked(sample) for sample in samples]),
        processing_class=tokenizer,
        peft_config=lora,
    )


def _listed(names: str | tuple[str, ...]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def masked(sample: TrainingSample) -> dict[str, list[int]]:
    """A sample as SFT takes it: its tokens, and a 1 for each that is the assistant's."""
    prompt, answer = sample.tokens
    return {"input_ids": prompt + answer, "completion_mask": [0] * len(prompt) + [1] * len(answer)}


def _pair(sample: TrainingSample) -> dict[str, Any]:
    """A sample as DPO takes it."""
    answers = {"chosen": sample.chosen, "rejected": sample.rejected}
    return {
        "prompt": sample.messages,
        **{key: [{"role": "assistant", "content": text}] for key, text in answers.items()},
    }


def _arguments(settings: TrainSettings, checkpoints: Path, estimate: TrainingEstimate) -> dict[str, Any]:
    """What every trainer takes."""
    torch = library("torch")
    method, device = settings.train, estimate.device
    bf16 = device == "cuda" and torch.cuda.is_bf16_supported()
    return {
        "output_dir": str(checkpoints),
        "learning_rate": method.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if method.schedule == "constant" else method.schedule,
        "warmup_steps": method.warmup,  # below 1: a share of all steps
        "num_train_epochs": method.epochs,
        "per_device_train_batch_size": method.batch,
        "gradient_accumulation_steps": method.accumulate,
        "gradient_checkpointing": estimate.recomputes,
        "max_length": settings.max_length,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "bf16": bf16,
        "fp16": device == "cuda" and not bf16,
        "use_cpu": device == "cpu",
        "save_steps": settings.checkpoint_every,
        "save_total_limit": 2,
        "logging_steps": 1,
        "disable_tqdm": True,
        "report_to": settings.report_to,
    }


def _quantisation(dtype: Any) -> Any:
    return library("transformers").BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _progress(done: Callable[[int], None]) -> Any:
    base: Any = library("transformers").TrainerCallback

    class Steps(base):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            del args, control, others
            done(state.global_step)

    return Steps()


def _sort_targets(file: Path) -> None:
    """The modules of an adapter in an order of their own: PEFT writes a set."""
    if file.is_file():
        config = orjson.loads(file.read_bytes())
        if isinstance(config["target_modules"], list):
            config["target_modules"].sort()
        file.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))


def _save(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write a model and its tokenizer so that the folder is there only when it is whole."""
    partial = folder.with_name(f"{folder.name}.partial")
    for stale in (partial, folder):
        shutil.rmtree(stale, ignore_errors=True)
    model.save_pretrained(str(partial), safe_serialization=True)
    tokenizer.save_pretrained(str(partial))
    _sort_targets(partial / "adapter_config.json")
    partial.rename(folder)
