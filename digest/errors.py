"""What can go wrong, as one tree; the command line turns each into one line and an exit code.

DigestError                 1   something failed; nothing is lost
├── UsageError              2   the operator must change something before any run can work
│   ├── ConfigError         2   digest.toml or the environment
│   ├── SubscriberFileError           2   subscribers.csv as a whole (a bad row is a value, not an error)
│   └── TemplateError       2   a template, with its file and line
├── FetchError              1   one address could not be read; becomes a Failure in the harvest
│   └── SourceError         1   it was read, but it is not what its kind promises
├── RelayError              1   the relay as a whole: unreachable, refused the login, not TLS
├── StoreError              1   the database
│   └── RestoredError       1   the database knows less than was sent
├── LateError               1   an edition is too old to be sent by itself
├── HeldError               1   a guard holds an edition back
└── BusyError               1   another process is sending, or holds the subscriber list
"""


class DigestError(Exception):
    """An error a person sees: what failed, on which thing, and what to do about it."""

    exit_code = 1

    def __init__(self, what: str, *, thing: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.thing = thing
        self.remedy = remedy

    def __str__(self) -> str:
        head = f"{self.thing}: {self.what}" if self.thing else self.what
        return f"{head}. {self.remedy}" if self.remedy else head


class UsageError(DigestError):
    """The command, the configuration or a file must be corrected first."""

    exit_code = 2


class ConfigError(UsageError):
    """A key of digest.toml or a variable of the environment is missing, unknown or wrong."""


class SubscriberFileError(UsageError):
    """The subscriber file cannot be used at all."""


class TemplateError(UsageError):
    """A template cannot be compiled or rendered; `thing` is file:line."""


class FetchError(DigestError):
    """An address could not be read within its limits."""


class SourceError(FetchError):
    """An address answered, but not with what its kind of source promises."""


class RelayError(DigestError):
    """The relay cannot be used by any message: connection, TLS or login; `temporary` where it says that it will be."""

    temporary = False


class StoreError(DigestError):
    """The database cannot be opened, or is newer than this program."""


class RestoredError(StoreError):
    """The database is older than the log of what was sent: a backup was restored, or the file was lost."""


class LateError(DigestError):
    """An edition is older than its readers would expect in the morning."""


class HeldError(DigestError):
    """A guard holds an edition back until somebody has looked."""


class BusyError(DigestError):
    """Another process holds the newsletter's sending lock."""
