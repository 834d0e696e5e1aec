"""The variants of one edition that its recipients' choices make: which stories, with comments or without.

A variant is named by the places of its stories, so two sets of topics that choose the same stories share one, and by its language
if that is not the newsletter's: `0.2.5q@cy`. The name of the whole edition is empty. Each variant is rendered once, not once for
each recipient.
"""

from dataclasses import replace
from functools import cache

from digest.model import Edition, Rendered, Story
from digest.render.renderer import Design

QUIET = "q"  # ends the places of a variant without comments
IN = "@"  # comes before its language


class Variants:
    """The variants of an edition."""

    def __init__(self, edition: Edition, design: Design) -> None:
        self._edition = edition
        self._design = design
        self._topics = [frozenset(topic.casefold() for topic in story.article.topics) for story in edition.stories]
        self.variant_for = cache(self._variant_for)

    def _variant_for(self, topics: tuple[str, ...], comments: bool, language: str = "") -> str | None:
        """Return the name of a recipient's variant: stories on their topics or without topics; None if there are none.

        `language` is what the subscriber list says; if digest has no words in it, the newsletter's language counts.
        """
        wanted = {topic.casefold() for topic in topics}
        places = [at for at, own in enumerate(self._topics) if not wanted or not own or own & wanted]
        if not places:
            return None
        whole, quiet = len(places) == len(self._topics), not comments and any(story.picks for story in self._edition.stories)
        name = "" if whole and not quiet else ".".join(map(str, places)) + (QUIET if quiet else "")
        own = self._design.copy_language(language)
        return f"{name}{IN}{own}" if own else name

    def render(self, name: str) -> Rendered:
        """Return the variant of this name, rendered."""
        return self._design.render(variant_edition(self._edition, name), name.partition(IN)[2])


def variant_edition(edition: Edition, name: str) -> Edition:
    """Return the edition as one variant has it: with its stories only, and with comments or without."""
    name = name.partition(IN)[0]
    if not name:
        return edition
    quiet, places = name.endswith(QUIET), map(int, name.removesuffix(QUIET).split("."))
    chosen = [edition.stories[at] for at in places]
    return replace(edition, stories=tuple(_story(story, at, quiet=quiet) for at, story in enumerate(chosen)))


def _story(story: Story, position: int, *, quiet: bool) -> Story:
    return replace(story, position=position, picks=() if quiet else story.picks)
