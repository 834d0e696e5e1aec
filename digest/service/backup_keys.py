"""Keys and passwords within a backup, encrypted by age (age-encryption.org): with a passphrase, or for whoever has an identity.

The part of a backup is an age file by itself, so `age -d .keys.age` opens it without digest.
"""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pyrage

from digest.errors import UsageError

Lock = Callable[[bytes], bytes]
Unlock = Callable[[bytes], bytes]


def lock_by_passphrase(passphrase: str) -> Lock:
    """Return what encrypts by a passphrase."""
    if not passphrase:
        raise UsageError("the passphrase is empty", remedy="Set DIGEST_BACKUP_PASSPHRASE, or type one.")
    return lambda data: pyrage.passphrase.encrypt(data, passphrase)


def lock_for(recipient: str) -> Lock:
    """Return what encrypts for the owner of a public key such as `age1…`; raise UsageError if it is none."""
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise UsageError(f"no public key of age: {error}", thing=recipient[:80], remedy="`age-keygen` makes one.") from error
    return lambda data: pyrage.encrypt(data, [key])


def unlock_by_passphrase(passphrase: str) -> Unlock:
    """Return what decrypts by a passphrase."""
    return lambda data: pyrage.passphrase.decrypt(data, passphrase)


def unlock_by_identity(file: Path) -> Unlock:
    """Return what decrypts by the identities in a file of `age-keygen`; raise UsageError if there are none."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise UsageError("cannot be read as an identity of age", thing=str(file)) from error
    return lambda data: pyrage.decrypt(data, keys)


def sealed(paths: Mapping[str, Path], lock: Lock) -> bytes:
    """Return some files, by their names in the newsletter's folder, encrypted."""
    plain = {name: base64.b64encode(path.read_bytes()).decode() for name, path in paths.items()}
    return lock(json.dumps(plain).encode())


def unsealed(data: bytes, unlock: Unlock) -> dict[str, bytes]:
    """Return the files by their names; raise UsageError if they cannot be decrypted."""
    try:
        plain = json.loads(unlock(data))
        return {str(name): base64.b64decode(text, validate=True) for name, text in plain.items()}
    except (pyrage.DecryptError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"the keys in the backup cannot be decrypted: {error}", remedy="Is it the right passphrase?") from error
