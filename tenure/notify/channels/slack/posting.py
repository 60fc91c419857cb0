"""A chat message. Text from customers is escaped, so that nobody's name calls a whole room."""

import json
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from tenure.core import outbound
from tenure.customers.write import ValueRefused
from tenure.notify.channel import Answer, Destination, Message

MOST_LINES = 30


class Slack:
    """By an incoming webhook; its address is the secret."""

    way = "slack"
    is_local = False

    def checked(self, address: str) -> str:
        fault = outbound.fault_of(address.strip(), settings.TENURE_NOTIFY_HOSTS)
        if fault:
            raise ValueRefused("address", fault, "Copy the address the chat gave you.")
        return address.strip()

    def shown(self, address: str) -> str:
        return f"{urlsplit(address).netloc}/…"

    def send(self, message: Message, to: Destination, now: datetime) -> Answer:
        body = json.dumps({"text": _text(message)}).encode()
        headers = {"Content-Type": "application/json"}
        hosts = settings.TENURE_NOTIFY_HOSTS
        return outbound.post(to.address.reveal(), body, headers, hosts=hosts)


def _text(message: Message) -> str:
    subject = _escaped(message.subject)
    first = f"*<{message.link}|{subject}>*" if message.link else f"*{subject}*"
    return "\n".join([first, *(_escaped(line) for line in message.lines[:MOST_LINES])])


def _escaped(text: str) -> str:
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "¦")):
        text = text.replace(sign, written)
    return text
