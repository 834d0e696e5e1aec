"""How a request proves that it comes from the provider. An invalid key or signature never matches, and never raises."""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

from digest.bounces.providers.webhook import ForgedError, WebhookCall
from digest.config import Webhook

MAX_CALL_AGE = 900.0  # seconds


def verify_rsa(certificate: bytes, payload: bytes, signature: bytes, *, sha256: bool) -> bool:
    """Return whether an RSA signature with PKCS #1 v1.5 (RFC 8017, section 8.2) matches, over SHA-256 or else SHA-1."""
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, payload, padding.PKCS1v15(), SHA256() if sha256 else SHA1())  # noqa: S303  Amazon's version 1
    except (ValueError, InvalidSignature):
        return False
    return True


def verify_ecdsa(public_key: bytes, payload: bytes, signature: bytes) -> bool:
    """Return whether an ECDSA signature over SHA-256 (FIPS 186-5) matches; the public key is in DER."""
    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(signature, payload, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def verify_hmac(key: str, payload: str, hex_signature: str) -> bool:
    """Return whether an HMAC with SHA-256 (RFC 2104) in hexadecimal matches; never with an empty key."""
    expected = hmac.new(key.encode(), payload.encode(), hashlib.sha256).hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), hex_signature.encode())


def is_recent(timestamp: str, now: float) -> bool:
    """Return whether a time in seconds since 1970 is within MAX_CALL_AGE of now."""
    return timestamp.isdigit() and len(timestamp) < 12 and abs(now - int(timestamp)) <= MAX_CALL_AGE


def check_authorization(call: WebhookCall, webhook: Webhook) -> None:
    """Raise ForgedError unless the request has the bearer token (RFC 6750), or the user and password (RFC 7617)."""
    credentials = base64.b64encode(f"{webhook.user}:{webhook.password}".encode()).decode()
    expected = f"Bearer {webhook.key}" if webhook.key else f"Basic {credentials}"
    given = call.headers.get("authorization", "")
    if not (webhook.key or webhook.password) or not hmac.compare_digest(expected.encode(), given.encode()):
        raise ForgedError("wrong user or password")
