"""Five editions to look at and to measure: one story, eight with comments, sixteen, odd shapes, and Arabic. All invented."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from digest.config import Newsletter
from digest.model import Article, Comment, Edition, Image, ImageSize, Pick, Slot, Story, Window
from digest.text.prose import sentences

END = datetime(2026, 11, 24, 7, tzinfo=UTC)
SITE = "https://gazette.example"
GAZETTE = Newsletter.model_validate({
    "name": "The Harbour Gazette",
    "from": "The Harbour Gazette <daily@gazette.example>",
    "tagline": "The town, every weekday, before the kettle boils",
    "timezone": "Europe/London",
    "site_url": SITE,
    "public_url": "https://news.gazette.example",
    "postal_address": "The Old Net Loft, 3 Quay Street, Harbour",
    "report_to": "moderators@gazette.example",
    "support": {
        "text": "No owner, no advertisers: the Gazette is paid for by 1,140 of its readers. Be one of the next hundred.",
        "url": f"{SITE}/members",
        "button": "Become a member",
    },
})  # fmt: skip
ARABIC = Newsletter.model_validate({
    "name": "جريدة الميناء",
    "from": "daily@gazette.example",
    "language": "ar",
    "site_url": SITE,
    "public_url": "https://news.gazette.example",
    "postal_address": "شارع الرصيف ٣، الميناء",
})  # fmt: skip
STORIES = (
    ("Night ferry returns after six winters, and forty lorries have nowhere to wait", "Harbour", "Nell Arkwright", 690, 39,
     ("The harbour board has found a ship, a crew and a Thursday to begin. What it has not found is a place for the lorries, which"
     " will queue on Cooper’s Row from nine in the evening, eleven metres from the bedrooms.")),
    ("Council passes budget by one vote and saves the evening swim", "Council", "Ifan Pryce", 920, 22,
     ("Eighteen to seventeen, after four hours and a fire alarm: the pool keeps its late session, residents pay £61 more for a"
     " permit, and the museum loses its Mondays.")),
    ("Walk-in clinic to shut on Wednesdays from the new year", "Health", "Sunniva Okafor", 1_150, 15,
     ("Two nurses have left and nobody has applied. The trust says that the closure is for six months; the last one, in 2019,"
     " lasted three years.")),
    ("Gasworks homes: forty now “affordable”, down from seventy", "Housing", "Hesper Lund", 1_610, 8,
     ("The developer’s new figures put the site’s clean-up at £8.4m. An independent surveyor asked by this paper puts it at little"
     " more than half of that.")),
    ("Two bridges, one crane: why the swing bridge stays open until March", "Transport", "Tomos Reed", 800, 31,
     ("The only crane that fits the quay is lifting wind turbines off the coast until February. Cyclists may use the lock gates"
     " from seven in the morning until dusk.")),
    ("Saturday market moves to the rope shed while the square is dug up", "Town", "Nell Arkwright", 400, 4,
     "From the first of December until Easter; the fish van stays where it is because it cannot turn round. Traders pay half."),
    ("School kitchen wins reprieve after parents’ petition", "Education", "Ifan Pryce", 350, 11,
     "Two thousand three hundred names in nine days. The governors meet again in May."),
    ("Tram promoters ask for a public vote in May", "Transport", "Tomos Reed", 500, 57,
     "A referendum would bind nobody and cost £90,000. The promoters offer to pay a third of it."),
    ("Opinion: turn the lights off, and mean it", "Opinion", "Wilf Sandring", 600, 0,
     "Dark Fridays saved the town £212 last month."),
    ("Harbour RFC 22–19 Upper Town: a win in the mud", "Sport", "Cass Oyelaran", 300, 3,
     "A penalty from forty metres with the clock red, and a pitch that will not see grass before April."),
    ("Library opens on Sundays from January", "Culture", "Hesper Lund", 280, 6,
     "Sixty people came to the trial each week, most of them between one and three, most of them for the heating."),
    ("Ferry delays: what the figures do & don’t show", "Harbour", "Nell Arkwright", 900, 19,
     "A boat that leaves on time and waits outside the harbour is punctual in the log."),
    ("Explainer: who pays what for parking, and why “free” isn’t", "Transport", "Tomos Reed", 1_000, 2,
     "Four kinds of permit, three kinds of visitor, one machine that takes coins."),
    ("Quay wall repairs will take until spring, council says", "Harbour", "Sunniva Okafor", 450, 1,
     "Divers found a void the size of a bus behind the east steps. The steps stay closed."),
    ("The last net-mender on Quay Street shuts up shop", "People", "Hesper Lund", 1_300, 12,
     "He has sold the loft to a couple who make candles, and has kept the needle."),
    ("What the planning committee decides tonight", "Council", "Ifan Pryce", 260, 0,
     "Nine items, one of them a dovecote."),
)  # fmt: skip
VOICES = (  # the first below each story, in their order
    ("Tam Birdsall", "Passing Trade",
     ("I worked on the night ferry for eleven years before I retired, so a word about maintenance. £9 sounds like a"
     " great deal until you divide it by the years that it is meant to last, and then it is cheap. What nobody prints"
     " is how much was spent in each of the last ten years on Cooper’s Row. Ask the harbour board for that table and"
     " the rest of the argument becomes a good deal shorter.")),
    ("KeelHauler", "",
     ("For anybody who wants to read it, the paper is item 7 on the agenda and the figure is on page 43. The summary"
     " says £61 and the table below it says something rather different, which nobody at the meeting asked about.")),
    ("Mrs Pettibone", "gullwatch",
     ("The clinic closed on Wednesdays in 2019 as well, and the two nurses who left then had asked for one thing: a"
     " room with a door that shuts. Somebody might ask this pair before they go whether the door was ever hung.")),
    ("Level 2", "",
     ("I priced ground like this for a living. Clean-up at a gasworks is guesswork until you dig, so a fixed number in"
     " a plan is a number that somebody liked. The honest form is a range, with who pays for the top of it.")),
    ("Bridge Street Cyclist", "",
     ("The lock gates are fine in daylight and a skating rink at seven in December. A bag of grit and one lamp would"
     " cost less than the first broken wrist.")),
    ("Rope Walk Trader", "",
     ("The rope shed leaks at the north end, which is where the bread goes. Give the baker the middle and the fish the"
     " draught, and nobody will mind the winter.")),
    ("Year Six Parent", "",
     ("My son has eaten there for five years and has been ill once, at home. The petition was never about potatoes; it"
     " was about the only warm room some of them have.")),
    ("Season Ticket", "Rails or Bust",
     ("A vote that binds nobody is a survey with a hall hire. Ask us instead what we would stop doing to pay for it,"
     " and print the answers.")),
    ("Dim View", "",
     "Sirius over the breakwater, for the first time since I was nine. I would pay the £212 myself."),
    ("Row Z", "",
     ("He had missed that kick four times from the same spot. The groundsman says it was the wind; the wind says"
     " nothing.")),
    ("Sunday Reader", "",
     ("I came for the heating and stayed for the local history shelf, which has a photograph of my grandmother mending"
     " a net.")),
    ("Tide Table", "Mrs Pettibone",
     ("The log counts from the quay and the passengers count from the kettle. Both are right, and only one of them gets"
     " home in the dark.")),
    ("Coin Slot", "",
     ("The fourth kind of permit is for people who have read the rules of the other three. I have one and could not"
     " tell you why.")),
    ("Diver Below", "",
     "I was on the team in 2011 that reported it. The void was then the size of a car."),
    ("Needle and Twine", "",
     "He mended my father’s nets and would not take money in a bad year. The candles had better be good."),
    ("Orla of Cooper’s Row", "",
     ("My mother is 84 and depends on Cooper’s Row twice a week. For her this has never been about money but about"
     " whether she sees anybody between Monday and Friday. I went with her last Tuesday and counted nineteen others in"
     " the same position.")),
)  # fmt: skip


PICTURES = (
    ("ferry", "Ships at the east pier in low sun"),
    ("harbour", "The town hall across the harbour at dusk"),
    ("library", "The clinic next to the old library"),
    ("market", "The gasworks behind the market square"),
)


def picture(name: str, width: int = 1_200, height: int = 675, alt: str = "Ships at the east pier in low sun") -> Image:
    """A picture of the site, with the crops that WordPress makes of it."""
    url = f"{SITE}/uploads/{name}"
    crops = ((150, 150), (300, round(300 * height / width)), (768, round(768 * height / width)))
    sizes = tuple(ImageSize(url=f"{url}-{w}x{h}.png", width=w, height=h) for w, h in crops if w < width)
    return Image(url=f"{url}.png", alt=alt, width=width, height=height, sizes=sizes)


def voice(article: Article, at: int, score: float = 0.8) -> Pick:
    """A reader's words below an article."""
    number = int(article.id.removeprefix("a"))
    name, answering, text = VOICES[(23 - 8 * at - number) % len(VOICES) if at else number]
    comment = Comment(
        id=f"{article.id}-{at}", article_id=article.id, author=name, text=text, written=END, url=f"{article.url}#comment-{at}"
    )
    parent = "Nobody asked the people who drive them." if answering else ""
    first = sentences(text)[0]
    return Pick(
        comment=comment, excerpt=text, sentence=first, score=score - at / 10, parent_author=answering, parent_excerpt=parent
    )


