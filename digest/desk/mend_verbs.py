"""What an editor may still change in an edition that was made: for those who have not got it yet, and for its page on the web."""

from collections.abc import Callable, Mapping, Sequence

from digest.curate.editor_decisions import COMMENT
from digest.desk import edition_verbs, story_verbs
from digest.desk.acts import Act, NewDecision
from digest.desk.edition_view import Desk, DeskEdition
from digest.errors import UsageError


def leave_out(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Leave a story out for those who have not got the edition."""
    if edition.order == [act.thing]:
        raise UsageError("no story would be left in it", thing=edition.key, remedy="Give up the rest instead.")
    return story_verbs.leave_out(desk, edition, act)


def comment_leave_out(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Leave a comment out; none takes its place."""
    for story in edition.edition.stories:
        for pick in story.picks:
            if pick.comment.id == act.thing:
                value = {"reason": "", "wording": "", "gate": "", "article": story.article.id, "writer": pick.comment.author,
                         "title": story.article.title}  # fmt: skip
                return [NewDecision(COMMENT, act.thing, "leave-out", value)], f"Left out: {pick.comment.author}"
    raise UsageError("that comment is not in this edition", thing=act.thing)


MEND_VERBS: Mapping[str, Callable[[Desk, DeskEdition, Act], tuple[Sequence[NewDecision], str]]] = {
    "edit": story_verbs.edit,
    "leave-out": leave_out,
    "comment-leave-out": comment_leave_out,
    "edition-edit": edition_verbs.edition_edit,
}
