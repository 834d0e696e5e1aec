"""Access tokens for relays that take no password (XOAUTH2; OAUTHBEARER, RFC 7628): from a command or a file, kept for a while.

How a token is got from an identity provider is not our business: tools for it exist, and a file or a command is what they give.
"""

import asyncio
import base64
from time import monotonic

from digest.config import Relay
from digest.errors import RelayError

TOKEN_COMMAND_TIMEOUT = 30.0  # seconds for the command
TOKEN_TTL = 300.0  # seconds for which its answer is used: tokens live an hour, as a rule
MAX_TOKEN_CHARS = 16_384  # characters
_tokens: dict[str, tuple[float, str]] = {}


async def access_token(relay: Relay) -> str:
    """The access token of now; RelayError where there is none."""
    if relay.token_file is not None:
        return await asyncio.to_thread(_from_file, relay)
    kept = _tokens.get(relay.token_command)
    if kept is None or monotonic() - kept[0] > TOKEN_TTL:
        kept = _tokens[relay.token_command] = (monotonic(), await _from_command(relay))
    return kept[1]


def drop_token(relay: Relay) -> None:
    """The relay did not take it: ask for another next time."""
    _tokens.pop(relay.token_command, None)


def bearer_response(relay: Relay, access: str) -> bytes:
    """The response of OAUTHBEARER (RFC 7628, section 3.1)."""
    words = f"n,a={relay.user},\x01host={relay.host}\x01port={relay.port}\x01auth=Bearer {access}\x01\x01"
    return base64.b64encode(words.encode())


def _from_file(relay: Relay) -> str:
    path = relay.token_file
    try:
        return _usable(path.read_text(encoding="utf-8") if path else "", f"smtp.token_file {path}")
    except OSError as error:
        raise RelayError(f"cannot be read: {error.strerror}", thing=f"smtp.token_file {path}") from error


async def _from_command(relay: Relay) -> str:
    running = await asyncio.create_subprocess_shell(
        relay.token_command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(TOKEN_COMMAND_TIMEOUT):
            out, said = await running.communicate()
    except TimeoutError as error:
        running.kill()
        await running.wait()
        raise RelayError(f"gave no token within {TOKEN_COMMAND_TIMEOUT:.0f} s", thing="smtp.token_command") from error
    if running.returncode:
        told = said.decode("utf-8", "replace").strip()[-200:]
        raise RelayError(f"ended with {running.returncode}: {told}", thing="smtp.token_command")
    return _usable(out.decode("utf-8", "replace"), "smtp.token_command")


def _usable(text: str, thing: str) -> str:
    access = text.strip()
    if not access or len(access) > MAX_TOKEN_CHARS or not access.isascii() or any(sign.isspace() for sign in access):
        raise RelayError("gives no access token (one word on one line)", thing=thing)
    return access
