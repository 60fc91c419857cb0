"""Every channel there is; nothing else knows them by name."""

from tenure.core.errors import PermanentError
from tenure.notify.channel import Channel
from tenure.notify.channels.email.sending import Email
from tenure.notify.channels.inapp.writing import InApp
from tenure.notify.channels.slack.posting import Slack
from tenure.notify.channels.webhook.posting import Webhook

CHANNELS: tuple[Channel, ...] = (InApp(), Email(), Slack(), Webhook())


def channel_of(way: str) -> Channel:
    """The channel of this way. Raises PermanentError for one this version does not have."""
    found = next((one for one in CHANNELS if one.way == way), None)
    if found is None:
        raise PermanentError(f"There is no channel {way!r}.", next_step="Update Tenure.")
    return found
