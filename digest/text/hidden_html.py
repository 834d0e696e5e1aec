"""Parts of a page's HTML that a person does not read as its text: cards, buttons, players, captions, spoilers.

The depth of HTML is limited before any parser sees it: parsers are quadratic in depth (40,000 open `<div>` cost seconds), and
browsers stop at 512 too. Only this module and `collect/sources` use lxml.
"""

import re

import lxml.etree
import lxml.html

MAX_DEPTH = 512  # elements inside elements; the limit of Chromium and WebKit
SPOILER_CUT = "[…]"  # what replaces a spoiler
FOOTNOTE_CUT = "\u200b"  # what replaces a footnote's number inside or after a word; `markup.tidy` removes it

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
    # posts of other sites inside an article
    "twitter-tweet", "twitter-video", "instagram-media", "tiktok-embed", "fb-post", "reddit-embed-bq", "bluesky-embed",
    "mastodon-embed", "imgur-embed-pub",
    # plugins that count, share and list
    "essb_links", "heateor_sss_sharing_container", "swp_social_panel", "feedflare", "ssba", "mashsb-container",
    "td-post-sharing", "dpsp-share-text", "addthis_toolbox", "a2a_kit", "shareaholic-canvas", "post-views", "rt-reading-time",
    "span-reading-time", "toc_container", "lwptoc", "yoast-table-of-contents", "wp-block-yoast-seo-table-of-contents",
    "wp-block-table-of-contents", "mc4wp-form", "kg-header-card-button", "kg-toc-card",
    # how Mastodon marks a quoted post
    "quote-inline",
    # footnotes and headings of site generators
    "footnote-backref", "footnote-backlink", "footnote-return", "reversefootnote", "footnote-ref", "headerlink", "anchorjs-link",
    "footnote-reference", "footref", "footnotes", "wp-block-footnotes", "toc", "reading-time",
)  # fmt: skip
_SHARING = re.compile(  # the names that themes give their own
    r"(?:^|[-_])(?:share|sharing|social)(?:[-_](?:buttons?|bar|icons?|links?|panel|widget|container|counts?|box|list))+$",
    re.IGNORECASE,
)
_QUICK_CHECK = re.compile(
    "|".join(["display", "visibility", "hidden", "<sup", "<details", "shar", "social", *map(re.escape, (*_SPOILER, *_MACHINERY))]),
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPOILERS, _PARTS = frozenset(_SPOILER), frozenset(_MACHINERY)
_DATA_SPOILER = "data-spoiler"


def limit_depth(markup: str) -> str:
    """Return the markup without the elements deeper than `MAX_DEPTH`; their text stays."""
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


def without_hidden(markup: str, *, details: bool = True) -> str:
    """Return the markup without the parts that are not its text, and with spoilers cut; a quick check finds that most has neither.

    With `details`, `<details>` stays; without, it counts as a spoiler, as it does in a comment.
    """
    if not _QUICK_CHECK.search(markup) and _DATA_SPOILER not in markup:
        return markup
    try:
        root = lxml.html.fragment_fromstring(markup, create_parent="div", parser=lxml.html.HTMLParser(huge_tree=True))
    except (lxml.etree.ParserError, ValueError, AssertionError):  # lxml asserts that a page has a body; one of frames has none
        return markup
    for element in list(root.iter(lxml.etree.Element)):
        replacement = f" {SPOILER_CUT} " if element.tag == "details" and not details else _replacement(element)
        if replacement and element is not root:
            _replace_content(element, replacement)
    return str(lxml.html.tostring(root, encoding="unicode"))


def _replacement(element: lxml.html.HtmlElement) -> str:
    """Return what replaces an element; an empty string if the element stays."""
    names = set(str(element.get("class", "")).split())
    if names & _SPOILERS or element.get(_DATA_SPOILER) is not None:
        return f" {SPOILER_CUT} "
    hidden = names & _PARTS or element.get("hidden") is not None or _HIDDEN.search(str(element.get("style", "")))
    if hidden or any(map(_SHARING.search, names)):
        return " "
    return FOOTNOTE_CUT if _is_footnote_mark(element) else ""


def _is_footnote_mark(element: lxml.html.HtmlElement) -> bool:
    """Return whether an element is the raised number of a footnote, which links to another place on the page."""
    if element.tag != "sup" or len(element.text_content()) > 6:
        return False
    return "fn" in str(element.get("class", "")).split() or any(
        str(row.get("href", "")).startswith("#") for row in element.iter("a")
    )


def _replace_content(element: lxml.html.HtmlElement, replacement: str) -> None:
    """Turn an element into a bare span with this text; to remove it would join its tail to all text before it."""
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "span", replacement, tail
