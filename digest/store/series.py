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
            renamed = _renamed(new, gone, formerly)
            for name, key in renamed.items():
                connection.execute(update(schema.series).where(schema.series.c.id == key).values(name=name))
            known |= renamed
            for name in new:
                if name not in renamed:
                    known[name] = _begun(connection, name, set(known.values()))
        return {name: known[name] for name in plans}


def _renamed(new: Sequence[str], gone: Mapping[str, str], formerly: Mapping[str, str]) -> dict[str, str]:
    told = {name: gone[was] for name, was in formerly.items() if name in new and was in gone}
    rest = [name for name in new if name not in told and name not in formerly]
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
