"""What every section of a configuration shares, and the sections that several commands take.

They are used as they stand: a gateway takes `Budget` and `Retries`, an endpoint `Limits` and `Price`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ..object_storage import check_url, is_url, local_copy
from ..texts.hidden import hidden_character

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""An identifier in lower case: roles and scenarios become parts of ids, folders and agent names."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0 to 1."""


Tools = Literal["scenario", "platforms"] | Annotated[int, Field(ge=1, le=100_000)] | None
"""Which tools a prompt shows (`ptool.models.tool_selection`); None: as many as fit."""


def _as_path(text: str) -> str:
    """A path as it is used: `~` is the home folder. Refuses what no path of a person's is."""
    if is_url(text):
        raise PydanticCustomError("path", "a path on this machine")
    if hidden_character(text) or "\n" in text or "\t" in text:
        raise PydanticCustomError("path", "a path without control characters")
    path = os.path.expanduser(text)  # noqa: PTH111 (Path drops what the user typed, such as './')
    if any(len(os.fsencode(part)) > 255 for part in Path(path).parts):
        raise PydanticCustomError("path", "a path whose names have at most 255 bytes")
    depth = 0
    for part in Path.cwd().joinpath(path).parts[1:]:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise PydanticCustomError("path", "a path that does not lead above /")
    return path


FilePath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_as_path)]
"""A file or folder as people type it."""


def _as_place(text: str) -> str:
    """A path, or a URL of object storage, as it is used."""
    if not is_url(text):
        return _as_path(text)
    try:
        return check_url(text)
    except ValueError as error:
        raise PydanticCustomError("path", "{expected}", {"expected": str(error)}) from None


Place = Annotated[str, StringConstraints(min_length=1), AfterValidator(_as_place)]
"""A folder on this machine, or in object storage, as people type it."""


def local_folder(place: str | None, default: str) -> Path:
    """The folder on this machine for what goes to a place. Args: default: where that is a URL, or null."""
    return Path(default if place is None or is_url(place) else place)


ReadPath = Annotated[Place, AfterValidator(local_copy)]
"""A file or folder that is read; of one in object storage the path of a copy that was fetched."""


def _with_ledger(text: str) -> str:
    if is_url(text):
        raise PydanticCustomError(
            "path", "the folder on the machine that made the run: its ledger stays there"
        )
    return _as_path(text)


LedgerPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_with_ledger)]
"""A run folder whose ledger is read."""


class StrictModel(BaseModel):
    """A section of a configuration: frozen, strict about types, and with no key that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class ObjectSettings(BaseModel):
    """An object named in the configuration: `_target_` and the arguments it is called with."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, populate_by_name=True)

    target: str = Field(alias="_target_", min_length=1, description="dotted name of a class or function")

    def arguments(self) -> dict[str, Any]:
        """What `_target_` is called with: every key but `_target_` itself."""
        return {key: value for key, value in self.model_dump(by_alias=True).items() if key != "_target_"}


class Limits(StrictModel):
    """How hard one endpoint may be pressed (`model.limits`)."""

    requests_per_minute: int | None = Field(
        default=None, ge=1, description="most calls in any minute; null: no limit"
    )
    tokens_per_minute: int | None = Field(
        default=None, ge=1, description="most tokens in any minute; null: no limit"
    )
    concurrency: int | None = Field(
        default=None,
        ge=1,
        description="most calls in flight, fewer while it is slow or refuses; null: the run's",
    )
    seconds: float = Field(default=600.0, gt=0, description="a call that takes longer has failed")


class Price(StrictModel):
    """US dollars for a million tokens (`model.price`)."""

    input: float = Field(ge=0, description="of the prompt")
    output: float = Field(ge=0, description="of the answer")
    cached_input: float | None = Field(
        default=None, ge=0, description="of prompt tokens in the endpoint's cache; null: as the others"
    )

    def usd(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int | None = None) -> float:
        """What one call costs, in US dollars."""
        cached = min(cached_tokens or 0, prompt_tokens) if self.cached_input is not None else 0
        prompt = (prompt_tokens - cached) * self.input + cached * (self.cached_input or 0.0)
        return (prompt + completion_tokens * self.output) / 1_000_000