def story(at: int, comments: int = 2) -> Story:
    """One of the sixteen stories, with some readers' words."""
    title, topic, author, length, thread, summary = STORIES[at]
    article = Article(
        id=f"a{at}", source="The Gazette", url=f"{SITE}/2026/11/story-{at}/", title=title, author=author, summary=summary,
        body_text=" ".join([summary, *(["word"] * length)]), topics=(topic,), published=END, updated=END,
        image=picture(PICTURES[at % 4][0], alt=PICTURES[at % 4][1]) if at < 5 else None,
    )  # fmt: skip
    voices = tuple(voice(article, n) for n in range(comments)) if thread else ()
    return Story(article=article, position=at, picks=voices, comments=max(thread, comments) if thread else 0)


def edition_of(*stories: Story) -> Edition:
    """An edition of some stories, in their order."""
    slot = Slot(name="weekday", day=date(2026, 11, 24), window=Window(start=END - timedelta(days=1), end=END))
    placed = tuple(replace(row, position=at) for at, row in enumerate(stories))
    return Edition(newsletter="The Harbour Gazette", slot=slot, number=214, stories=placed, left_out=(), frozen_at=END)


def one_story() -> Edition:
    """A quiet day: one story without anything optional."""
    row = story(15, 0)
    return edition_of(replace(row, article=replace(row.article, author="", topics=(), summary="", body_text="")))


