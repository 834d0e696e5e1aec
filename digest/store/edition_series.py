"""Which series of editions each plan of digest.toml continues. A series has its own id, whatever its name, days or hour become.

Windows, used articles and receipts belong to the id. So a plan that is renamed neither sends its morning's mail again nor
starts from the beginning.
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
        """Return the id of each plan's series, by the plan's name; `formerly` has the old name of a renamed plan.

        One new name and one missing name are a renaming. ConfigError if it is unclear which name has become which.
        """
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            known = {name: key for key, name in connection.execute(select(schema.series.c.id, schema.series.c.name))}
            missing = {name: key for name, key in known.items() if name not in plans}
            new = [name for name in plans if name not in known]
            _check_swaps(formerly, known)
            renamed = _match_renamed(new, missing, formerly)
            for name, key in renamed.items():
                connection.execute(update(schema.series).where(schema.series.c.id == key).values(name=name))
            known |= renamed
            for name in new:
                if name not in renamed:
                    known[name] = _start(connection, name, set(known.values()))
        return {name: known[name] for name in plans}


def _check_swaps(formerly: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Raise ConfigError if plans swap their names: the next run could not know whether they have swapped already."""
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


def _match_renamed(new: Sequence[str], missing: Mapping[str, str], formerly: Mapping[str, str]) -> dict[str, str]:
    """Return the series that each renamed plan continues, by its new name; raise ConfigError if that is unclear.

    A `formerly` that names no missing plan (mistyped, or left in from before) is ignored; an empty one says that the plan is new.
    """
    renamed = {name: missing[was] for name, was in formerly.items() if name in new and was in missing}
    rest = [name for name in new if name not in renamed and formerly.get(name) != ""]
    left = [name for name, key in missing.items() if key not in renamed.values()]
    if len(rest) == len(left) == 1:
        return {**renamed, rest[0]: missing[left[0]]}
    if rest and left:
        raise ConfigError(
            f"editions {', '.join(rest)} are new and {', '.join(left)} are gone: which of them goes on under another name?",
            thing="digest.toml",
            remedy=f'Write below each [[editions]] what it was called: formerly = "{left[0]}", or formerly = "" where it is new.',
        )
    return renamed


def _start(connection: Connection, name: str, taken: set[str]) -> str:
    """Insert a new series and return its id: its name, or the name with a number if another series has that id."""
    key = next(key for number in range(1, 1_000) if (key := name if number == 1 else f"{name}-{number}") not in taken)
    connection.execute(schema.series.insert().values(id=key, name=name))
    return key
