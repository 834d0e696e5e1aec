"""What an edition has beside its stories: the editor's parts, what is on, sizes of pictures. None of it holds anything up."""

from dataclasses import replace

from digest.curate.editor_decisions import NO_DECISIONS, EditorDecisions
from digest.curate.story_decisions import edited_parts
from digest.edition.pipeline import Pipeline
from digest.errors import FetchError, UsageError
from digest.model import Edition, EditorParts, Event, Failure, Slot
from digest.text.prose import ended


async def with_additions(
    pipeline: Pipeline, edition: Edition, decisions: EditorDecisions = NO_DECISIONS
) -> tuple[Edition, tuple[Failure, ...]]:
    """Return the edition with all that is beside its stories, and what could not be read."""
    parts, no_parts = _editor_parts(pipeline, edition.slot)
    parts = edited_parts(parts, decisions)
    events, no_events = await _events(pipeline, edition.slot)
    edition = replace(await _with_picture_sizes(pipeline, edition), parts=parts, events=events)
    return edition, no_parts + no_events


async def _with_picture_sizes(pipeline: Pipeline, edition: Edition) -> Edition:
    """Return the edition with the sizes of pictures whose source does not tell them: a small one must not be blown up."""
    found = await pipeline.measured([story.article.image for story in edition.stories if story.article.image])
    stories = [
        replace(story, article=replace(story.article, image=found[story.article.image.url]))
        if story.article.image and story.article.image.url in found
        else story
        for story in edition.stories
    ]
    return replace(edition, stories=tuple(stories))


async def _events(pipeline: Pipeline, slot: Slot) -> tuple[tuple[Event, ...], tuple[Failure, ...]]:
    """Return what is on; a calendar that cannot be read is reported, and holds nothing up."""
    try:
        return await pipeline.events(slot), ()
    except FetchError as error:
        return (), (Failure(source=error.thing, reason=f"{ended(str(error))} The edition goes without its events."),)


def _editor_parts(pipeline: Pipeline, slot: Slot) -> tuple[EditorParts, tuple[Failure, ...]]:
    """Return what an editor has added to the edition; a file that cannot be read is reported, and holds nothing up."""
    try:
        return pipeline.editor_parts(slot), ()
    except UsageError as error:
        return EditorParts(), (Failure(source=error.thing, reason=f"{ended(str(error))} The edition goes without it."),)
