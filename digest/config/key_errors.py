"""What is wrong with a TOML file, in words that name the key, its value and the nearest valid key."""

import difflib
from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import ValidationError

from digest.config.values import Table


def complaints(error: ValidationError, table: type[Table]) -> Iterator[str]:
    """Yield what is wrong with a table, one sentence for each key; `table` is the whole of which a part was refused."""
    problems = sorted(
        error.errors(), key=lambda problem: problem["type"] != "extra_forbidden"
    )  # a misspelt key before its consequences
    consequences = {"too_short"} if len(problems) > 1 else set()  # if the only source is invalid, none is left
    told = set[str]()
    for problem in problems:
        place = tuple(part for part in problem["loc"] if isinstance(part, int) or "[" not in part)  # not how we say it in Python
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
        if problem["type"] in consequences or where in told:
            continue
        told.add(where)
        if problem["type"] == "extra_forbidden":
            yield f"{where}: unknown key{_suggestion(place, table)}"
        elif problem["type"] == "tuple_type" and _table_at(place, table) is not _table_at(place[:-1], table):
            yield f"{where}: write [[{where}]] with double brackets"
        elif problem["type"] == "tuple_type":
            yield f'{where}: write a list, as in {place[-1]} = ["…"]{_given(problem["input"])}'
        elif problem["type"] == "missing":
            yield f"{where}: required"
        else:
            yield f"{where or 'file'}: {problem['msg'].removeprefix('Value error, ')}{_given(problem['input'])}"


def _given(value: object) -> str:
    return f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""


def _suggestion(place: tuple[int | str, ...], whole: type[Table]) -> str:
    """Return `. Did you mean from?` if a known key of the same table is similar, otherwise the valid keys."""
    known = [field.alias or name for name, field in _table_at(place[:-1], whole).model_fields.items() if not field.exclude]
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f". Did you mean {near[0]}?" if near else f". Valid keys: {', '.join(sorted(known))}"


def _table_at(place: Sequence[int | str], whole: type[Table]) -> type[Table]:
    """Return the table at a place of a file; what is no key of it is an index, or a name that the operator chose."""
    table = whole
    for part in place:
        field = table.model_fields.get(str(part))
        table = next(_tables_in(field.annotation), table) if field else table
    return table


def _tables_in(annotation: object) -> Iterator[type[Table]]:
    """Yield the tables in a type: `tuple[SourcePlan, ...]`, `Mapping[str, Webhook]`, `Support | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)
