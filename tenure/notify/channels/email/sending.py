"""Mail over SMTP. The delivery's id is the message id, so that a repeat is known as one."""

import smtplib
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from tenure.core.errors import ConfigurationError, PermanentError, TemporaryError
from tenure.customers.write import ValueRefused
from tenure.notify.channel import Answer, Destination, Message
from tenure.notify.mailing import Mail, connection_to

FOOT = "You get this because of your choices at Settings › Notifications in Tenure."


class Email:
    """By mail."""

    way = "email"
    is_local = False

    def checked(self, address: str) -> str:
        try:
            validate_email(address.strip())
        except ValidationError:
            raise ValueRefused(
                "address", f"“{address[:100]}” is not an e-mail address.", "Write it as name@host."
            ) from None
        return address.strip()

    def shown(self, address: str) -> str:
        return address

    def send(self, message: Message, to: Destination, now: datetime) -> Answer:
        mail: Mail | None = settings.TENURE_MAIL
        if mail is None:
            raise ConfigurationError(
                "Mail is kept: no mail server is set.",
                next_step="Set TENURE_EMAIL_URL, restart, and send it again from the log.",
            )
        try:
            _mail(message, to.address.reveal(), mail).send()
        except smtplib.SMTPRecipientsRefused as refused:
            raise _refused(refused) from refused
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                "The mail server does not accept the user and password.",
                next_step="Correct TENURE_EMAIL_URL and restart.",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TemporaryError(
                f"The mail server at {mail.host}:{mail.port} could not be used.",
                next_step="It is tried again by itself; tenure doctor asks the server now.",
            ) from error
        return Answer(250, "accepted")


def _mail(message: Message, address: str, mail: Mail) -> EmailMessage:
    sender: str = settings.DEFAULT_FROM_EMAIL
    host = sender.rpartition("@")[2].rstrip(">") or "tenure"
    return EmailMessage(
        subject=" ".join(message.subject.split())[:200],
        body="\n".join([message.subject, "", *message.lines, *_link(message), "", "-- ", FOOT, ""]),
        from_email=sender,
        to=[address],
        headers={
            "Message-ID": f"<{message.delivery}@{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Tenure-Delivery": message.delivery,
        },
        connection=connection_to(mail),
    )


def _link(message: Message) -> Sequence[str]:
    return ["", message.link] if message.link else []


def _refused(error: smtplib.SMTPRecipientsRefused) -> PermanentError | TemporaryError:
    code, text = next(iter(error.recipients.values()), (550, b""))
    return _answered(code, text)


def _answered(code: int, text: bytes | str) -> PermanentError | TemporaryError:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    told = f"The mail server answered {code} {said[:200]}".strip() + "."
    if 400 <= code < 500:
        return TemporaryError(told, next_step="It is tried again by itself.")
    return PermanentError(told, next_step="Check the address, and what the server wants.")
