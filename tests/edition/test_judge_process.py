"""A judge that is a command, as a real process: what it gets, what it may not do, and that nothing of it is left."""

import asyncio
import json
import logging
import os
import time
from pathlib import Path

import pytest

from digest.curate.questions import MAX_ANSWER_BYTES, JudgeError
from digest.edition import judge_process
from digest.edition.judge_process import run_command
from tests.judges import write_judge


async def run(folder: Path, body: str, sent: bytes = b"", seconds: float = 60) -> bytes:
    async with asyncio.timeout(seconds):
        return await run_command(write_judge(folder, body), folder, sent)


def is_running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def gone(path: Path) -> bool:
    """Whether the process whose number is in a file ends within 10 seconds."""
    pid, limit = int(path.read_text()), time.monotonic() + 10
    while is_running(pid) and time.monotonic() < limit:
        await asyncio.sleep(0.05)
    return not is_running(pid)


async def test_a_command_reads_its_standard_input_in_the_newsletters_folder(tmp_path: Path) -> None:
    sent = b'{"a": "\xc3\xa9"}\n' * 50_000  # more than a pipe holds
    answer = await run(tmp_path, 'print(len(threads), threads[0]["a"], os.getcwd())', sent)
    assert answer.decode().split() == ["50000", "é", str(tmp_path)]


async def test_no_secret_is_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "DIGEST_SMTP_PASSWORD",
        "DIGEST_NOW",
        "MY_API_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PYTHONPATH",
        "LC_TOKEN",
        "PGPASSWORD",
    )
    for name in secrets:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("TZ", "Europe/London")
    monkeypatch.setenv("LC_TIME", "C")
    seen = json.loads(await run(tmp_path, "print(json.dumps(dict(os.environ)))"))
    assert "hush" not in seen.values()
    assert set(seen) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} <= {*judge_process.VARIABLES}  # Python itself sets LC_CTYPE
    assert (seen["TZ"], seen["LC_TIME"], seen["PATH"]) == ("Europe/London", "C", os.environ["PATH"])


async def test_words_are_never_read_by_a_shell(tmp_path: Path) -> None:
    command = (*write_judge(tmp_path, "print(sys.argv[1:])"), "; touch harm", "$HOME")
    assert (await run_command(command, tmp_path, b"")).decode().strip() == "['; touch harm', '$HOME']"
    assert not (tmp_path / "harm").exists()


async def test_what_takes_too_long_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    body = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open("parent", "w").write(str(os.getpid()))
    open("child", "w").write(str(child.pid))
    time.sleep(600)
    """
    with pytest.raises(TimeoutError):
        await run(tmp_path, body, seconds=3)
    assert await gone(tmp_path / "parent")
    assert await gone(tmp_path / "child")


async def test_a_child_that_keeps_the_pipe_open_is_killed_too(tmp_path: Path) -> None:
    body = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open("child", "w").write(str(child.pid))
    """
    with pytest.raises(TimeoutError):
        await run(tmp_path, body, seconds=3)
    assert await gone(tmp_path / "child")


async def test_a_process_that_has_left_the_group_does_not_hold_up_the_edition(tmp_path: Path) -> None:
    body = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"], start_new_session=True)
    """
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await run(tmp_path, body, seconds=2)
    assert time.monotonic() - began < 15


async def test_a_killed_process_that_does_not_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_process, "KILL_TIMEOUT", 0)
    with pytest.raises(TimeoutError):
        await run(tmp_path, "time.sleep(600)", seconds=1)
    await asyncio.sleep(0.2)  # the loop collects it


async def test_a_crash_is_told_with_the_last_words_and_logged_with_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    body = """
    print("an \\x1b[31mearlier line\\n" * 500, file=sys.stderr)
    raise SystemExit("no model: \\x07" + "x" * 300)
    """
    with pytest.raises(JudgeError, match=r"^ended with exit code 1: no model: x+…$") as error:
        await run(tmp_path, body)
    assert len(str(error.value)) < 250
    (record,) = [row for row in caplog.records if row.name == "digest"]
    assert record.levelno == logging.WARNING
    assert "\x1b" not in record.getMessage()
    assert 1_900 < len(record.getMessage()) < 2_100


async def test_what_a_command_that_works_says_on_standard_error_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "digest"):
        assert await run(tmp_path, 'print("done"); print("3 threads", file=sys.stderr)') == b"done\n"
    assert [row.getMessage() for row in caplog.records if row.name == "digest"] == [
        "the second opinion wrote on standard error: 3 threads"
    ]


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    body = 'open("pid", "w").write(str(os.getpid()))\nwhile True:\n    sys.stdout.write("x" * 65536)\n'
    answer = await run(tmp_path, body)
    assert MAX_ANSWER_BYTES < len(answer) < MAX_ANSWER_BYTES + 1_000_000
    assert await gone(tmp_path / "pid")


async def test_standard_error_without_end_costs_no_memory(tmp_path: Path) -> None:
    assert await run(tmp_path, 'sys.stderr.write("x" * 30_000_000); print("done")') == b"done\n"


async def test_a_command_that_does_not_read_may_answer(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text("print('ok')")
    command = (write_judge(tmp_path, "")[0], "deaf.py")
    assert await run_command(command, tmp_path, b"x" * 5_000_000) == b"ok\n"


async def test_a_command_that_cannot_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print()")
    for command, reason in (("./none.py", "No such file or directory"), ("./plain.py", "Permission denied")):
        with pytest.raises(JudgeError, match=f"cannot start {command}: {reason}"):
            await run_command((command,), tmp_path, b"")
