"""The people of the desk, as `[desk]` names them: editors decide, viewers look on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from digest.config import DeskPlan, split_mailbox

Role = Literal["editor", "viewer"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may open the desk."""

    email: str
    name: str
    role: Role

    @property
    def may_change(self) -> bool:
        """Whether they may change an edition."""
        return self.role == "editor"


def people(plan: DeskPlan) -> dict[str, Person]:
    """Return everybody by their address in lower case."""
    return {person.email.casefold(): person for person in _people(plan)}


def _people(plan: DeskPlan) -> Iterator[Person]:
    known = list(_named(plan))
    for person in known:  # whoever shares a name is known by the address too: a decision is undone by its own person
        shared = sum(other.name.casefold() == person.name.casefold() for other in known) > 1
        yield replace(person, name=f"{person.name} ({person.email})") if shared else person


def _named(plan: DeskPlan) -> Iterator[Person]:
    roles: tuple[tuple[Role, tuple[str, ...]], ...] = (("editor", plan.editors), ("viewer", plan.viewers))
    for role, mailboxes in roles:
        for mailbox in mailboxes:
            name, email = split_mailbox(mailbox)
            yield Person(email=email, name=name or email.partition("@")[0], role=role)


def editors_named(plan: DeskPlan) -> str:
    """Return the editors' names, as one says whom to ask: `Ada Quill or Tom Lacey`."""
    names = [person.name for person in _people(plan) if person.role == "editor"]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "whoever runs this newsletter"
