"""What every command does on a wrong word, on Ctrl-C, and on an error that nobody expected."""

import signal
import sys

import pytest

from digest import cli
from tests.cli.running import running
from tests.cli.test_cli import digest, one_line
from tests.conftest import Furnish


async def test_a_command_that_is_like_no_other_is_named() -> None:
    done = await digest("frobnicate")
    assert done.code == 2
    assert "error: No such command 'frobnicate'." in done.err
    assert "Did you mean" not in done.err


async def test_the_commands_are_listed_in_the_order_in_which_a_newcomer_needs_them() -> None:
    done = await digest("--help")
    listed = [line.split()[0] for line in done.out.partition("Commands:\n")[2].splitlines() if line.startswith("  ")]
    assert listed == list(cli.COMMANDS)


async def test_ctrl_c_ends_a_command_without_a_traceback(furnish: Furnish) -> None:
    async with running("judge", "-", "-C", furnish("http://127.0.0.1:9", 9)) as judge:
        assert judge.process.stdin is not None
        judge.process.stdin.write(b'{"comments": []}\n' * 5_000)  # its first answer says that it has begun
        await judge.process.stdin.drain()
        assert await judge.line() == '{"picks": [], "left_out": [], "ranking": []}\n'
        code, _, err = await judge.stop(signal.SIGINT)
    assert code == 130
    assert err.strip() == "Stopped."


async def test_a_file_that_cannot_be_read_is_one_line(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    done = await digest("subscribers", "export", "-C", root, "--output", root / "nowhere" / "out.csv")
    assert done.code == 1
    assert one_line(done) == f"error: {root / 'nowhere' / 'out.csv'}: No such file or directory\n"


@pytest.mark.parametrize("error", [FileNotFoundError(), ValueError("a bug")])
def test_a_bug_is_not_passed_off_as_a_missing_file(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(**_given: object) -> int:
        raise error

    monkeypatch.setattr(cli.group, "main", fail)
    monkeypatch.setattr(sys, "argv", ["digest", "status"])
    with pytest.raises(type(error)):
        cli.main()
