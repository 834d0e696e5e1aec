"""Access tokens: from a file or a command, said as RFC 7628 and its older brother say them."""

import asyncio
import base64
import os
import time
from pathlib import Path

import pytest

from digest.config import Relay
from digest.deliver.oauth import access_token, bearer_response, drop_token
from digest.errors import RelayError


def relay(**keys: object) -> Relay:
    return Relay.model_validate({"url": "smtp+starttls://daily%40gazette.example@mail.gazette.example:587", **keys})


async def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    mine = relay(token_file=file)
    assert await access_token(mine) == "first"
    file.write_text("second\n")
    assert await access_token(mine) == "second"


async def test_a_command_is_asked_until_its_token_is_not_taken(tmp_path: Path) -> None:
    mine = relay(token_command=f"echo x >> {tmp_path}/asked; wc -l < {tmp_path}/asked")
    assert [await access_token(mine), await access_token(mine)] == ["1", "1"]
    drop_token(mine)
    assert await access_token(mine) == "2"
    drop_token(mine)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo no account >&2; exit 3", "ended with 3: no account"),
        ("echo two words", "gives no access token"),
        ("true", "gives no access token"),
        ("printf '\\303\\251'", "gives no access token"),
    ],
)
async def test_a_command_that_gives_none_is_named(command: str, message: str) -> None:
    with pytest.raises(RelayError, match=f"smtp.token_command: {message}"):
        await access_token(relay(token_command=command))


def started(reading: int) -> bool:
    try:
        return bool(os.read(reading, 100))
    except BlockingIOError:
        return False


async def until_closed(reading: int) -> None:
    """Wait until nobody holds the other end of a pipe: even a process that nobody waits for has let go of it by then."""
    async with asyncio.timeout(10):
        while True:
            try:
                if not os.read(reading, 100):
                    return
            except BlockingIOError:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_command_that_takes_too_long_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, cancelled: bool
) -> None:
    monkeypatch.setattr("digest.deliver.oauth.TOKEN_COMMAND_TIMEOUT", 30.0 if cancelled else 1.0)
    held = tmp_path / "held"
    os.mkfifo(held)
    reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    try:
        asking = asyncio.create_task(access_token(relay(token_command=f"exec 9> {held}; echo begun >&9; sleep 60 & sleep 60")))
        if cancelled:
            while not started(reading):
                await asyncio.sleep(0.01)
            asking.cancel()
        with pytest.raises(asyncio.CancelledError if cancelled else RelayError):
            await asyncio.wait_for(asking, 10)
        await until_closed(reading)
    finally:
        os.close(reading)


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="cannot be read: No such file"):
        await access_token(relay(token_file=tmp_path / "none"))


def test_the_words_of_oauthbearer() -> None:
    said = base64.b64decode(bearer_response(relay(), "secret")).decode()
    assert said == "n,a=daily@gazette.example,\x01host=mail.gazette.example\x01port=587\x01auth=Bearer secret\x01\x01"


async def test_a_command_that_is_given_up_while_it_is_started_leaves_no_process(tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    for turns in range(1, 12):  # after each step of the event loop in which a process is started
        reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
        asking = asyncio.create_task(access_token(relay(token_command=f"exec 9> {held}; echo begun >&9; sleep 60 & sleep 60")))
        for _ in range(turns):
            await asyncio.sleep(0)
        for _ in range(40):  # it runs by now, and asyncio, whose loop stands still, may not know it yet
            time.sleep(0.005)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, 10)
        await until_closed(reading)
        os.close(reading)
