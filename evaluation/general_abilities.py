"""General abilities of models (Figure 6), which others measure: commands of lm-evaluation-harness and BFCL.

Both are asked by their own names and configurations, as lm-eval 0.4.13 and bfcl-eval 2026.3.23 have them.
Nothing is started, and neither has to be installed here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import ConfigError
from .experiment_steps import as_mapping, model_name, split_words

NEEDS = "pip install 'lm-eval[api,hf]' bfcl-eval"
_HEAD = """\
#!/bin/sh
# {title}: what ptool does not measure, others do.
# Needs: {needs}
# humaneval runs what a model wrote: only where that can do no harm.
set -e
"""
_TASKS = "mmlu,gsm8k,humaneval,commonsense_qa,arc_challenge"
_CHAT_TASKS = "mmlu_generative,gsm8k,humaneval_instruct,arc_challenge_chat"
"""Tasks that need no probabilities of given texts, which chat endpoints do not tell."""
_OLLAMA = "http://127.0.0.1:11434/v1"


def general_script(title: str, models: Sequence[str], folder: Path) -> tuple[str, list[str]]:
    """A shell script that measures models, and what it leaves out, a line each.

    Args: models: of each the words `ptool.evaluate` takes, and `bfcl=NAME`, its name for BFCL; folder: where
        results of lm-evaluation-harness go.

    Raises ConfigError: neither of the two can ask such a model.
    """
    commands: list[str] = []
    left_out: list[str] = []
    for model in models:
        given = as_mapping(split_words(model))
        name, kind = model_name(model), given.get("model", "")
        if kind not in ("transformers", "openai_compatible", "openai", "ollama"):
            raise ConfigError(
                f"models: got {model!r:.80}, whose general abilities nobody measures; expected "
                "model=transformers, openai_compatible (a GGUF file can be served), openai or ollama"
            )
        if kind == "transformers" and not given.get("model.path"):
            raise ConfigError(f"models: {model!r:.80}: model.path missing, expected a folder")
        if kind == "openai_compatible" and not given.get("model.base_url"):
            raise ConfigError(f"models: {model!r:.80}: model.base_url missing, expected the endpoint's")
        commands.append(_harness(kind, name, given, folder / "general"))
        if kind in ("openai", "ollama"):
            left_out.append(f"{name}: commonsense_qa, which weighs given answers: a chat endpoint does not")
        named = given.get("bfcl") or (name if kind == "openai" else "")
        served = _served(kind, given)
        if not named:
            left_out.append(
                f"{name}: BFCL, which has names of its own (bfcl models lists them): say bfcl=NAME in models="
            )
        elif served is None:
            left_out.append(
                f"{name}: BFCL, which takes no adapter: expected the merged model in "
                f"{Path(given['model.adapter']).parent / 'merged'}"
            )
        else:
            commands += _bfcl(named, *served)
    notes = [f"# left out: {' '.join(line.split())}" for line in left_out]
    head = _HEAD.format(title=" ".join(title.split()), needs=NEEDS)
    return head + "\n".join([*notes, *commands]) + "\n", left_out


def _harness(kind: str, name: str, given: Mapping[str, str], out: Path) -> str:
    """The command of lm-evaluation-harness."""
    tasks, more = _TASKS, []
    match kind:
        case "transformers":
            adapter = f",peft={given['model.adapter']}" if given.get("model.adapter") else ""
            client, args = "hf", f"pretrained={given['model.path']}{adapter}"
        case "openai_compatible":
            client = "local-completions"
            args = f"model={name},base_url={given['model.base_url'].rstrip('/')}/completions"
        case _:
            client, args = "openai-chat-completions", f"model={name}"
            tasks, more = _CHAT_TASKS, ["--apply_chat_template"]
            if kind == "ollama":
                url = given.get("model.base_url", _OLLAMA).rstrip("/")
                client, args = "local-chat-completions", f"{args},base_url={url}/chat/completions"
    words = ["--model", client, "--model_args", args, "--tasks", tasks, *more, "--confirm_run_unsafe_code"]
    return "HF_ALLOW_CODE_EVAL=1 " + shlex.join(["lm_eval", *words, "--output_path", str(out)])


def _served(kind: str, given: Mapping[str, str]) -> tuple[str, list[str]] | None:
    """How BFCL reaches a model: what stands before its command, and more words; None: it cannot."""
    if kind == "transformers":
        folder = Path(given["model.path"])
        if given.get("model.adapter"):
            folder = Path(given["model.adapter"]).parent / "merged"
            if not folder.is_dir():
                return None
        return "", ["--local-model-path", str(folder)]
    if kind == "openai":
        return "", []
    url = given.get("model.base_url", _OLLAMA)
    return f"REMOTE_OPENAI_BASE_URL={shlex.quote(url)} ", ["--skip-server-setup"]


def _bfcl(name: str, before: str, more: Sequence[str]) -> Iterator[str]:
    asked = ["--model", name, "--test-category", "non_live"]
    yield before + shlex.join(["bfcl", "generate", *asked, *more])
    yield shlex.join(["bfcl", "evaluate", *asked])
