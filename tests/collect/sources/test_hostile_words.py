"""What strangers write, by whichever source it comes, is words in the mail and in JSON: no script, handler, style or javascript:."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import lxml.html
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.collect.sources import source_reader
from digest.config import SourcePlan
from digest.curate import Rules, curate
from digest.curate.comments import pick
from digest.curate.judge import as_json, load_scoring_rules
from digest.model import Harvest, Slot, Window
from digest.render.renderer import Design
from digest.text.formats import json_text
from tests.collect.sources.test_apis import CASES, DATA, SINCE, Answers
from tests.render.test_renderer import NEWSLETTER, MimeView
from tests.text.test_markup import VECTORS

TEXTS = {"title", "headline", "html", "cooked", "content", "text", "body", "body_html", "selftext_html", "selftext", "name", "display_name",
         "displayName", "author", "username", "comment", "commenting_user", "submitter_user", "story_text", "description", "excerpt",
         "custom_excerpt", "tags", "link_flair_text", "articleSection", "acct", "message", "feature_image_alt", "url", "feature_image"}  # fmt: skip
PADDING = (
    " We counted 212 steps from the bus stop to the clinic on this row, which is a long way with a pram or a stick when it snows."
)
SLOT = Slot(name="w", day=date(2026, 11, 24), window=Window(start=SINCE, end=SINCE + timedelta(days=9)))
ARTICLES = [name for name in CASES if not name.endswith("-comments") and name != "page"]  # a page's HTML is one string


def poisoned(value: Any, draw: Any, key: str = "") -> Any:
    """The same answer with a vector in its texts; in addresses now and then a scheme that runs code."""
    if isinstance(value, dict):
        return {name: poisoned(part, draw, name) for name, part in value.items()}
    if isinstance(value, list):
        return [poisoned(part, draw, key) for part in value]
    if not isinstance(value, str) or key not in TEXTS or (key == "text" and "<html" in value):
        return value
    if value.startswith("http"):
        return draw(st.sampled_from([value, value, value, "javascript:alert(1)", "data:text/html,<script>alert(1)</script>"]))
    vector = draw(st.sampled_from(VECTORS))
    return draw(st.sampled_from([f"{value} {vector}{PADDING}", f"{vector}{value}{PADDING}", vector]))


async def read(case: dict[str, Any], answers: dict[str, Any]) -> Harvest:
    plan = SourcePlan.model_validate(case["plan"])
    return await source_reader(plan)(plan, Answers(answers), SINCE)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_nothing_that_runs_reaches_a_reader(data: st.DataObject) -> None:
    case = json.loads((DATA / f"{data.draw(st.sampled_from(ARTICLES))}.json").read_text())
    harvest = asyncio.run(read(case, {url: poisoned(answer, data.draw) for url, answer in case["answers"].items()}))
    rules = Rules(newsletter="G", articles=16, comments_per_article=3, scoring_rules=load_scoring_rules(Path("/nowhere")))
    edition = curate(SLOT, harvest, (), rules, number=1, now=datetime(2026, 11, 24, tzinfo=UTC))
    if not edition.stories:  # every address was unfit, and an edition without stories is never rendered
        return
    words = Design(NEWSLETTER).render(edition)
    seen = MimeView(words.html)
    assert not {"script", "svg", "iframe", "math", "template", "noscript", "object", "embed", "form"} & set(seen.tags)
    assert all(link.startswith(("https://", "http://", "mailto:", "digest.mark.")) for link in [*seen.links, *seen.sources])
    tree: Any = lxml.html.document_fromstring(words.html.encode())
    styles = map(str, tree.xpath("//@style | //style/text()"))
    assert not [style for style in styles if "javascript:" in style or "alert(" in style]
    for story in edition.stories:
        assert "<" not in json_text(as_json(pick(story.article, harvest.comments, 3, rules.scoring_rules)))
