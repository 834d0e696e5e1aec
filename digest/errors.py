"""The errors of digest, as one tree; the command line turns each into one line and an exit code.

DigestError                 1   something failed; nothing is lost
├── UsageError              2   the operator must change something before any run can work
│   ├── ConfigError         2   digest.toml or the environment
│   ├── SubscriberFileError 2   subscribers.csv as a whole (a bad row is a value, not an error)
│   └── TemplateError       2   a template, with its file and line
├── FetchError              1   a URL could not be read; becomes a Failure in the harvest
│   └── SourceError         1   a URL was read, but it is not what its kind of source promises
├── RelayError              1   the relay as a whole: unreachable, refused the login, not TLS
├── StoreError              1   the database
│   └── RestoredError       1   the database has fewer answers than sent.log
├── LateError               1   an edition is too old to be sent without --late
├── HeldError               1   a guard holds an edition
└── BusyError               1   another process is sending, or holds the subscriber list
"""


class DigestError(Exception):
    """An error that a person sees: what failed, on which thing, and what to do about it."""

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
    """A template cannot be compiled or rendered; `thing` is the file, with the line if it is known."""


class FetchError(DigestError):
    """A URL could not be read within the limits."""


class SourceError(FetchError):
    """A URL was read, but it is not what its kind of source promises."""


class RelayError(DigestError):
    """The relay cannot be used for any message: connection, TLS or login; `temporary` if the relay says that it may work later."""

    temporary = False


class StoreError(DigestError):
    """The database cannot be opened or used, or is newer than this program; or `sent.log` cannot be written."""


class RestoredError(StoreError):
    """The database has fewer answers than `sent.log`: a backup was restored, or the file was lost."""


class LateError(DigestError):
    """An edition is too old to be sent unless a person permits it."""


class HeldError(DigestError):
    """A guard holds an edition until a person has looked."""


class BusyError(DigestError):
    """Another process is sending, or holds or has changed the subscriber list."""
