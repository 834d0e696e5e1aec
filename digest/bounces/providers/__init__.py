"""Webhooks of mail providers, each in its own form → events; nothing is believed that is not proved to be the provider's.

A new provider is a module here with `read(call, webhook, now, fetch)`, a row of PROVIDERS, and its name in
`config.tables.WebhookProvider`. `webhook.py` has what all share, `signatures.py` how a request proves where it is from.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from digest.bounces.providers import brevo, mailgun, postmark, sendgrid, ses
from digest.bounces.providers.webhook import Fetch, ForgedError, WebhookCall, WebhookEvent
from digest.config import Webhook, WebhookProvider

__all__ = ["PROVIDERS", "Fetch", "ForgedError", "Provider", "WebhookCall", "WebhookEvent", "read_call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one provider's requests are read.

    `read` yields the events and raises ForgedError unless the request is the provider's. `single_use_token` returns what may
    vouch for one body only, if the signature does not cover the whole body.
    """

    read: Callable[[WebhookCall, Webhook, float, Fetch], Iterable[WebhookEvent]]
    single_use_token: Callable[[WebhookCall], str] | None = None


PROVIDERS: Mapping[WebhookProvider, Provider] = {
    "brevo": Provider(read=brevo.read),
    "mailgun": Provider(read=mailgun.read, single_use_token=mailgun.single_use_token),
    "postmark": Provider(read=postmark.read),
    "sendgrid": Provider(read=sendgrid.read),
    "ses": Provider(read=ses.read),
}


def read_call(name: WebhookProvider, call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> list[WebhookEvent]:
    """Return the events of a request; raise ForgedError unless it is the provider's. `now` is in seconds since 1970."""
    try:
        return list(PROVIDERS[name].read(call, webhook, now, fetch))
    except ValueError as error:  # surrogates, ports and the like that no provider writes
        raise ForgedError(f"unexpected field: {error}") from error
