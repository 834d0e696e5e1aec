"""An edition as the desk shows it: what is in and what is not, who decided what, and when it goes. No site is read for it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from digest.app import App
from digest.config import EditionPlan
from digest.curate import ChosenStory, Rules, ScoringRules, Selection, as_edition, select
from digest.curate.comment_decisions import CommentDecisions, wording
from digest.curate.comments import JudgedComment, JudgedThread, ReadThread, fingerprint, judge, pick
from digest.curate.editor_decisions import EditorDecisions
from digest.curate.opinion import Opinion
from digest.curate.story_decisions import edited_parts
from digest.edition.editors_word import EditorsWord, editors_word
from digest.edition.mending import mended, mends, pending
from digest.edition.size_limit import fit_size
from digest.errors import UsageError
from digest.model import Article, Comment, Decision, Edition, EditorParts, LeftOut, Slot, Story
from digest.publish import Material, stored_decisions, stored_material
from digest.render.page import Page
from digest.store import FrozenEdition


@dataclass(frozen=True, kw_only=True)
class DeskEdition:
    """One edition at the desk. `selection` has the whole threads, and is None once the edition is frozen."""

    plan: EditionPlan
    slot: Slot
    edition: Edition
    selection: Selection | None
    decisions: EditorDecisions
    log: tuple[Decision, ...]
    word: EditorsWord
    frozen: FrozenEdition | None
    articles: Mapping[str, Article]
    page: Page | None

    @property
    def key(self) -> str:
        """The edition's permanent key."""
        return self.slot.key

    @property
    def seen(self) -> int:
        """The number of the newest decision: what a page that is made now has seen."""
        return self.log[-1].id if self.log else 0

    @property
    def goes_at(self) -> datetime | None:
        """When it goes, as it stands; None if it waits for an editor, or does not go."""
        return self.word.goes_at(self.plan, self.slot)

    @property
    def revision(self) -> int:
        """How often the edition was changed after it was made."""
        return self.frozen.revision if self.frozen else 0

    @property
    def may_mend(self) -> bool:
        """Whether the edition was made and may still be changed: it is stopped, or has gone and has its page on the web."""
        return bool(self.frozen and not self.frozen.corrects and (self.word.stop or self.frozen.finished_at))

    @property
    def pending(self) -> list[Decision]:
        """The changes that wait for the next revision."""
        return pending(self.log, self.frozen.revision) if self.frozen else []

    @cached_property
    def threads(self) -> Mapping[str, ChosenStory]:
        """The stories with their whole threads, by the article's id."""
        return {story.article.id: story for story in self.selection.stories} if self.selection else {}

    @property
    def left_out(self) -> list[LeftOut]:
        """The articles that are left out."""
        return [row for row in self.edition.left_out if row.kind == "article"]

    @property
    def order(self) -> list[str]:
        """The ids of the stories in print order."""
        return [story.article.id for story in self.edition.stories]

    def story(self, article: str) -> Story:
        """Return a story that is in; raise UsageError if it is not."""
        found = next((story for story in self.edition.stories if story.article.id == article), None)
        if found is None:
            raise UsageError("that story is not in this edition", thing=article)
        return found

    def comment(self, comment: str) -> tuple[ChosenStory, Comment]:
        """Return a comment of a story that is in, with the story; raise UsageError if there is none."""
        for story in self.threads.values():
            for row in story.thread.judged:
                if row.comment.id == comment:
                    return story, row.comment
        raise UsageError("that comment is not in this edition", thing=comment)

    def wording(self, story: ChosenStory, comment: Comment) -> str:
        """Return the fingerprint of a comment's words as they are shown."""
        by_id = {row.comment.id: row.comment for row in story.thread.judged}
        return wording(comment, by_id.get(comment.parent_id or ""))

    @property
    def printed(self) -> frozenset[str]:
        """The ids of the comments that the mail prints."""
        return frozenset(voice.pick.comment.id for voice in self.page.voices) if self.page else frozenset()

    def snapshot(self) -> dict[str, Any]:
        """Return what an approval keeps: the stories in their order and words, and the wording of each comment."""
        comments = dict[str, str]()
        for story in self.edition.stories:
            chosen = self.threads[story.article.id]
            comments |= {pick.comment.id: self.wording(chosen, pick.comment) for pick in story.picks}
        words = {story.article.id: [story.article.title, story.article.summary] for story in self.edition.stories}
        return {"stories": self.order, "comments": comments, "words": words}

    @property
    def fingerprint(self) -> str:
        """A short text that changes with everything that is printed."""
        stories = [
            (row.article.title, row.article.summary, row.article.image, row.kicker, row.note, row.section)
            for row in self.edition.stories
        ]
        comments = [(pick.comment.id, pick.excerpt, pick.parent_excerpt) for story in self.edition.stories for pick in story.picks]
        shown = [self.order, stories, comments, self.edition.parts]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


