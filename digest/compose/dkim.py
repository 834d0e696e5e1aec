"""DKIM signatures (RFC 6376 with RSA-SHA256, RFC 8463 with Ed25519-SHA256), relaxed/relaxed.

Every header of `headers.HEADERS` that is signed is named once more than it occurs, so that nobody can add a second From or Subject,
or a header that the message does not have (RFC 6376, sections 5.4.2 and 8.15).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from digest.compose.headers import HEADERS
from digest.errors import ConfigError

SIGNED_HEADERS = tuple(name.lower() for name, signed in HEADERS.items() if signed)
_BLANKS = re.compile(r"[ \t]+")
_MAX_LINE_CHARS = 76
_VALID_FOR = 7 * 86_400  # seconds; a signature that is found later is somebody's replay (RFC 6376, section 3.5, tag x=)
_GOOD_RSA_BITS = 2048  # bits; what RFC 8301, section 3.2, asks signers for
_MIN_RSA_BITS = 1024  # bits; RFC 8301, section 3.2


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of one domain."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @classmethod
    def load(cls, domain: str, selector: str, path: Path) -> "Signer":
        """Read the key in a PEM file; raise ConfigError if it cannot be used."""
        where = f"digest.toml: dkim.key_file {path}"
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", thing=where) from error
        except (ValueError, TypeError) as error:
            raise ConfigError(f"not an unencrypted PEM private key: {error}", thing=where) from error
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise ConfigError("not an RSA or Ed25519 key", thing=where)
        if isinstance(key, RSAPrivateKey) and key.key_size < _MIN_RSA_BITS:
            raise ConfigError(f"key is too short ({key.key_size} bits; at least {_MIN_RSA_BITS} needed)", thing=where)
        return cls(domain, selector, key)

    def __reduce__(self) -> tuple[object, ...]:
        """Let a signing process of ours unpickle it; `cryptography` does not pickle its keys."""
        pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return _load, (self.domain, self.selector, pem)

    @property
    def algorithm(self) -> str:
        """The `a=` tag."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    @property
    def weakness(self) -> str:
        """Why a key should be replaced although it signs; empty if it is good."""
        if isinstance(self.key, RSAPrivateKey) and self.key.key_size < _GOOD_RSA_BITS:
            bits = self.key.key_size
            return f"an RSA key of {bits} bits; receivers trust {_GOOD_RSA_BITS} and more: `openssl genrsa -out dkim.pem 2048`"
        return ""

    def dns_record(self) -> str:
        """Return the TXT record for `selector._domainkey.domain`."""
        public = self.key.public_key()
        if isinstance(self.key, RSAPrivateKey):
            der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"

    def signature_header(self, signed: Mapping[str, str], body_hash: bytes, at: datetime) -> bytes:
        """Return the DKIM-Signature header of a message, folded, with its line end.

        `signed` has its headers in relaxed form by their names in lower case; `body_hash` is the SHA-256 of its relaxed body.
        """
        present = [name for name in SIGNED_HEADERS if name in signed]
        begins = int(at.timestamp())
        tags = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed;\r\n d={self.domain}; s={self.selector};\r\n"
            f" t={begins}; x={begins + _VALID_FOR};\r\n h={_names([*present, *SIGNED_HEADERS])};\r\n"
            f" bh={binascii.b2a_base64(body_hash, newline=False).decode()};\r\n b="
        )
        lines = [*(signed[name] for name in present), canonicalize_header("dkim-signature", tags)]
        signature = binascii.b2a_base64(self._sign("\r\n".join(lines).encode()), newline=False).decode()
        return f"DKIM-Signature: {tags}{_folded(signature)}\r\n".encode("ascii")

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(hashlib.sha256(data).digest())  # RFC 8463, section 3


def _load(domain: str, selector: str, pem: bytes) -> Signer:
    return Signer(domain, selector, cast(RSAPrivateKey | Ed25519PrivateKey, serialization.load_pem_private_key(pem, None)))


def canonicalize_header(name: str, value: str) -> str:
    """Return one header field in relaxed form (RFC 6376, section 3.4.2), without its line end."""
    unfolded = value.replace("\r\n", "")
    if "  " in unfolded or "\t" in unfolded:  # the expression costs ten times as much as the test
        unfolded = _BLANKS.sub(" ", unfolded)
    return f"{name.lower()}:{unfolded.strip()}"


def canonicalize_body(lines: bytes) -> bytes:
    """Return whole lines of a body in relaxed form (RFC 6376, section 3.4.4), all it needs if its last line has text."""
    if b"\t" not in lines and b"  " not in lines and b" \r\n" not in lines:
        return lines
    return re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+(?=\r\n)", b"", lines))


def _names(names: Sequence[str]) -> str:
    """Return the `h=` tag on lines of at most 76 characters; white space beside a colon does not count (RFC 6376, section 3.5)."""
    lines, line = list[str](), " h="
    for at, name in enumerate(names, 1):
        end = ":" if at < len(names) else ""
        if len(line) + len(name) + 2 > _MAX_LINE_CHARS:
            lines.append(line)
            line = "  "
        line += name + end
    return "\r\n".join([*lines, line]).removeprefix(" h=")


def _folded(signature: str) -> str:
    return "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
