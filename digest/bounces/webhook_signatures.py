"""Signatures of providers, checked by `cryptography`; anything that is no key or no signature does not fit."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate


def verify_rsa(certificate: bytes, words: bytes, signature: bytes, *, modern: bool) -> bool:
    """RSA with PKCS #1 v1.5 (RFC 8017, section 8.2), over SHA-256, or SHA-1 where the provider is not `modern`."""
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, words, padding.PKCS1v15(), SHA256() if modern else SHA1())  # noqa: S303  Amazon's version 1
    except (ValueError, InvalidSignature):
        return False
    return True


def verify_ecdsa(public: bytes, words: bytes, signature: bytes) -> bool:
    """ECDSA over SHA-256 (FIPS 186-5) with a public key in DER."""
    try:
        key = load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(signature, words, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True
