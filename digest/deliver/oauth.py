"""Access tokens for relays that take no password (XOAUTH2; OAUTHBEARER, RFC 7628): from a file, or from a command and cached.

Getting a token from an identity provider is left to the tools that exist for it: they provide a file or a command.
"""

import asyncio
import base64
import os
import signal
from contextlib import suppress
from time import monotonic

from digest.config import Relay
from digest.errors import RelayError

TOKEN_COMMAND_TIMEOUT = 30.0  # seconds for the command
TOKEN_TTL = 300.0  # seconds for which its answer is reused: tokens usually live an hour
MAX_TOKEN_CHARS = 16_384  # characters
_KILL_TIMEOUT = 1.0  # seconds for a killed command to end
_tokens: dict[str, tuple[float, str]] = {}


async def access_token(relay: Relay) -> str:
    """Return the current access token; raise RelayError if there is none."""
    if relay.token_file is not None:
        return await asyncio.to_thread(_read_token_file, relay)
    cached = _tokens.get(relay.token_command)
    if cached is None or monotonic() - cached[0] > TOKEN_TTL:
        cached = _tokens[relay.token_command] = (monotonic(), await _run_token_command(relay))
    return cached[1]


def drop_token(relay: Relay) -> None:
    """Forget the token that the relay did not accept, so that the command is asked for another next time."""
    _tokens.pop(relay.token_command, None)


def bearer_response(relay: Relay, access: str) -> bytes:
    """Return the response of OAUTHBEARER (RFC 7628, section 3.1), in base64."""
    payload = f"n,a={relay.user},\x01host={relay.host}\x01port={relay.port}\x01auth=Bearer {access}\x01\x01"
    return base64.b64encode(payload.encode())


def _read_token_file(relay: Relay) -> str:
    path = relay.token_file
    try:
        return _check_token(path.read_text(encoding="utf-8") if path else "", f"smtp.token_file {path}")
    except OSError as error:
        raise RelayError(f"cannot be read: {error.strerror}", thing=f"smtp.token_file {path}") from error


async def _run_token_command(relay: Relay) -> str:
    process = await _started(relay.token_command)
    try:
        async with asyncio.timeout(TOKEN_COMMAND_TIMEOUT):
            stdout, stderr = await process.communicate()
    except asyncio.CancelledError:  # Ctrl-C does not reach a session of its own
        await _kill_group(process)
        raise
    except TimeoutError as error:
        await _kill_group(process)
        raise RelayError(f"gave no token within {TOKEN_COMMAND_TIMEOUT:.0f} s", thing="smtp.token_command") from error
    if process.returncode:
        message = stderr.decode("utf-8", "replace").strip()[-200:]
        raise RelayError(f"ended with {process.returncode}: {message}", thing="smtp.token_command")
    return _check_token(stdout.decode("utf-8", "replace"), "smtp.token_command")


async def _started(command: str) -> asyncio.subprocess.Process:
    """Start a shell command. If that is cancelled half way, the command runs already, and asyncio would end its shell alone."""
    pipe = asyncio.subprocess.PIPE
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_shell(command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True)
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _kill_group(await starting)
        raise


async def _kill_group(process: asyncio.subprocess.Process) -> None:
    """Kill the command's shell and all that it has started."""
    with suppress(ProcessLookupError, PermissionError):  # all have ended (macOS reports the second of these)
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):  # it also waits for the pipes, and a process that has left the group may hold them
        async with asyncio.timeout(_KILL_TIMEOUT):
            await process.wait()


def _check_token(text: str, thing: str) -> str:
    access = text.strip()
    if not access or len(access) > MAX_TOKEN_CHARS or not access.isascii() or any(character.isspace() for character in access):
        raise RelayError("gives no access token (one word on one line)", thing=thing)
    return access
