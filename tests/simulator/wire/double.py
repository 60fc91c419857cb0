"""A world that holds exactly what a test puts in it, and a client that sees raw answers."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tenure.simulator.store import Record, SiteStore

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = "key-of-acme"
VERSION = "application/vnd.recurly.v2021-02-25"


class FixedWorld:
    """Sites as given; time passes without consequence."""

    def __init__(self, *stores: SiteStore, now: datetime = NOW) -> None:
        self.sites = {store.subdomain: store for store in stores}
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError("time does not go back")
        self._now = instant

    def change(self, spec: Mapping[str, Any]) -> Record | None:
        if spec.get("action") != "rename":
            raise ValueError(f"there is no action {spec.get('action')!r}")
        store = self.sites[spec["site"]]
        record = store.get("accounts", spec["id"])
        assert record is not None
        record |= {"company": spec["company"], "updated_at": "2026-03-02T12:00:00Z"}
        store.put("accounts", record)
        return record

    def truth(self) -> dict[str, Any]:
        return {"sites": {name: store.count("accounts") for name, store in self.sites.items()}}


def a_site(name: str = "acme", *, region: str = "us", mode: str = "production") -> SiteStore:
    site = {"id": f"id{name}", "object": "site", "subdomain": name, "mode": mode}
    return SiteStore(site, region=region, keys={f"key-of-{name}"})


def an_account(id_: str, **values: Any) -> Record:
    at = values.pop("at", "2026-01-01T00:00:00Z")
    flags = "live active future canceled paused".split()
    return {
        "id": id_,
        "object": "account",
        "code": f"code of {id_}",
        "email": None,
        "parent_account_id": None,
        **{f"has_{flag}_subscription": False for flag in flags},
        "has_past_due_invoice": False,
        "created_at": at,
        "updated_at": at,
        **values,
    }


def a_subscription(id_: str, **values: Any) -> Record:
    return {
        "id": id_,
        "object": "subscription",
        "uuid": f"uuid of {id_}",
        "account": {"id": "a1"},
        "state": "active",
        "trial_started_at": None,
        "trial_ends_at": None,
        "pending_change": None,
        "add_ons": [],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        **values,
    }


def an_invoice(id_: str, **values: Any) -> Record:
    return {
        "id": id_,
        "object": "invoice",
        "number": f"10{id_}",
        "type": "charge",
        "origin": "renewal",
        "state": "paid",
        "account": {"id": "a1"},
        "subscription_ids": [],
        "previous_invoice_id": None,
        "currency": "USD",
        "balance": Decimal(0),
        "line_items": [],
        "has_more_line_items": False,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        **values,
    }


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    def ids(self) -> list[str]:
        return [record["id"] for record in self.json()["data"]]

    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json()["error"]
        return found


class Client:
    """Asks one address; every request has a connection of its own."""

    def __init__(self, address: str, key: str | None = KEY) -> None:
        self.address = address
        self.key = key

    def get(self, path: str, method: str = "GET", **headers: str | None) -> Reply:
        wanted = {"Authorization": self._authorization(), "Accept": VERSION}
        wanted |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in wanted.items() if value is not None}
        return self._ask(method, path, sent)

    def head(self, path: str) -> Reply:
        return self.get(path, "HEAD")

    def total(self, path: str) -> int:
        return int(self.head(path).headers["Recurly-Total-Records"])

    def walk(self, path: str) -> list[str]:
        """The ids of every page from here on."""
        ids: list[str] = []
        following: str | None = path
        while following:
            page = self.get(following)
            assert page.status == 200, page.body
            ids += page.ids()
            following = page.json()["next"]
        return ids

    def control(self, method: str, path: str, body: Any = None) -> Reply:
        content = None if body is None else json.dumps(body).encode()
        return self._ask(method, f"/_control/{path}", {}, content)

    def _authorization(self) -> str | None:
        if self.key is None:
            return None
        return "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
