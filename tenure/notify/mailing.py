"""The mail server the operator named: a connection to it, and whether it can be used now."""

import smtplib
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import get_connection

SMTP = "django.core.mail.backends.smtp.EmailBackend"
SECONDS = 10


class Mail(Protocol):
    """The settings of mail."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def implicit_tls(self) -> bool: ...
    @property
    def starttls(self) -> bool: ...


def connection_to(mail: Mail) -> Any:
    """Django's SMTP connection for these settings, bounded in time."""
    return get_connection(
        SMTP,
        host=mail.host,
        port=mail.port,
        username=mail.user,
        password=mail.password,
        use_ssl=mail.implicit_tls,
        use_tls=mail.starttls and not mail.implicit_tls,
        timeout=SECONDS,
    )


def trouble() -> str:
    """Why the server cannot be used now, in short; "" when it can, or when none is set."""
    mail: Mail | None = settings.TENURE_MAIL
    if mail is None:
        return ""
    connection = connection_to(mail)
    try:
        connection.open()
        connection.close()
    except smtplib.SMTPAuthenticationError:
        return "it does not accept the user and password"
    except smtplib.SMTPException as error:
        return str(error)[:200]
    except OSError as error:
        return error.strerror or str(error)[:200] or "no connection"
    return ""
