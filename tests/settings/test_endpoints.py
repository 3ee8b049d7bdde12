"""A model that cannot be built is reported under its own key, a role's under the role's."""

from typing import Any

import pytest
from ptool.errors import ConfigError
from ptool.models.factory import build_endpoints
from ptool.settings import ModelSettings

CLIENT = "ptool.models.clients.chat_completions.ChatCompletions"


def model(**arguments: Any) -> ModelSettings:
    given = {"_target_": CLIENT, "model": "m", "base_url": "http://127.0.0.1:9/v1"} | arguments
    return ModelSettings.model_validate(given)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"api_key_env": "NO_SUCH_KEY"},
            "model.api_key_env: the environment variable NO_SUCH_KEY is not set",
        ),
        ({"base_url": "model.example/v1"}, "model.base_url: got 'model.example/v1'"),
        ({"modle": "m"}, "model.modle: no such argument"),
    ],
)
def test_the_fault_of_a_roles_model_names_the_role(
    arguments: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError) as run:
        build_endpoints({"default": model(**arguments)}, {})
    with pytest.raises(ConfigError) as role:
        build_endpoints({"default": model(), "verifier": model(**arguments)}, {})
    assert str(run.value).startswith(said)
    assert str(role.value) == f"agent.verifier.{run.value}"
