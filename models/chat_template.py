"""A tokenizer's chat template: prompts as a model reads them, and answers as it has to write them.

Training and generation take both from here, so that a tuned model is asked with the very tokens it was tuned
on. It knows no prompt of ptool's and imports no library: the tokenizer is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError

from ..errors import ConfigError

Message = dict[str, str]
"""{role: system | user | assistant, content}"""


class EncodedAnswer(NamedTuple):
    """A conversation in tokens."""

    prompt: list[int]
    """everything before the answer, the beginning of the assistant's turn included"""
    answer: list[int]
    """what the model has to write: the answer, and the token that ends its turn"""


class ChatTemplate:
    """Writes conversations the way one tokenizer wants them.

    Args: tokenizer: of Transformers; where: the configuration key of its folder, for messages.
    Raises ConfigError where it has no chat template, or one that cannot be used for training.
    """

    def __init__(self, tokenizer: Any, where: str) -> None:
        self._tokenizer = tokenizer
        self._where = where
        if not tokenizer.chat_template:
            raise ConfigError(
                f"{where}: its tokenizer has no chat template; expected one in tokenizer_config.json or "
                "chat_template.jinja: take the instruct variant of the model, or add its template"
            )
        self._takes_system = self._accepts([_message("system", "a"), _message("user", "b")])
        self.end = self._ending()
        """the token that ends the assistant's turn"""

    def messages(self, system: str, user: str) -> list[Message]:
        """A prompt as messages; where the template takes no system message its text leads the user's."""
        if self._takes_system:
            return [_message("system", system), _message("user", user)]
        return [_message("user", f"{system}\n\n{user}")]

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """Messages up to where the assistant's answer begins. Raises ConfigError: they are refused."""
        return self._render(list(messages), add_generation_prompt=True)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of `prompt_text`."""
        return self._tokens(self.prompt_text(messages))

    def encode(self, messages: Sequence[Message], answer: str) -> EncodedAnswer:
        """A conversation in tokens, the prompt's exactly as they are when the model is asked.

        Raises ConfigError: the template writes the answer in another place, or not as it stands.
        """
        prompt = self.prompt_text(messages)
        return EncodedAnswer(self._tokens(prompt), self._tokens(self._answer_text(messages, prompt, answer)))

    def _answer_text(self, messages: Sequence[Message], prompt: str, answer: str) -> str:
        whole = self._render([*messages, _message("assistant", answer)], add_generation_prompt=False)
        text = whole[len(prompt) :].rstrip()
        if not whole.startswith(prompt) or answer.strip() not in text:
            raise ConfigError(
                f"{self._where}: its chat template does not write an answer behind the prompt as it stands, "
                "so nobody can tell which tokens are the assistant's; mend chat_template.jinja"
            )
        ending = text[text.find(answer.strip()) + len(answer.strip()) :]
        return text if ending.strip() else text + self._tokenizer.eos_token

    def _ending(self) -> int:
        question = [_message("user", "a")]
        return self.encode(question, "b").answer[-1]

    def _accepts(self, messages: list[Message]) -> bool:
        try:
            return all(message["content"] in self._render(messages) for message in messages)
        except ConfigError:
            return False

    def _render(self, messages: list[Message], *, add_generation_prompt: bool = True) -> str:
        try:
            return self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=add_generation_prompt
            )
        except (TemplateError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ConfigError(f"{self._where}: its chat template refuses a conversation: {reason}") from None

    def _tokens(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
