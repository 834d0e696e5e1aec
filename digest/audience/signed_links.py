"""Links whose token is a signed value with a time: nobody can make one, and each kind expires."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from digest.app import App


class SignedLinks:
    """Links to one page of the reader pages, `path`, which work for `ttl`."""

    def __init__(self, app: App, path: str, ttl: timedelta) -> None:
        public_url = (app.config.newsletter.public_url or "").rstrip("/")
        self._base = f"{public_url}/{path}/"
        self._ttl = int(ttl.total_seconds())
        self._serializer = URLSafeTimedSerializer(app.store.secret("readers"), salt=path)

    def url(self, value: Any) -> str:
        """Return a new link with a value."""
        return self._base + self._serializer.dumps(value)

    def value(self, token: str) -> Any:
        """Return the value of a link's token; None if the token is forged, changed or too old."""
        with suppress(BadData):
            return self._serializer.loads(_check_canonical(token), max_age=self._ttl)
        return None


def _check_canonical(token: str) -> str:
    """Return a signed token; raise BadSignature if its last letter was changed in the bits that Base64 leaves unused."""
    body, _, signature = token.rpartition(".")
    if base64_encode(base64_decode(signature)).decode() != signature:
        raise BadSignature(body)
    return token
