"""What a page's HTML holds and a reader of the page does not read as its words: cards, buttons, players, captions, spoilers.

HTML is bounded in depth before any parser sees it: parsers are quadratic in it (40,000 open `<div>` cost seconds), and browsers
stop at 512 too. Only this module and `sources` know lxml.
"""

import re

import lxml.etree
import lxml.html

MAX_DEPTH = 512  # elements inside elements; as Chromium and WebKit have it
SPOILER_CUT = "[…]"  # where a spoiler stood
NOTHING = "\u200b"  # where a word goes on, or ends: `markup.tidy` takes it out

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_EMPTY = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"))
_SPOILER = ("spoiler", "spoiled", "md-spoiler-text", "spoiler-text", "bb_spoiler")
_MACHINERY = (
    # Ghost's cards
    "kg-bookmark-card", "kg-button-card", "kg-audio-card", "kg-file-card", "kg-product-card", "kg-signup-card", "kg-cta-card",
    "kg-email-cta", "kg-video-card", "kg-gallery-card", "kg-embed-card", "kg-nft-card", "kg-paywall",
    # WordPress, its themes and plugins
    "wp-caption-text", "wp-element-caption", "wp-block-button", "wp-block-buttons", "wp-block-file", "wp-block-embed",
    "wp-block-social-links", "sharedaddy", "jp-relatedposts", "screen-reader-text", "sr-only", "visually-hidden",
    "more-link", "read-more", "readmore",
    "addtoany_share_save_container", "ez-toc-container", "wp-block-jetpack-subscriptions", "wp-playlist",
    # Discourse's pictures, quotations of posts, polls
    "lightbox-wrapper", "onebox", "poll", "meta",
    # posts of other places inside an article
    "twitter-tweet", "twitter-video", "instagram-media", "tiktok-embed", "fb-post", "reddit-embed-bq", "bluesky-embed",
    "mastodon-embed", "imgur-embed-pub",
    # plugins that count, share and list
    "essb_links", "heateor_sss_sharing_container", "swp_social_panel", "feedflare", "ssba", "mashsb-container",
    "td-post-sharing", "dpsp-share-text", "addthis_toolbox", "a2a_kit", "shareaholic-canvas", "post-views", "rt-reading-time",
    "span-reading-time", "toc_container", "lwptoc", "yoast-table-of-contents", "wp-block-yoast-seo-table-of-contents",
    "wp-block-table-of-contents", "mc4wp-form", "kg-header-card-button", "kg-toc-card",
    # Mastodon's mark of a quoted post
    "quote-inline",
    # footnotes and headings of site generators
    "footnote-backref", "footnote-backlink", "footnote-return", "reversefootnote", "footnote-ref", "headerlink", "anchorjs-link",
    "footnote-reference", "footref", "footnotes", "wp-block-footnotes", "toc", "reading-time",
)  # fmt: skip
_SHARING = re.compile(  # themes call their own so
    r"(?:^|[-_])(?:share|sharing|social)(?:[-_](?:buttons?|bar|icons?|links?|panel|widget|container|counts?|box|list))+$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    "|".join(["display", "visibility", "hidden", "<sup", "<details", "shar", "social", *map(re.escape, (*_SPOILER, *_MACHINERY))]),
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPOILERS, _PARTS = frozenset(_SPOILER), frozenset(_MACHINERY)
_DATA_SPOILER = "data-spoiler"


def limit_depth(markup: str) -> str:
    """The markup without the elements that lie deeper than `DEEPEST`; their words stay."""
    if markup.count("<") <= MAX_DEPTH:
        return markup
    depth, kept, at = 0, [], 0
    for tag in _TAG.finditer(markup):
        closes, name = bool(tag[1]), tag[2].lower()
        if name in _EMPTY:
            continue
        depth = max(0, depth - 1) if closes else depth + 1
        if depth > MAX_DEPTH or (closes and depth >= MAX_DEPTH):
            kept.append(markup[at : tag.start()])
            at = tag.end()
    return " ".join([*kept, markup[at:]])


def without_hidden(markup: str, *, folded: bool = True) -> str:
    """The markup without what is no word of it, and with spoilers cut; most markup has neither, and a look tells.

    What is `folded` (`<details>`) stays, or counts as a spoiler: in a comment it is one.
    """
    if not _NAMED.search(markup) and _DATA_SPOILER not in markup:
        return markup
    try:
        root = lxml.html.fragment_fromstring(markup, create_parent="div", parser=lxml.html.HTMLParser(huge_tree=True))
    except (lxml.etree.ParserError, ValueError):
        return markup
    for element in list(root.iter(lxml.etree.Element)):
        words = f" {SPOILER_CUT} " if element.tag == "details" and not folded else _instead(element)
        if words and element is not root:
            _emptied(element, words)
    return str(lxml.html.tostring(root, encoding="unicode"))


def _instead(element: lxml.html.HtmlElement) -> str:
    """What stands in the place of an element; an empty string where it stays."""
    names = set(str(element.get("class", "")).split())
    if names & _SPOILERS or element.get(_DATA_SPOILER) is not None:
        return f" {SPOILER_CUT} "
    away = names & _PARTS or element.get("hidden") is not None or _HIDDEN.search(str(element.get("style", "")))
    if away or any(map(_SHARING.search, names)):
        return " "
    return NOTHING if _is_footnote_mark(element) else ""


def _is_footnote_mark(element: lxml.html.HtmlElement) -> bool:
    """Whether it is the raised number of a footnote, which leads to another place of the page."""
    if element.tag != "sup" or len(element.text_content()) > 6:
        return False
    return "fn" in str(element.get("class", "")).split() or any(
        str(row.get("href", "")).startswith("#") for row in element.iter("a")
    )


def _emptied(element: lxml.html.HtmlElement, words: str) -> None:
    """The words alone, in a span that says nothing else: to take an element out would join its tail to all before it."""
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "span", words, tail
