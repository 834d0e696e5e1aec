"""A subscriber's own links: opaque, without an address in them, and with the same token in every edition.

A token is a keyed hash of the address under the newsletter's secret: nobody can guess one or read an address from it. It can be
written into a message before the subscriber is in any table. The table `subscribers` turns it back into the address.
"""

import base64
from dataclasses import dataclass

from digest.compose.verp import keyed_mac


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberLinks:
    """The links that one newsletter gives to its subscribers; `public_url` is empty if it has no pages."""

    public_url: str
    secret: str

    def token(self, email: str) -> str:
        """Return what identifies a subscriber in a link: 160 bits, 27 characters."""
        return base64.urlsafe_b64encode(keyed_mac(self.secret, "reader", email, 20)).decode().rstrip("=")

    def urls(self, email: str, key: str) -> tuple[str, str, str]:
        """Return the URLs to unsubscribe (page and one click, RFC 8058), to the edition as it was sent, and to the preferences."""
        if not self.public_url:
            return "", "", ""
        token, at = self.token(email), self.public_url
        return f"{at}/unsubscribe/{token}", f"{at}/view/{key}/{token}", f"{at}/preferences/{token}"

    def message_id_left(self, email: str, key: str) -> str:
        """Return the left part of a Message-ID: stable for an edition and a recipient, and revealing nothing of the address."""
        return f"{key}.{keyed_mac(self.secret, f'message {key}', email, 12).hex()}"
