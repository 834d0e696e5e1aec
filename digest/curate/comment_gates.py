"""Why a comment may not be printed: each gate has a name, and a reason for the editor to read. Gates come before any score."""

from collections import deque
from collections.abc import Callable, Mapping

from digest.curate import form_gates, text_gates
from digest.curate.abuse import AbuseState, AbuseVerdict, assess
from digest.curate.comment_thread import CommentThread
from digest.curate.gate_case import Case, Rejection
from digest.curate.scoring_rules import ScoringRules
from digest.curate.thread_reading import ThreadReading
from digest.model import Comment
from digest.text.markup import without_quotes

FINAL_GATES = frozenset({"kind", "state"})  # nobody may print what these keep out; it must change where it comes from
CONTEXT_GATES = frozenset({"short", "repeated", "left-out"})  # these keep a comment out, but not its answers
Gate = Callable[[Case], Rejection | None]
# In this order. What is said of a short comment comes before its length, because its words may stand above an answer.
GATES: tuple[Gate, ...] = (
    form_gates.kind, form_gates.state, text_gates.blocked_abuse, form_gates.links, form_gates.quotation, form_gates.excerpt,
    form_gates.capitals, text_gates.language, text_gates.text_rules, text_gates.contact, text_gates.identity, text_gates.answers,
    text_gates.possible_abuse, text_gates.repeated, text_gates.quarrel, form_gates.short, form_gates.meta, text_gates.unfit,
    form_gates.context,
)  # fmt: skip
Overrule = Callable[[Comment, CommentThread, Rejection | None], Rejection | None]


def abuse_verdicts(thread: CommentThread, reading: ThreadReading, scoring_rules: ScoringRules) -> dict[str, AbuseVerdict]:
    """Return each comment's abuse verdict by its id; abuse may be aimed at the article's author or at any commenter."""
    lists, people, limit = scoring_rules.lists, [thread.article.author, *thread.names], scoring_rules.scores.gate.held
    names = {name: assess(name, [], lists, name=True) for name in sorted({comment.author for comment in thread.comments})}

    def verdict(comment: Comment) -> AbuseVerdict:
        if names[comment.author].state is AbuseState.BLOCKED:
            return names[comment.author]
        text, english = thread.texts[comment.id], reading.is_english(comment.id)
        sentences = [row.hashed for row in reading.sentences[comment.id]]
        occurring = scoring_rules.text_rules.abuse_lists(reading.classes[comment.id])
        heat = scoring_rules.heat
        return assess(text, people, lists, heat, limit, english=english, sentences=sentences, occurring=occurring)

    return {comment.id: verdict(comment) for comment in thread.comments}


def own_rejection(case: Case) -> Rejection | None:
    """Return the rejection by the first gate that a comment fails by itself, or None."""
    return next((rejection for gate in GATES if (rejection := gate(case))), None)


def rejections(
    cases: Mapping[str, Case], overrule: Overrule, own_rejection: Callable[[Case], Rejection | None] = own_rejection
) -> dict[str, Rejection]:
    """Return the rejection of each comment that may not be printed, for its own sake or because of the comment it answers.

    `cases` has all comments of a thread by their ids, `overrule` the editor's word on each comment's own rejection, which
    `own_rejection` may remember.
    """
    own = {key: overrule(case.comment, case.thread, own_rejection(case)) for key, case in cases.items()}
    found = {key: rejection for key, rejection in own.items() if rejection}
    answers: dict[str | None, list[Comment]] = {}
    for case in cases.values():
        answers.setdefault(case.comment.parent_id, []).append(case.comment)
    pending = deque(case.comment for case in cases.values() if case.comment.parent_id is not None)
    while pending:  # an answer to abuse is rejected, and so is an answer to that answer, and so on
        comment = pending.popleft()
        if comment.id not in found and (rejection := _parent_rejection(cases.get(comment.parent_id or ""), found)):
            found[comment.id] = rejection
            pending += answers.get(comment.id, ())
    return found


def _parent_rejection(parent: Case | None, rejected: Mapping[str, Rejection]) -> Rejection | None:
    """Return a rejection if a reply's parent is missing or unfit: a reply is printed only with its parent's words."""
    if parent is None or parent.comment.state != "approved" or not without_quotes(parent.comment.text):
        return Rejection("parent", "replies to a comment that is missing or not approved")
    key = parent.comment.id
    fit = key not in rejected or rejected[key].gate in CONTEXT_GATES  # a short question is enough context
    fit = fit and parent.verdict.state is AbuseState.CLEAR
    return None if fit else Rejection("parent", "replies to a comment that was left out")
