"""A signed JSON request.

``Tenure-Signature: t=<seconds>,v1=<hex>``, where the hex is HMAC-SHA256 under the webhook's secret of
the timestamp, a dot and the raw body. ``Tenure-Delivery`` repeats with every try of one delivery.
"""

import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from tenure.core import outbound
from tenure.core.clock import stamp
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret
from tenure.customers.write import ValueRefused
from tenure.notify.channel import Answer, Destination, Message


class Webhook:
    """To a program."""

    way = "webhook"
    is_local = False

    def checked(self, address: str) -> str:
        fault = outbound.fault_of(address.strip(), settings.TENURE_NOTIFY_HOSTS)
        if fault:
            raise ValueRefused("address", fault, "Write it as https://host/path.")
        return address.strip()

    def shown(self, address: str) -> str:
        return f"{urlsplit(address).netloc}/…"

    def send(self, message: Message, to: Destination, now: datetime) -> Answer:
        if to.secret is None:
            raise ConfigurationError(
                "This webhook has no signing secret.", next_step="Make a new secret for it."
            )
        body = json.dumps(_document(message), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Tenure-Event": message.event,
            "Tenure-Delivery": message.delivery,
            "Tenure-Signature": signature(to.secret, int(now.timestamp()), body),
        }
        hosts = settings.TENURE_NOTIFY_HOSTS
        return outbound.post(to.address.reveal(), body, headers, hosts=hosts)


def signature(secret: Secret, seconds: int, body: bytes) -> str:
    """The value of ``Tenure-Signature`` for a body sent at this time."""
    signed = f"{seconds}.".encode() + body
    made = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"


def _document(message: Message) -> dict[str, object]:
    return {
        "id": message.delivery,
        "event": message.event,
        "created_at": stamp(message.at),
        "subject": message.subject,
        "link": message.link or None,
        "data": dict(message.data),
    }
