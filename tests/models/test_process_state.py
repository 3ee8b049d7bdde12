"""What belongs to the whole process is changed for the first who needs it, and as before after the last."""

import os
import warnings

import pytest
from ptool.models.process_state import ProcessState
from ptool.models.transformers_folder import environment_kept


def test_the_first_changes_and_the_last_undoes() -> None:
    value = ["before"]

    def change() -> object:
        value.append("changed")
        return value.pop

    state = ProcessState(change)  # type: ignore[arg-type]
    first, second = state.changed(), state.changed()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # who came first goes first
    assert value == ["before", "changed"]
    second.__exit__(None, None, None)
    assert value == ["before"]
    with pytest.raises(KeyError), state.changed():
        raise KeyError
    assert value == ["before"]


def test_what_a_model_in_a_folder_changes_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    before, filters = dict(os.environ), [*warnings.filters]
    with environment_kept.changed():
        os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "MINE": "kept"})
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    assert os.environ.pop("MINE") == "kept"
    assert (dict(os.environ), [*warnings.filters]) == (before, filters)
