"""The text in which an account is found: what its sources say, and what people set. Pure."""

from tenure.customers.models import Account

LONGEST = 4000


def searchable(account: Account, known: str) -> str:
    """``known``, lower case, with those of the account's own words that it lacks.

    What came from the source is in ``known`` already, so a synced account keeps its text.
    """
    texts = [account.name, account.identifier]
    texts += [value for value in account.attributes.values() if isinstance(value, str)]
    missing = dict.fromkeys(text.lower() for text in texts if not _has(known, text.lower()))
    return " ".join([*filter(None, [known]), *missing])[:LONGEST]


def _has(known: str, text: str) -> bool:
    return text in known or all(word in known for word in text.split())