def eight_with_comments() -> Edition:
    """A usual day."""
    return edition_of(*(story(at, 2) for at in range(8)))


def sixteen() -> Edition:
    """A full day."""
    return edition_of(*(story(at, 1) for at in range(16)))


def twelve_with_three() -> Edition:
    """A day of long threads: 36 comments."""
    return edition_of(*(with_thread(story(at, 0), 3) for at in range(12)))


def with_thread(row: Story, comments: int) -> Story:
    """A story with so many comments, whatever it had."""
    voices = tuple(voice(row.article, n) for n in range(comments))
    return replace(row, picks=voices, comments=max(row.comments, comments))


def odd_shapes() -> Edition:
    """What strangers' sources are like: long words and names, no summary, small and square pictures, another source, emoji."""
    rows = [story(at, 1) for at in range(8)]
    changes: list[dict[str, object]] = [
        {"title": "Unbrechbar" + "langes" * 30, "image": picture("small", 300, 200)},
        {
            "title": "COUNCIL PASSES THE BUDGET AT LAST!!! " * 6,
            "image": picture("square", 600, 600),
            "source": "https://www.other.example/feed",
        },
        {"title": "Ferry 🛳️ returns 🎉 <3 & \"quoted\" 'words'", "summary": "", "image": picture("banner", 2_000, 300)},
        {
            "title": "ترحيب بالقادمين: Welcome desk opens at the library",
            "author": ", ".join(f"Writer Number {n}" for n in range(9)),
        },
        {"title": "Tall", "image": picture("tall", 600, 1_200), "topics": ("Municipal administration and regional affairs",)},
        {"title": "No topic", "topics": (), "author": ""},
        {"title": "https://very-long.example/" + "path/" * 40},
        {"title": "x", "summary": "y"},
    ]
    return edition_of(
        *(replace(row, article=replace(row.article, **change)) for row, change in zip(rows, changes, strict=True))  # type: ignore[arg-type]
    )


def arabic() -> Edition:
    """Right to left, with words of other scripts in between."""
    titles = (
        ("عبارة الليل تعود بعد ستة شتاءات، وأربعون شاحنة لا تجد مكانا للانتظار", "الميناء",
         "وجد مجلس الميناء سفينة وطاقما ويوم خميس للبداية، لكنه لم يجد مكانا للشاحنات التي ستصطف أمام البيوت منذ التاسعة مساء."),
        ("المجلس يقر الميزانية بفارق صوت واحد", "المجلس", "ثمانية عشر مقابل سبعة عشر، بعد أربع ساعات: يبقى المسبح مفتوحا مساء."),
        ("العيادة تغلق أيام الأربعاء", "الصحة", "غادرت ممرضتان ولم يتقدم أحد."),
        ("مكتبة ABC تفتح يوم الأحد", "الثقافة", "جاء ستون شخصا كل أسبوع."),
        ("الجسر مفتوح حتى مارس", "النقل", "الرافعة الوحيدة تعمل في عرض البحر."),
        ("السوق ينتقل إلى حظيرة الحبال", "المدينة", "من أول ديسمبر حتى الفصح."),
        ("مطبخ المدرسة باق", "التعليم", "ألفان وثلاثمئة اسم في تسعة أيام."),
    )  # fmt: skip
    said = (
        "عملت في الميناء أحد عشر عاما قبل أن أتقاعد، ولذلك أقول كلمة عن الصيانة. المبلغ يبدو كبيرا حتى تقسمه على السنوات التي يفترض"
        " أن يدومها، وعندئذ يصبح رخيصا."
    )
    rows = []
    for at, (title, topic, summary) in enumerate(titles):
        row = story(at, 1)
        article = replace(row.article, title=title, topics=(topic,), summary=summary, author="ليلى الحداد")
        picks = tuple(
            replace(
                pick,
                comment=replace(pick.comment, author="سلمى"),
                excerpt=said,
                sentence=sentences(said)[0],
                parent_author="",
                parent_excerpt="",
            )
            for pick in row.picks
        )
        rows.append(replace(row, article=article, picks=picks))
    return edition_of(*rows)


FIXTURES = {
    "one": (GAZETTE, one_story),
    "eight": (GAZETTE, eight_with_comments),
    "sixteen": (GAZETTE, sixteen),
    "odd": (GAZETTE, odd_shapes),
    "arabic": (ARABIC, arabic),
}
