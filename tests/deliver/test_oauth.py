"""Access tokens: from a file or a command, said as RFC 7628 and its older brother say them."""

import base64
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
    ("command", "told"),
    [
        ("echo no account >&2; exit 3", "ended with 3: no account"),
        ("echo two words", "gives no access token"),
        ("true", "gives no access token"),
        ("printf '\\303\\251'", "gives no access token"),
    ],
)
async def test_a_command_that_gives_none_is_named(command: str, told: str) -> None:
    with pytest.raises(RelayError, match=f"smtp.token_command: {told}"):
        await access_token(relay(token_command=command))


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="cannot be read: No such file"):
        await access_token(relay(token_file=tmp_path / "none"))


def test_the_words_of_oauthbearer() -> None:
    said = base64.b64decode(bearer_response(relay(), "secret")).decode()
    assert said == "n,a=daily@gazette.example,\x01host=mail.gazette.example\x01port=587\x01auth=Bearer secret\x01\x01"
