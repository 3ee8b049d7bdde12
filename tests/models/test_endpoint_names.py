"""An endpoint has a name: where an answer came from is not who gave it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from model_doubles import endpoint
from ptool.errors import StoreError
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import describe_kept
from ptool.models.factory import build_endpoint
from ptool.records.model_calls import Answer
from ptool.settings import ModelSettings
from ptool.store import Ledger, RunFolder
from ptool.store.run_folder import ENDPOINTS

CLIENT = "ptool.models.clients.chat_completions.ChatCompletions"


def spec(url: str = "http://127.0.0.1:8000/v1", **more: Any) -> ModelSettings:
    given = {"_target_": CLIENT, "model": "m", "base_url": url, "structured": "auto"}
    return ModelSettings.model_validate({**given, **more})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8000/v1", "m at localhost"),
        ("http://localhost:9999", "m at localhost"),
        ("http://[::1]:8000/v1", "m at localhost"),
        ("http://127.0.0.2/v1", "m at localhost"),
        ("https://API.example.org/v1", "m at api.example.org"),
        ("http://api.example.org:8080/openai/v1", "m at api.example.org"),
        ("http://[oops", "m at http://[oops"),
    ],
)
def test_by_default_it_is_called_after_model_and_host(url: str, name: str) -> None:
    assert spec(url).lasting_name == name


def test_what_stands_for_its_answers_is_the_name_and_not_the_address() -> None:
    def identity(one: ModelSettings) -> str:
        return build_endpoint(one, "model", {}).identity

    here, there = "http://node17:8000/v1", "https://node23:9000/v1"
    assert identity(spec("http://node17:8001/v1")) == identity(spec(here))
    assert identity(spec(there)) != identity(spec(here))
    assert identity(spec(there, name="m at node17")) == identity(spec(here))
    for changed in ({"model": "n"}, {"strict": True}, {"fields": {"seed": None}}, {"system": "user"}):
        assert identity(spec(here, name="mine", **changed)) != identity(spec(here, name="mine"))
    assert identity(spec(here, limits={"seconds": 5.0})) == identity(spec(here))


def test_components_are_called_alike_and_the_scripted_model_has_no_name() -> None:
    config = {"model": "gpt", "azure_endpoint": "https://mine.openai.azure.com/"}
    component = {"_target_": "ptool.models.clients.autogen_component.component", "provider": "Azure…"}
    azure = ModelSettings.model_validate({**component, "config": config})
    assert azure.lasting_name == "gpt at mine.openai.azure.com"
    assert azure.identity()["config"] == {"model": "gpt"}
    scripted = ModelSettings.model_validate(
        {"_target_": "ptool.models.scripted.ScriptedModel", "slips": 0.05}
    )
    assert scripted.identity() == {"_target_": "ptool.models.scripted.ScriptedModel", "slips": 0.05}


async def begun(folder: Path, name: str, answers: int) -> None:
    with RunFolder(folder, {"settings": "1", ENDPOINTS: name}), Ledger(folder / "ledger.sqlite") as ledger:
        for number in range(answers):
            key = number.to_bytes(16, "big")
            await ledger.save_answer(
                Answer(key, "s", "r", "t", f"{name}:8000", "x", "stop", 1, 1, None, None, 0.1)
            )


async def test_another_name_shows_what_would_be_reused_and_how(tmp_path: Path) -> None:
    await begun(tmp_path / "run", "m at node17", 143)
    with pytest.raises(StoreError) as caught:
        RunFolder(tmp_path / "run", {"settings": "2", ENDPOINTS: "m at node23"})
    assert str(caught.value).endswith(
        "with other endpoints, settings; 143 answers there are of 'm at node17', and 'm at node23' is to "
        "go on; if that is the same model at another address, model.name='m at node17' uses them, otherwise "
        "choose another run.dir"
    )
    assert "remove" not in str(caught.value)


async def test_what_is_reused_of_another_address_is_said() -> None:
    now = [endpoint(FakeModel(lambda *_: "x"))]
    assert describe_kept({}, now) is None
    assert describe_kept({"test-model at nowhere": 5}, now) is None
    assert describe_kept({"m at A": 1_430, "test-model at nowhere": 5}, now) == (
        "used where the same is asked: 1,430 answers of m at A; "
        "what is left is asked of test-model at nowhere"
    )
