"""Arrows go one way, and each outside library has one door."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent / "digest"

# From the ground up; a module may import what is on a lower floor, or in its own room.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "model", "batching", "child_process", "subscriber_statuses"}),
    frozenset({"clock", "config", "text"}),
    frozenset({"collect", "curate", "render", "compose", "subscribers", "bounces"}),
    frozenset({"store", "deliver"}),
    frozenset({"edition"}),
    frozenset({"publish"}),
    frozenset({"app"}),
    frozenset({"audience"}),
    frozenset({"desk"}),
    frozenset({"service"}),
    frozenset({"web"}),
    frozenset({"demo"}),
    frozenset({"cli"}),
)
# Who may import a library: a room, or a module of it.
DOORS = {
    "aiosmtplib": {"deliver"},
    "feedparser": {"collect.sources"},
    "nh3": {"text.markup"},
    "trafilatura": {"collect.sources"},
    "lxml": {"collect.sources", "text.hidden_html"},
    "dateparser": {"collect.sources"},
    "markdown_it": {"collect.sources", "render.markdown"},
    "icalendar": {"collect.calendar_reader", "service.calendar_file"},
    "recurring_ical_events": {"collect.calendar_reader"},
    "imagesize": {"collect.pictures"},
    "mjml": {"render"},
    "css_inline": {"render"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "apscheduler": {"service.scheduler"},
    "aiohttp": {"collect.fetch", "collect.allowed_hosts", "web", "demo", "cli"},
    "cryptography": {"compose.dkim", "bounces.providers"},
    "holidays": {"edition.edition_calendar"},
    "email_validator": {"subscribers"},
    "disposable_email_domains": {"subscribers"},
    "itsdangerous": {"audience"},
    "flufl": {"bounces"},
    "imapclient": {"bounces"},
    "filelock": {"store", "subscribers", "edition.sending_lock", "service.instance"},
    "pyrage": {"service.backup_keys"},
    "prometheus_client": {"service.metrics", "web.metrics_page"},
    "aiosmtpd": {"demo"},
    "babel": {"render"},
    "publicsuffixlist": {"service.dmarc_alignment"},
    "coloraide": {"render.colours"},
    "jinja2": {"render", "web"},
}
# Which modules of a room other rooms may import, besides the room itself; the others are its own business. A room that is not here
# has no inner modules.
ROOM_DOORS = {
    "audience": {
        "bounce_handler", "consent", "csv_sync", "data_requests", "exporter", "import_undo", "importer", "rate_limiter",
        "signed_links", "subscriber_record", "subscriptions", "transactional_emails",
    },
    "bounces": {"classify", "mailboxes", "providers", "refusals"},
    "collect": {"calendar_events", "collector", "fetch", "pictures", "sources.discovery", "sources.plugin"},
    "compose": {"dkim", "subscriber_links", "verp"},
    "config": {"file_permissions"},
    "curate": {
        "comment_decisions", "comments", "editor_decisions", "judge", "label_score", "opinion", "questions",
        "story_decisions",
    },
    "deliver": {"retry"},
    "demo": {"run"},
    "desk": {"acts", "correcting", "edition_view", "notices", "numbers", "on_its_way", "people", "reasons", "sign_in", "state", "time_machine", "values", "verbs"},
    "edition": {
        "additions",
        "edition_calendar", "editor_file", "editors_word", "guards", "mending", "pipeline", "preflight", "readership", "report", "revising", "second_opinion", "send",
        "sending_lock",
        "sent_log", "size_limit",
    },
    "render": {"colours", "design_files", "languages", "page", "renderer", "templates", "tokens", "variants"},
    "service": {"backup", "backup_keys", "doctor", "calendar_file", "checks", "comment_desk", "comment_labels", "dry_run", "edition_checks", "finding", "instance", "logs", "metrics", "restore", "scheduler", "systemd", "timetable"},
    "store": {"batch_writer", "bounces", "content", "edition_rows", "edition_values", "editions", "history", "opt_in", "sent_log_edition"},
    "subscribers": {
        "backups", "columns", "csv_table", "edit", "import_batch", "import_journal", "import_zip", "opt_out_traces", "rewrite",
    },
    "text": {"raw_message", "formats", "hidden_html", "markup", "article_identity", "placeholders", "prose", "time_zones"},
    "web": {"connection_limits", "desk_pages", "pages", "preview", "reader_pages", "message_viewer", "metrics_page"},
}  # fmt: skip


def room(path: Path) -> str:
    """The room a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def within(path: Path, door: str) -> bool:
    """Whether a file is a module, or belongs to a room or a folder of one."""
    return f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.".startswith(f"{door}.")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, as a dotted name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" if node.module == "digest" else node.module for alias in node.names)


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


FILES = [path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.name not in {"__init__.py", "__main__.py"}]


def test_every_room_is_on_a_floor() -> None:
    known = frozenset().union(*FLOORS)
    assert {room(path) for path in FILES} == known


def test_arrows_go_one_way() -> None:
    wrong = []
    for path in FILES:
        for name in imports(path):
            if not name.startswith("digest.") or name == "digest.__version__":
                continue
            target = name.split(".")[1]
            if target != room(path) and floor(target) >= floor(room(path)):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_one_library_one_door() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in FILES
        for name in imports(path)
        if name.split(".")[0] in DOORS and not any(within(path, door) for door in DOORS[name.split(".")[0]])
    ]
    assert wrong == []


def test_no_module_passes_three_hundred_lines() -> None:
    assert [path.name for path in FILES if len(path.read_text().splitlines()) > 300] == []


def entries(path: Path) -> Iterator[tuple[str, str]]:
    """Every inner module of another room that a file imports, by room and module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("digest."):
            continue
        _, target, *inner = str(node.module).split(".")
        named = [alias.name for alias in node.names if (ROOT / target / f"{alias.name}.py").exists()] if not inner else []
        if target != room(path):
            yield from ((target, module) for module in (named if not inner else [".".join(inner)]))


def test_a_room_is_entered_by_its_doors() -> None:
    used = {(*entry, path.relative_to(ROOT).as_posix()) for path in FILES for entry in entries(path)}
    assert [row for row in sorted(used) if row[1] not in ROOM_DOORS.get(row[0], set())] == []
    opened = {(target, module) for target, module, _ in used} | {("collect", "sources.plugin")}  # for other packages
    assert {(target, module) for target, modules in ROOM_DOORS.items() for module in modules} - opened == set()


def test_no_two_public_classes_share_a_name() -> None:
    names = [node.name for path in FILES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    public = [name for name in names if not name.startswith("_")]
    assert sorted(name for name in set(public) if public.count(name) > 1) == []


def test_one_http_client() -> None:
    opened = [path.relative_to(ROOT).as_posix() for path in FILES if "ClientSession(" in path.read_text()]
    assert opened == ["collect/fetch.py"]  # who may be fetched is decided there


def test_what_is_not_measured_says_why() -> None:
    pragmas = [(path.name, line) for path in FILES for line in path.read_text().splitlines() if "pragma: no " in line]
    assert [row for row in pragmas if not re.search(r"# pragma: no (cover|branch)  \w.{5,}", row[1])] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= (inner & modules.keys()) or ({str(node.module)} & modules.keys())
    while leaves := [name for name, found in graph.items() if not found & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert sorted(graph) == []
