"""Which of a picture's sizes a mail shows, and how large. Mail programs cannot crop, so a shape that does not fit is left out."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from digest.model import EditorParts, Image, ImageSize

LEAD_WIDTH = 584  # px
THUMBNAIL = (128, 96)  # px; the box that a thumbnail stays within
_LEAD_SHAPES = (1.2, 2.6)  # width to height: landscape, but no banner
_THUMBNAIL_SHAPES = (0.7, 2.2)
_MIN_LEAD_WIDTH = 560  # px; below it a picture would be blown up
_MIN_THUMBNAIL_WIDTH = 90


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture as it stands in the mail; `height` is 0 if the picture's own size is unknown."""

    url: str
    alt: str
    width: int
    height: int


def lead_picture(image: Image | None) -> PlacedPicture | None:
    """Return a picture in the lead's size, from the smallest file that is sharp on a dense screen; None if none fits."""
    if image is None:
        return None
    if not image.width or not image.height:  # nobody knows its size: most pictures of this place are large and landscape
        return PlacedPicture(image.url, image.alt, LEAD_WIDTH, 0)
    fitting = [size for size in _sizes(image) if _has_shape(size, _LEAD_SHAPES) and size.width >= _MIN_LEAD_WIDTH]
    chosen = _sharpest(fitting, LEAD_WIDTH)
    return PlacedPicture(chosen.url, image.alt, LEAD_WIDTH, _height(chosen, LEAD_WIDTH)) if chosen else None


def thumbnail(image: Image | None) -> PlacedPicture | None:
    """Return a picture within a thumbnail's box: a crop near its shape if the source has one; None if none fits."""
    fitting = [size for size in _sizes(image) if _has_shape(size, _THUMBNAIL_SHAPES) and size.width >= _MIN_THUMBNAIL_WIDTH]
    if image is None or not fitting:
        return None
    wanted = THUMBNAIL[0] / THUMBNAIL[1]
    nearest = min(abs(size.width / size.height - wanted) for size in fitting)
    chosen = _sharpest([size for size in fitting if abs(size.width / size.height - wanted) <= nearest + 0.25], THUMBNAIL[0])
    if chosen is None:
        return None
    width = min(THUMBNAIL[0], round(THUMBNAIL[1] * chosen.width / chosen.height))
    return PlacedPicture(chosen.url, image.alt, width, _height(chosen, width))


def placed_within(image: Image, width: int) -> PlacedPicture:
    """Return a picture as wide as it is, and not wider than its place: Outlook goes by the attribute."""
    shown = min(image.width or width, width)
    return PlacedPicture(image.url, image.alt, shown, round(image.height * shown / image.width) if image.width else 0)


def shown_image(image: Image | None, article_url: str, hosts: Collection[str]) -> Image | None:
    """Return a picture in the sizes that are on the newsroom's own hosts, so that no third party learns who reads.

    If no host is known to be the newsroom's, that of the article is.
    """
    if image is None or not _is_on(image.url, article_url, hosts):
        return None
    return replace(image, sizes=tuple(size for size in image.sizes if _is_on(size.url, article_url, hosts)))


def shown_parts(parts: EditorParts, hosts: Collection[str]) -> EditorParts:
    """Return an editor's parts without the pictures that are on other hosts."""
    note, sponsor = parts.note, parts.sponsor
    return replace(
        parts,
        note=replace(note, portrait=shown_image(note.portrait, "", hosts)) if note else None,
        sponsor=replace(sponsor, image=shown_image(sponsor.image, "", hosts)) if sponsor else None,
    )


def _is_on(url: str, article_url: str, hosts: Collection[str]) -> bool:
    host, own = urlsplit(url).hostname or "", hosts or {urlsplit(article_url).hostname or ""}
    return any(host == name or host.endswith(f".{name}") for name in own if name)


def _sizes(image: Image | None) -> list[ImageSize]:
    if image is None:
        return []
    itself = [ImageSize(url=image.url, width=image.width, height=image.height)] if image.width and image.height else []
    return [*image.sizes, *itself]


def _has_shape(size: ImageSize, limits: tuple[float, float]) -> bool:
    return limits[0] <= size.width / size.height <= limits[1]


def _sharpest(sizes: Collection[ImageSize], width: int) -> ImageSize | None:
    """Return the smallest size with two pixels for each of a width, else the widest; None if there is none."""
    dense = [size for size in sizes if size.width >= 2 * width]
    if dense:
        return min(dense, key=lambda size: (size.width, size.url))
    return max(sizes, key=lambda size: (size.width, size.url), default=None)


def _height(size: ImageSize, width: int) -> int:
    return round(width * size.height / size.width)
