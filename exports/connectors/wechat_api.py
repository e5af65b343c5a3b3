"""The tag calls of a WeChat official account over HTTP: token, pauses, error codes. Knows nothing of lists.

Every refusal comes back as ``WechatError`` with the platform's code, after what can be mended by itself was mended: a
worn-out token is fetched anew once, a busy platform is asked again after growing pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from exports.connectors.target import WechatTarget
from warehouse.errors import GlifeError

BUSY, QUOTA, NOT_A_FOLLOWER, NOT_OF_THIS_ACCOUNT, TAGS_FULL = -1, 45009, 40003, 49003, 45059
_WORN_OUT = {40001, 40014, 42001}
_PASSING = {BUSY, QUOTA, 45011, 45159}  # busy, daily and per-minute limit, and what appears under concurrency
BATCH, LONGEST_NAME, MOST_TAGS = 50, 30, 100


class WechatError(Exception):
    """The platform refused a call; ``code`` is its errcode."""

    def __init__(self, code: int, call: str) -> None:
        self.code, self.call = code, call
        super().__init__(f"WeChat answers {code} to {call}")


class WechatApi:
    """Calls of one account, one after the other. ``load_token`` and ``keep_token`` are the cache over runs;
    ``before_call`` is asked before each call that counts against the daily limit."""

    def __init__(
        self,
        target: WechatTarget,
        load_token: Callable[[], str | None],
        keep_token: Callable[[str, int], None],
        before_call: Callable[[], None],
    ) -> None:
        self._target = target
        self._load_token, self._keep_token, self._before_call = load_token, keep_token, before_call
        self._client = httpx.Client(base_url=target.base_url, timeout=target.timeout_seconds)

    def close(self) -> None:
        self._client.close()

    def tags(self) -> dict[str, int]:
        """Name → id of the account's tags."""
        return {tag["name"]: tag["id"] for tag in self._call("GET", "/cgi-bin/tags/get")["tags"]}

    def create_tag(self, name: str) -> int:
        """Create a tag; raises GlifeError where the platform's limits do not allow it."""
        if len(name.encode()) > LONGEST_NAME:
            raise GlifeError(f"the tag name {name} is longer than {LONGEST_NAME} bytes", "WeChat", "shorten the tier's name")
        created: int = self._call("POST", "/cgi-bin/tags/create", {"tag": {"name": name}})["tag"]["id"]
        return created

    def tag(self, tag_id: int, openids: list[str]) -> None:
        self._members("batchtagging", tag_id, openids)

    def untag(self, tag_id: int, openids: list[str]) -> None:
        self._members("batchuntagging", tag_id, openids)

    def _members(self, call: str, tag_id: int, openids: list[str]) -> None:
        self._call("POST", f"/cgi-bin/tags/members/{call}", {"openid_list": openids, "tagid": tag_id}, counts=True)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, *, counts: bool = False) -> dict[str, Any]:
        is_renewed = False
        for attempt in range(1, self._target.attempts + 1):
            if counts:
                self._before_call()
            answer = self._send(method, path, {"access_token": self._token(renew=False)}, body)
            if answer.get("errcode") in _WORN_OUT and not is_renewed:
                is_renewed = True
                answer = self._send(method, path, {"access_token": self._token(renew=True)}, body)
            code = answer.get("errcode", 0)
            if code == 0:
                return answer
            if code not in _PASSING or attempt == self._target.attempts:
                raise WechatError(code, path)
            time.sleep(self._target.first_pause_seconds * 2 ** (attempt - 1))
        raise AssertionError("there is at least one attempt")

    def _token(self, renew: bool) -> str:
        if not renew and (kept := self._load_token()):
            return kept
        body = {
            "grant_type": "client_credential",
            "appid": self._target.app_id,
            "secret": self._target.secret_file.read_text(encoding="utf-8").strip(),
            "force_refresh": renew,
        }
        answer = self._send("POST", "/cgi-bin/stable_token", {}, body)
        if "access_token" not in answer:
            raise WechatError(answer.get("errcode", BUSY), "/cgi-bin/stable_token")
        self._keep_token(answer["access_token"], int(answer["expires_in"]))
        token: str = answer["access_token"]
        return token

    def _send(self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None) -> dict[str, Any]:
        """One exchange; what is no answer of the platform counts as busy. The token never gets into a message."""
        try:
            response = self._client.request(method, path, params=query, json=body)
            answer: dict[str, Any] = response.json() if response.status_code == httpx.codes.OK else {}
        except (httpx.HTTPError, ValueError):
            return {"errcode": BUSY}
        return answer or {"errcode": BUSY}
