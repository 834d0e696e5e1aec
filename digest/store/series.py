"""Which series of editions each plan of digest.toml goes on with: by an id of its own, whatever its name, days or hour become.

Windows, settled articles and receipts follow the id, so that a renamed edition neither sends its morning's mail again nor begins
anew.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, select, update

from digest.errors import ConfigError
from digest.store import schema
from digest.store.database import lock_for_writing


class Series:
    """The series of one newsletter."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, plans: Sequence[str], formerly: Mapping[str, str]) -> dict[str, str]:
        """The id of each plan's series, by the plan's name; `formerly` says of a renamed one what it was called.

        One new name beside one that is gone is a renaming. ConfigError where it cannot be told which has become which.
        """
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            known = {name: key for key, name in connection.execute(select(schema.series.c.id, schema.series.c.name))}
            gone = {name: key for name, key in known.items() if name not in plans}
            new = [name for name in plans if name not in known]
            _no_circle(formerly, known)
            renamed = _renamed(new, gone, formerly)
            for name, key in renamed.items():
                connection.execute(update(schema.series).where(schema.series.c.id == key).values(name=name))
            known |= renamed
            for name in new:
                if name not in renamed:
                    known[name] = _begun(connection, name, set(known.values()))
        return {name: known[name] for name in plans}


def _no_circle(formerly: Mapping[str, str], known: Mapping[str, str]) -> None:
    """ConfigError where editions swap their names: nobody could tell the next time whether they have done so already."""
    for name in formerly:
        seen, at = {name}, formerly[name]
        while at in formerly and at in known and at not in seen:
            seen.add(at)
            at = formerly[at]
        if at == name and name in known and len(seen) > 1:
            raise ConfigError(
                f"editions {', '.join(sorted(seen))} swap their names",
                thing="digest.toml",
                remedy="Give one a new name first and run `digest status`; then give it the other's old one.",
            )


def _renamed(new: Sequence[str], gone: Mapping[str, str], formerly: Mapping[str, str]) -> dict[str, str]:
    """Which of the new names goes on with which series.

    A `formerly` that names nothing that is gone (mistyped, or left in from before) says nothing; an empty one says that it is new.
    """
    told = {name: gone[was] for name, was in formerly.items() if name in new and was in gone}
    rest = [name for name in new if name not in told and formerly.get(name) != ""]
    left = [name for name, key in gone.items() if key not in told.values()]
    if len(rest) == len(left) == 1:
        return {**told, rest[0]: gone[left[0]]}
    if rest and left:
        raise ConfigError(
            f"editions {', '.join(rest)} are new and {', '.join(left)} are gone: which of them goes on under another name?",
            thing="digest.toml",
            remedy=f'Write below each [[editions]] what it was called: formerly = "{left[0]}", or formerly = "" where it is new.',
        )
    return told


def _begun(connection: Connection, name: str, taken: set[str]) -> str:
    """A new series; its id is its name, unless another series had that one first."""
    key = next(key for number in range(1, 1_000) if (key := name if number == 1 else f"{name}-{number}") not in taken)
    connection.execute(schema.series.insert().values(id=key, name=name))
    return key
