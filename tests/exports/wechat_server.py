"""A WeChat platform on loopback: the calls, limits and error codes that tagging meets, for tests of the real client.

Token 7,200 s, worn out when a newer one is forced; 100 tags an account, names of at most 30 bytes and unique; 50 openids
a call, all of them followers or nobody is tagged; 20 tags a person; a daily number of tagging calls; busy now and then.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Platform:
    """An account's state, and what a test wants to go wrong."""

    app_id: str = "wx01"
    secret: str = "s3cret"
    followers: set[str] = field(default_factory=set)
    tags: dict[int, str] = field(default_factory=lambda: {2: "星标组"})
    on: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    daily_calls: int = 500_000
    tokens: int = 0
    token: str = ""
    worn_out: bool = False  # the next call finds its token worn out
    faults: list[int] = field(default_factory=list)  # codes of the next tagging calls
    die_after: int | None = None  # tagging calls until the platform is gone
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def names_on(self, openid: str) -> set[str]:
        return {self.tags[tag] for tag in self.on[openid]}

    def tagging_calls(self) -> list[tuple[str, dict[str, Any]]]:
        return [(path, body) for path, body in self.calls if "/members/" in path]

    def answer(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((path, body))
        if path == "/cgi-bin/stable_token":
            return self._stable_token(body)
        if query.get("access_token") != [self.token]:
            return _refusal(40001)
        if self.worn_out:
            return _refusal(42001)
        match path:
            case "/cgi-bin/tags/get":
                return {"tags": [{"id": tag, "name": name, "count": 0} for tag, name in self.tags.items()]}
            case "/cgi-bin/tags/create":
                return self._create(body["tag"]["name"])
            case "/cgi-bin/tags/members/batchtagging" | "/cgi-bin/tags/members/batchuntagging":
                return self._members(path, body["openid_list"], body["tagid"])
            case _:
                return _refusal(40066)

    def _stable_token(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body["grant_type"], body["appid"], body["secret"]) != ("client_credential", self.app_id, self.secret):
            return _refusal(40125)
        if body["force_refresh"] or not self.token:
            self.tokens += 1
            self.token, self.worn_out = f"token-{self.tokens}", False
        return {"access_token": self.token, "expires_in": 7200}

    def _create(self, name: str) -> dict[str, Any]:
        if len(name.encode()) > 30:
            return _refusal(45158)
        if name in self.tags.values():
            return _refusal(45157)
        if len(self.tags) >= 100:
            return _refusal(45056)
        tag = max(99, *self.tags) + 1
        self.tags[tag] = name
        return {"tag": {"id": tag, "name": name}}

    def _members(self, path: str, openids: list[str], tag: int) -> dict[str, Any]:
        if self.daily_calls <= 0:
            return _refusal(45009)
        self.daily_calls -= 1
        if self.faults:
            return _refusal(self.faults.pop(0))
        if not 1 <= len(openids) <= 50:
            return _refusal(40032)
        if tag not in self.tags:
            return _refusal(45159)
        if any(openid not in self.followers for openid in openids):
            return _refusal(40003)
        if path.endswith("batchuntagging"):
            for openid in openids:
                self.on[openid].discard(tag)
        elif any(len(self.on[openid] | {tag}) > 20 for openid in openids):
            return _refusal(45059)
        else:
            for openid in openids:
                self.on[openid].add(tag)
        return {"errcode": 0, "errmsg": "ok"}


def _refusal(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"error {code}"}


@contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """The platform's address while it is served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: dict[str, Any]) -> None:
            address = urlsplit(self.path)
            with platform.lock:
                if "/members/" in address.path and platform.die_after is not None:
                    platform.die_after -= 1
                    if platform.die_after < 0:
                        self.send_error(502)
                        return
                content = json.dumps(platform.answer(address.path, parse_qs(address.query), body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