class ModelSettings(ObjectSettings):
    """One model (conf/model/): a client, how hard it may be pressed, and what it costs."""

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="who it is, wherever it is; null: the model and the host of its address",
    )
    limits: Limits = Field(default=Limits(), description="how hard it may be pressed")
    price: Price | None = Field(default=None, description="null: looked up in the price list")
    context: int | None = Field(
        default=None,
        ge=256,
        le=100_000_000,
        description="tokens of one conversation, prompt and answer together; null: the endpoint is asked",
    )

    def arguments(self) -> dict[str, Any]:
        """What the client is built with; `context` and `name` are handed over where it takes them."""
        own = ("name", "limits", "price", "context")
        return {key: value for key, value in super().arguments().items() if key not in own}

    def identity(self) -> dict[str, Any]:
        """What an answer depends on beside the request: not limits, price, context nor the key's place.

        Nor the address: the same model may be found elsewhere tomorrow. Its name stands for it.
        """
        named = {"name": self.lasting_name} if self.lasting_name else {}
        kept = {key: _without_address(value) for key, value in self.arguments().items()}
        left_out = ("api_key_env", *_ADDRESSES)
        return {"_target_": self.target} | {k: v for k, v in kept.items() if k not in left_out} | named

    @property
    def lasting_name(self) -> str:
        """`name`, or model and host: 'gpt-4.1-mini at api.openai.com'; '' for one without an address."""
        if self.name:
            return self.name
        arguments = self.arguments()
        for place in (arguments, arguments.get("config")):
            if isinstance(place, dict):
                address = next((place[key] for key in _ADDRESSES if isinstance(place.get(key), str)), None)
                if address is not None:
                    return f"{place.get('model') or self.target} at {_host(address)}"
        return ""


_ADDRESSES = ("base_url", "azure_endpoint", "host")
"""Arguments that say where a model is found, of clients and of AutoGen's components (`config`)."""


def _without_address(value: Any) -> Any:
    """A component's configuration without its address; any other value as it is."""
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if key not in _ADDRESSES}


def _host(address: str) -> str:
    """The host of an address; all names of this machine are one."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or address
    except ValueError:
        host = address
    return "localhost" if host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.") else host  # noqa: S104


class RunFolderSettings(StrictModel):
    """Where the run is kept."""

    dir: Place | None = Field(
        default=None, description="the run folder, or a URL for its results; null: runs/<scenario>-<digest>"
    )
    local: FilePath | None = Field(
        default=None,
        description="where the run works while its results go to a URL; null: runs/<scenario>-<digest>",
    )

    @model_validator(mode="after")
    def _beside_a_url(self) -> Self:
        if self.local is not None and self.url is None:
            raise ValueError("local: got a folder, but run.dir is no URL; give one of them")
        return self

    @property
    def url(self) -> str | None:
        """The folder in object storage; None: there is none."""
        return self.dir if self.dir is not None and is_url(self.dir) else None

    def folder(self, default: str) -> Path:
        """The folder on this machine. Args: default: the one where none was chosen."""
        return Path((self.dir if self.url is None else self.local) or default)

    def at(self, folder: Path) -> Self:
        """The same with another folder on this machine."""
        return self.model_copy(update={"dir" if self.url is None else "local": str(folder)})

    def shown(self, folder: Path) -> str:
        """What a command says of where its results are. Args: folder: the one on this machine."""
        return self.url or str(folder)


class Budget(StrictModel):
    """What all calls of a run may cost together; null: no limit."""

    usd: float | None = Field(default=None, ge=0, description="US dollars; every model's price must be known")
    tokens: int | None = Field(default=None, ge=0, description="tokens sent and received")
    calls: int | None = Field(default=None, ge=0, description="calls, failed ones included")


ExecutorName = Literal["local", "process", "ray"]
"""Who works on the items of a run: this process, several on this machine, or those of a Ray cluster."""


Workers = Annotated[int, Field(ge=1, le=1024)] | None
"""How many processes; None: one for every core."""


class RaySettings(StrictModel):
    """The cluster of executor=ray."""

    address: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="of its head, or auto; null: a Ray of the run's own, on this machine",
    )


class Retries(StrictModel):
    """How long a failing endpoint is borne with."""

    attempts: int = Field(default=6, ge=1, le=100, description="of one call, before the item is given up")
    longest_wait: float = Field(default=60.0, gt=0, description="seconds between two attempts, at most")
    patience: float = Field(default=60.0, ge=0, description="seconds without any answer before the run ends")
