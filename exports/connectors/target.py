"""Where packages are delivered: ``delivery.yaml``, channel → recipient (or ``"*"``) → target, checked when it is read.

    individual:
      "*": {connector: folder, path: /mnt/branches/{recipient}}
    broker:
      P001: {connector: sftp, host: sftp.p001.example, user: glife, key_file: /etc/glife/id_ed25519,
             known_hosts: /etc/glife/known_hosts, folder: incoming}
    wechat:
      wechat_individual: {connector: wechat, app_id: wx0123, secret_file: /etc/glife/wechat_individual.secret}

Secrets are never in this file: a target names the files that hold them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from warehouse.errors import GlifeError
from warehouse.settings import Settings


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderTarget(_Target):
    """A folder that both sides see; ``{recipient}`` in a path is the name of its folder in the outbox."""

    connector: Literal["folder"]
    path: str
    acks_path: str = Field("", description="where the recipient puts its acknowledgements; empty = it has another way")


class SftpTarget(_Target):
    """A server whose host key is known beforehand; the recipient puts its acknowledgements into ``acks_folder``."""

    connector: Literal["sftp"]
    host: str
    port: int = Field(22, ge=1, le=65535)
    user: str
    key_file: Path
    known_hosts: Path
    folder: str = "."
    acks_folder: str = "acks"
    timeout_seconds: float = Field(30, gt=0)


class WechatTarget(_Target):
    """An official account and its platform's limits."""

    connector: Literal["wechat"]
    app_id: str
    secret_file: Path
    base_url: str = "https://api.weixin.qq.com"
    daily_calls: int = Field(500_000, ge=1, description="tagging calls a day that the account may make")
    attempts: int = Field(5, ge=1, description="tries of a call while the platform says that it is busy")
    first_pause_seconds: float = Field(1.0, ge=0, description="pause before the second try; doubles each time")
    ask_again_after_days: int = Field(30, ge=1, description="until then a refused openid is not sent again")
    timeout_seconds: float = Field(30, gt=0)


Target = Annotated[FolderTarget | SftpTarget | WechatTarget, Field(discriminator="connector")]
_TARGETS: TypeAdapter[dict[str, dict[str, Target]]] = TypeAdapter(dict[str, dict[str, Target]])


class Targets:
    """The declared targets of all recipients."""

    def __init__(self, declared: dict[str, dict[str, Target]]) -> None:
        self._declared = declared

    def __bool__(self) -> bool:
        return any(self._declared.values())

    def of(self, channel: str, recipient: str) -> Target | None:
        """The recipient's own target, else its channel's, else none: the package stays in the outbox."""
        channel_targets = self._declared.get(channel, {})
        return channel_targets.get(recipient) or channel_targets.get("*")


def load_targets(settings: Settings) -> Targets:
    """Read the declaration; no file means no targets. Raises GlifeError when it is wrong."""
    path = settings.delivery_file
    if not path.is_file():
        return Targets({})
    try:
        return Targets(_TARGETS.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {}))
    except yaml.YAMLError as error:
        raise GlifeError("the delivery targets are no YAML", str(path), str(error).splitlines()[0]) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))} {fault['msg'].lower()}" for fault in error.errors())
        raise GlifeError(f"the delivery targets are wrong: {faults}", str(path), "see docs/exports.md") from None
