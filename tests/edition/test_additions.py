"""What an edition has beside its stories, and that none of it holds anything up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from digest.app import App
from digest.edition.additions import with_additions
from digest.model import Image
from tests.render.editions import edition_of, story


async def test_a_picture_whose_source_tells_no_size_is_measured(app: App) -> None:
    unknown, known = Image(url="https://gazette.example/u.png"), Image(url="https://gazette.example/k.png", width=9, height=9)
    rows = [
        replace(row, article=replace(row.article, image=image))
        for row, image in zip((story(0), story(1), story(2)), (unknown, known, None), strict=True)
    ]

    async def measured(images: Sequence[Image]) -> Mapping[str, Image]:
        assert list(images) == [unknown, known]
        return {unknown.url: replace(unknown, width=1_200, height=675)}

    edition, failures = await with_additions(replace(app.pipeline, measured=measured), edition_of(*rows))
    assert failures == ()
    sizes = [(row.article.image.width, row.article.image.height) if row.article.image else None for row in edition.stories]
    assert sizes == [(1_200, 675), (9, 9), None]