@dataclass
class Desk:
    """The editions of one newsletter, ready to be looked at; it remembers judged threads as long as their content stays."""

    app: App
    _version: int = -1
    _materials: dict[tuple[str, datetime], Material] = field(default_factory=dict)
    _rules: dict[str, tuple[object, Rules]] = field(default_factory=dict)
    _judged: dict[Any, JudgedThread] = field(default_factory=dict)
    _opened: dict[str, tuple[object, DeskEdition]] = field(default_factory=dict)
    _read: dict[tuple[str, frozenset[str]], ReadThread] = field(default_factory=dict)
    _fingerprints: dict[str, frozenset[str]] = field(default_factory=dict)

    def coming(self, plan: EditionPlan | None = None) -> DeskEdition:
        """Return the edition that is due, or the next one, of a plan or of the first."""
        plan = plan or self.app.config.editions[0]
        return self.open(plan, self.app.coming_slot(plan))

    def by_key(self, key: str) -> DeskEdition:
        """Return an edition by its key: one that was made, or that is due or comes next; raise UsageError for another."""
        if frozen := self.app.store.editions.frozen(key):
            plan = self.app.plan_of(frozen.edition.slot.name) or self.app.config.editions[0]
            return self.open(plan, frozen.edition.slot)
        for plan in self.app.config.editions:
            calendar, now = self.app.calendar(plan), self.app.clock()
            for day in (calendar.latest(now), next(calendar.upcoming(now))):
                if (slot := self.app.slot(plan, day)).key == key:
                    return self.open(plan, slot)
        raise UsageError("there is no such edition", thing=key, remedy="`digest status` shows the recent ones.")

    def open(self, plan: EditionPlan, slot: Slot) -> DeskEdition:
        """Return an edition as it stands."""
        app = self.app
        frozen = app.store.editions.frozen(slot.key)
        parts = _file_parts(app, slot)
        token = (
            app.store.content.version(),
            app.store.decisions.count(slot.key),
            slot,
            plan,
            frozen and (frozen.finished_at, frozen.revision, frozen.correction),
            parts,
        )
        known, opened = self._opened.get(slot.key, (None, None))
        if opened is not None and known == token:
            return opened
        opened = self._open(plan, slot, frozen, parts)
        self._opened[slot.key] = token, opened
        return opened

    def _open(self, plan: EditionPlan, slot: Slot, frozen: FrozenEdition | None, parts: EditorParts) -> DeskEdition:
        app = self.app
        material = self._material(slot)
        log = tuple(app.store.decisions.log(slot.key))
        if frozen:
            selection, edition = None, self._changed(frozen, list(log))
        else:
            selection = self._select(plan, slot, material)
            edition = self._edition(selection, slot, material.decisions, parts)
        return DeskEdition(
            plan=plan,
            slot=slot,
            edition=edition,
            selection=selection,
            decisions=material.decisions,
            log=log,
            word=editors_word(log),
            frozen=frozen,
            articles={article.id: article for article in material.harvest.articles},
            page=app.design().page(edition) if edition.stories else None,
        )

    def _changed(self, frozen: FrozenEdition, log: list[Decision]) -> Edition:
        """Return a frozen edition with the changes that wait for its next revision."""
        if not pending(log, frozen.revision):
            return frozen.edition
        return mended(self.app.store.revisions.first(frozen), mends(log, frozen.revision + 1))

    def _forget(self, articles: Collection[str]) -> None:
        """Forget the threads of articles that are not collected any more."""
        self._read = {key: read for key, read in self._read.items() if key[0] in articles}

    def _material(self, slot: Slot) -> Material:
        """Return what the edition is made of; what was collected is read again only if it has changed."""
        store = self.app.store
        if (version := store.content.version()) != self._version:
            self._version = version
            self._materials.clear()
            self._judged.clear()
            self._fingerprints.clear()
        known = self._materials.get((slot.key, slot.window.start))
        if known is None:
            self._materials[slot.key, slot.window.start] = known = stored_material(store, slot)
            self._forget({article.id for article in known.harvest.articles})
            return known
        return known._replace(decisions=stored_decisions(store, slot), used_articles=store.editions.used_articles(slot.name))

    def rules(self, plan: EditionPlan) -> Rules:
        """Return the rules of a plan, as their files are now."""
        root = self.app.config.root
        files = [*root.glob("*.toml"), *root.glob("*.txt"), *root.glob("*.model"), *(root / "words").glob("*")]
        stamp = tuple(sorted((str(file), file.stat().st_mtime_ns) for file in files))
        known, rules = self._rules.get(plan.name, (None, None))
        if rules is None or known != stamp:
            rules = self.app.rules(plan)
            self._rules[plan.name] = stamp, rules
        return rules

    def _select(self, plan: EditionPlan, slot: Slot, material: Material) -> Selection:
        rules = self.rules(plan)
        return select(
            slot, material.harvest, material.used_articles, rules, decisions=material.decisions, judge_thread=self._judge_thread
        )

    def _judge_thread(
        self,
        article: Article,
        comments: list[Comment],
        most: int,
        scoring_rules: ScoringRules,
        printed: set[str],
        decisions: CommentDecisions,
        opinion: Opinion | None,
    ) -> JudgedThread:
        """Return what `pick` returns, from memory if nothing that it depends on has changed."""
        if article.id not in self._fingerprints:
            self._fingerprints[article.id] = frozenset(fingerprint(row.text) for row in comments)
        said_before = frozenset(printed & self._fingerprints[article.id])
        ids = {row.id for row in comments}
        own = CommentDecisions(
            by_id={key: said for key, said in decisions.by_id.items() if key in ids},
            approved_only=decisions.approved_only,
            writers=decisions.writers,
            cuts={key: cut for key, cut in decisions.cuts.items() if key in ids},
            seen=None if decisions.seen is None else {key: said for key, said in decisions.seen.items() if key in ids},
        )
        key = (article.id, len(comments), most, said_before, repr(own), id(scoring_rules))
        if key not in self._judged:
            read = self._read.get((article.id, said_before))
            if read is None or read.given != (article, tuple(comments)) or read.scoring_rules is not scoring_rules:
                read = self._read[article.id, said_before] = ReadThread(article, comments, scoring_rules, said_before)
            self._judged[key] = pick(article, comments, most, scoring_rules, said_before, own, opinion, read)
        return self._judged[key]

    def judged_alone(self, edition: DeskEdition, article: Article, comment: str) -> JudgedComment:
        """Return the judgement of a comment of an edition as if nobody had decided anything."""
        comments = [row.comment for row in edition.threads[article.id].thread.judged]
        known = (read for (key, _), read in self._read.items() if key == article.id)
        read = next(known, None) or ReadThread(article, comments, self.rules(edition.plan).scoring_rules)
        return next(row for row in judge(read) if row.comment.id == comment)

    def _edition(self, selection: Selection, slot: Slot, decisions: EditorDecisions, parts: EditorParts) -> Edition:
        app = self.app
        number = app.store.editions.next_number()
        made = as_edition(selection, slot, app.config.newsletter.name, decisions, number=number, now=app.clock())
        return fit_size(replace(made, parts=edited_parts(parts, decisions)), app.design())


def _file_parts(app: App, slot: Slot) -> EditorParts:
    """Return what editors add to an edition in its file; one that cannot be read adds nothing."""
    try:
        return app.pipeline.editor_parts(slot)
    except UsageError:
        return EditorParts()
