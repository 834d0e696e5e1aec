"""What editors have decided about stories, laid over the machine's choice: what is in, in which order, and in which words. Pure.

An order is said by what stands below, so that what others move, or what comes in meanwhile, shifts nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from digest.curate.articles import Choice, article_left_out
from digest.curate.editor_decisions import EditorDecisions
from digest.model import Article, Decision, EditorNote, EditorParts, LeftOut, Sponsor, Story

STORY_FIELDS = ("headline", "summary", "kicker", "picture", "note", "section")
SINCE_APPROVAL = "came in after the edition was approved"
_MOVES = frozenset({"lead", "move"})
NO_PICTURE = "none"  # the value of `picture` if a story is printed without it
_ARTICLE, _SPONSOR = TypeAdapter(Article), TypeAdapter(Sponsor)


@dataclass(slots=True)
class _Order:
    """The ids of the stories in print order, and why each other article is left out, while decisions are applied."""

    ids: list[str]
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def put(self, article: str, below: Sequence[str] = ()) -> None:
        """Put a story above the first of those that stood below it and is still there, or at the end."""
        if article in self.ids:
            self.ids.remove(article)
        at = next((self.ids.index(other) for other in below if other in self.ids), len(self.ids))
        self.ids.insert(at, article)
        self.left_out.pop(article, None)

    def take_out(self, left_out: LeftOut) -> None:
        """Leave a story out."""
        if left_out.id in self.ids:
            self.ids.remove(left_out.id)
        self.left_out[left_out.id] = left_out


def arranged(
    choice: Choice, decisions: EditorDecisions, articles: Sequence[Article], taken_down: Mapping[str, str], used: Collection[str]
) -> Choice:
    """Return the choice after the editors' word. A story that was taken in by its address may not be among the `articles`.

    `used` has the ids of the articles of earlier editions: what was kept for this one and has been printed since is not kept again.
    An article that is gone from its site, or was never public, is not printed whatever was said of it.
    """
    added = [row for row in (*decisions.kept, *decisions.stories) if row.value.get("article")]
    by_hand = {row.thing_id: _ARTICLE.validate_python(row.value["article"]) for row in added}
    known = by_hand | {article.id: article for article in articles}
    printable = {key for key, article in known.items() if key not in taken_down and article.access != "protected" and article.url}
    order = _begun(choice, decisions, printable)
    for row in decisions.kept:
        if row.thing_id in printable - set(used) and (row.thing_id in order.left_out or row.value.get("article")):
            order.put(row.thing_id)
    for row in decisions.stories:
        if row.thing_id in printable and not (decisions.approval and row.verb in _MOVES and row.id < decisions.approval.number):
            _apply(row, order, known[row.thing_id])
    reasons = {article.id: reasons for article, reasons in choice.chosen}
    chosen = tuple((known[key], (*reasons.get(key, ()), *_said(key, decisions))) for key in order.ids)
    return replace(choice, chosen=chosen, left_out=tuple(order.left_out.values()))


def _begun(choice: Choice, decisions: EditorDecisions, printable: set[str]) -> _Order:
    """Return what the decisions are applied to: the machine's order, or the one that was approved."""
    chosen = [article.id for article, _ in choice.chosen]
    left_out = {row.id: row for row in choice.left_out}
    if decisions.approval is None:
        return _Order(chosen, left_out)
    kept = [key for key in decisions.approval.stories if key in printable]
    for article, _ in choice.chosen:
        left_out[article.id] = article_left_out(article, SINCE_APPROVAL, final=False)
    return _Order(kept, {key: row for key, row in left_out.items() if key not in kept})


def _apply(row: Decision, order: _Order, article: Article) -> None:
    """Apply one decision."""
    if row.verb == "leave-out":
        order.take_out(article_left_out(article, f"left out by {row.made_by}"))
    elif row.verb == "keep":
        order.take_out(article_left_out(article, f"kept for the next edition by {row.made_by}", final=False))
    elif row.verb == "take-in":
        order.put(article.id, order.ids[order.ids.index(article.id) + 1 :] if article.id in order.ids else ())
    elif article.id in order.ids:  # a story that is out is not moved in
        order.put(article.id, order.ids[:1] if row.verb == "lead" else row.value["before"])


def _said(article: str, decisions: EditorDecisions) -> list[str]:
    """Return who took a story in or moved it, for the editor's lists."""
    done = {"take-in": "taken in", "lead": "moved to the top", "move": "moved"}
    last = {done[row.verb]: row.made_by for row in decisions.stories if row.thing_id == article and row.verb in done}
    return [f"{what} by {by}" for what, by in last.items()]


def worded(story: Story, decisions: EditorDecisions) -> Story:
    """Return a story in an editor's words, if there are any; it keeps the article as its source has it."""
    article = story.article
    if not any(key == article.id for key, _ in decisions.texts):
        return story
    said = {name: decisions.texts.get((article.id, name)) for name in STORY_FIELDS}
    shown = replace(
        article,
        title=said["headline"] or article.title,
        summary=article.summary if said["summary"] is None else said["summary"],
        image=None if said["picture"] == NO_PICTURE else article.image,
    )
    return replace(
        story,
        article=shown,
        original=article if shown != article else None,
        kicker=said["kicker"],
        note=said["note"] or "",
        section=said["section"] or "",
    )


def edited_parts(parts: EditorParts, decisions: EditorDecisions) -> EditorParts:
    """Return what an editor adds to an edition, with what was decided since the file was written."""
    said = decisions.edition
    changed = {name: said[name] for name in ("subject", "preheader", "correction") if said.get(name) is not None}
    if (note := said.get("note")) is not None:
        before = parts.note or EditorNote(text="")
        changed["note"] = replace(before, text=note) if note else None
    if (sponsor := said.get("sponsor")) is not None:
        changed["sponsor"] = _SPONSOR.validate_python(sponsor) if sponsor else None
    if (without := said.get("without")) is not None:
        changed["without"] = tuple(without)
    return replace(parts, **changed)
