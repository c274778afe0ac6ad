"""What can be set from outside, all of it through VISUALIZER_* environment variables."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import POLL_INTERVAL_MS
from visualizer.server import clients, hosts, tokens

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from visualizer.server.sessions import Right

PREFIX: Final = "VISUALIZER_"


class SettingError(ValueError):
    """A VISUALIZER_* variable that cannot be used; the message is the sentence for its user."""


class Settings(BaseSettings):
    """The visualizer's settings, read from the environment; `load` also refuses misspelt names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    ipc_dir: Path = Field(default=Path("data/ipc"), description="directory the processor publishes into")
    control: Literal["on", "off"] = Field(default="on", description="off: the page is read-only")
    control_dir: Path = Field(
        default=Path("data/control"), description="directory the page's commands are written into"
    )
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8050, ge=1, le=65535, description="port to listen on")
    names: str = Field(
        default="", description="names with a dot that the page is asked for by, as behind a proxy, with commas between"
    )
    published: str = Field(
        default="", description="address that others reach it by, where that is not HOST, as with a container"
    )
    token: SecretStr = Field(default=SecretStr(""), description="token to sign in with, to watch and to steer")
    token_file: Path | None = Field(default=None, description="file that holds it instead")
    watch_token: SecretStr = Field(default=SecretStr(""), description="token to sign in with, to watch only")
    watch_token_file: Path | None = Field(default=None, description="file that holds it instead")
    login: Literal["auto", "off"] = Field(
        default="auto", description="off: whoever reaches an address other than loopback may watch and steer"
    )
    session_hours: int = Field(default=12, ge=1, le=8760, description="hours after which one has to sign in again")
    proxies: str = Field(
        default="127.0.0.1,::1",
        description="proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between",
    )
    workers: int = Field(default=2, ge=1, le=64, description="server processes")
    threads: int = Field(default=32, ge=1, le=256, description="threads of each process")
    followers: int = Field(
        default=8, ge=0, le=256, description="open pages told at once of a publication, per process; others poll only"
    )
    poll_ms: int = Field(default=POLL_INTERVAL_MS, ge=100, le=60_000, description="how often an open page asks, in ms")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe event logged"
    )
    access_log: bool = Field(default=False, description="log every request")

    @field_validator("names")
    @classmethod
    def _are_names(cls, text: str) -> str:
        hosts.listed(text)
        return text

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, text: str) -> str:
        clients.networks(text)
        return text

    @model_validator(mode="before")
    @classmethod
    def _with_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        return tokens.with_files(given)

    @model_validator(mode="after")
    def _is_protected(self) -> Settings:
        tokens.check(self.tokens, self.reached_at, login=self.login)
        return self

    @property
    def tokens(self) -> dict[Right, str]:
        """The tokens there are, by what they permit; nobody has to sign in where there is none."""
        given: dict[Right, str] = {
            "steer": self.token.get_secret_value(),
            "watch": self.watch_token.get_secret_value(),
        }
        return {right: token for right, token in given.items() if token}

    @property
    def reached_at(self) -> str:
        """The address by which others reach the page."""
        return self.published or self.host

    @property
    def trusted_proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """`proxies` as networks."""
        return clients.networks(self.proxies)


def load() -> Settings:
    """Read the settings from the process environment.

    Raises:
        SettingError: a VISUALIZER_* name is unknown, or a value cannot be used.
    """
    refuse_unknown(tuple(os.environ))
    try:
        return Settings()
    except ValidationError as error:
        raise SettingError(_sentence(error)) from None


def refuse_unknown(names: tuple[str, ...]) -> None:
    """Hold the names of environment variables against the settings there are.

    Raises:
        SettingError: one begins with VISUALIZER_ and is no setting; it names the nearest that is.
    """
    known = [_variable(field) for field in Settings.model_fields]
    for name in names:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)[0]
            msg = f"{name} is not a setting; did you mean {nearest}? There are: {', '.join(known)}"
            raise SettingError(msg)


def describe() -> str:
    """List every setting, its default and its meaning, a line each."""
    rows = [
        (f"{_variable(name)}={'' if field.default is None else field.default}", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def _sentence(error: ValidationError) -> str:
    """What is wrong with the first setting that is; no token is ever in it."""
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    return f"{_variable(str(first['loc'][0]))}={first['input']!r} will not do: {first['msg']}"


def _variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"
