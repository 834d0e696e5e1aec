BEGIN TRANSACTION;
CREATE TABLE alarms (
	"key" VARCHAR NOT NULL, 
	what TEXT NOT NULL, 
	why TEXT NOT NULL, 
	remedy TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0017');
CREATE TABLE articles (
	id VARCHAR NOT NULL, 
	published DATETIME NOT NULL, 
	first_seen DATETIME NOT NULL, 
	data JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "articles" VALUES('http://gazette.example/?p=1','2026-05-25 12:00:00.000000','2026-05-25 12:10:00.000000','{"id": "http://gazette.example/?p=1", "source": "The Gazette", "url": "https://gazette.example/ferry", "title": "The night ferry stays", "published": "2026-05-25T12:00:00Z", "updated": "2026-05-25T12:00:00Z", "author": "Ada Quay", "summary": "It does.", "body_text": "It does.", "image": null, "topics": ["Harbour"], "comment_count": null, "access": "public"}');
CREATE TABLE "bounce_reports" (
	id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE comments (
	id VARCHAR NOT NULL, 
	article_id VARCHAR NOT NULL, 
	written DATETIME NOT NULL, 
	data JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "comments" VALUES('http://gazette.example/?p=1#comment-1','http://gazette.example/?p=1','2026-05-25 13:00:00.000000','{"id": "http://gazette.example/?p=1#comment-1", "article_id": "http://gazette.example/?p=1", "author": "Bo", "text": "Good.", "written": "2026-05-25T13:00:00Z", "url": "https://gazette.example/ferry#comment-1", "parent_id": null, "up": null, "down": null, "replies": 0, "kind": "comment", "state": "approved"}');
CREATE TABLE counters (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	thing_kind VARCHAR NOT NULL, 
	thing_id VARCHAR NOT NULL, 
	verb VARCHAR NOT NULL, 
	value JSON NOT NULL, 
	made_by VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	undone_by VARCHAR, 
	undone_at DATETIME, edition VARCHAR DEFAULT '' NOT NULL, once VARCHAR, 
	PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,'comment','http://gazette.example/?p=1#c1','print','{"wording": "00000000000000000000000000000000", "reason": "", "gate": ""}','ada','2026-05-25 13:00:00.000000',NULL,NULL,'',NULL);
INSERT INTO "decisions" VALUES(2,'comment','http://gazette.example/?p=1#c1','refuse','{"wording": "00000000000000000000000000000000", "reason": "unkind", "gate": ""}','bo','2026-05-25 13:00:00.000000','ada','2026-05-25 13:00:00.000000','',NULL);
INSERT INTO "decisions" VALUES(3,'edition','weekday-2026-05-27','hold','{"reason": "the mayor rang"}','Ada Quill','2026-05-26 06:40:00.000000',NULL,NULL,'weekday-2026-05-27','f:Ada Quill:hold:.0');
CREATE TABLE "deliveries" (
	edition VARCHAR NOT NULL, 
	subscriber INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	variant VARCHAR DEFAULT '' NOT NULL, 
	extra JSON, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	interrupted BOOLEAN NOT NULL, 
	code INTEGER NOT NULL, 
	reply TEXT NOT NULL, 
	relay VARCHAR NOT NULL, 
	status VARCHAR DEFAULT '' NOT NULL, 
	at BIGINT, 
	retry_at BIGINT, 
	not_before BIGINT, 
	revision INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (edition, subscriber), 
	FOREIGN KEY(edition) REFERENCES editions ("key"), 
	FOREIGN KEY(subscriber) REFERENCES subscribers (id)
)
 WITHOUT ROWID

;
INSERT INTO "deliveries" VALUES('weekday-2026-05-26',1,'Ada','',NULL,'sent',1,0,250,'ok','relay.example','',1779775220000,NULL,NULL,0);
CREATE TABLE desk_notices (
	edition VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	data JSON NOT NULL, 
	PRIMARY KEY (edition, kind)
);
INSERT INTO "desk_notices" VALUES('weekday-2026-05-26','sent','2026-05-26 06:40:00.000000','{"stories": {}, "decided": 0}');
CREATE TABLE desk_sessions (
	id VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	PRIMARY KEY (id)
);
CREATE TABLE desk_sign_ins (
	nonce VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	browser VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	used_at DATETIME, 
	PRIMARY KEY (nonce)
);
CREATE TABLE "edition_articles" (
	edition VARCHAR NOT NULL, 
	article_id VARCHAR NOT NULL, 
	identity VARCHAR NOT NULL, 
	position INTEGER, 
	reason TEXT NOT NULL, anchor TEXT DEFAULT '' NOT NULL, title TEXT DEFAULT '' NOT NULL, opening TEXT DEFAULT '' NOT NULL, source TEXT DEFAULT '' NOT NULL, published DATETIME, 
	PRIMARY KEY (edition, article_id), 
	FOREIGN KEY(edition) REFERENCES editions ("key")
);
INSERT INTO "edition_articles" VALUES('weekday-2026-05-26','http://gazette.example/?p=1','gazette.example/ferry',0,'','','','','',NULL);
CREATE TABLE editions (
	"key" VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	number INTEGER, 
	window_start DATETIME NOT NULL, 
	window_end DATETIME NOT NULL, 
	frozen_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	note TEXT NOT NULL, 
	data JSON, 
	subject TEXT, 
	preheader TEXT, 
	html TEXT, 
	text TEXT, revision INTEGER DEFAULT '0' NOT NULL, corrected_at DATETIME, correction TEXT DEFAULT '' NOT NULL, corrects VARCHAR, 
	PRIMARY KEY ("key")
);
INSERT INTO "editions" VALUES('weekday-2026-05-26','weekday','2026-05-26',1,'2026-05-25 06:00:00.000000','2026-05-26 06:00:00.000000','2026-05-26 06:00:05.000000','2026-05-26 06:01:00.000000','','{"newsletter": "The Harbour Gazette", "slot": {"name": "weekday", "day": "2026-05-26", "window": {"start": "2026-05-25T06:00:00Z", "end": "2026-05-26T06:00:00Z"}}, "number": 1, "stories": [{"article": {"id": "http://gazette.example/?p=1", "source": "The Gazette", "url": "https://gazette.example/ferry", "title": "The night ferry stays", "published": "2026-05-25T12:00:00Z", "updated": "2026-05-25T12:00:00Z", "author": "Ada Quay", "summary": "It does.", "body_text": "It does.", "image": null, "topics": ["Harbour"], "comment_count": null, "access": "public"}, "position": 0, "picks": [], "reasons": []}], "left_out": [], "frozen_at": "2026-05-26T06:00:05Z"}','The night ferry stays','','<p>It does.</p>','It does.',0,NULL,'',NULL);
CREATE TABLE erased (
	token VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (token)
);
CREATE TABLE folded_deliveries (
	id INTEGER NOT NULL, 
	edition VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	variant VARCHAR NOT NULL, 
	relay VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	answers INTEGER NOT NULL, 
	subscribers BLOB NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(edition) REFERENCES editions ("key")
);
CREATE TABLE history (
	id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	event VARCHAR NOT NULL, 
	detail TEXT NOT NULL, origin VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "history" VALUES(1,'left@readers.example','2026-05-20 08:00:00.000000','unsubscribed','so marked in the roll','list');
CREATE TABLE "http_cache" (
	url VARCHAR NOT NULL, 
	etag VARCHAR NOT NULL, 
	modified VARCHAR NOT NULL, 
	status INTEGER NOT NULL, 
	headers JSON NOT NULL, 
	body BLOB NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (url)
);
CREATE TABLE "opt_in_requests" (
	id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	topics JSON NOT NULL, 
	nonce VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	mails INTEGER NOT NULL, source VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (email)
);
CREATE TABLE preferences (
	email VARCHAR NOT NULL, 
	topics JSON, 
	paused_until DATE, 
	comments BOOLEAN NOT NULL, 
	at DATETIME NOT NULL, frequency TEXT, timezone VARCHAR, 
	PRIMARY KEY (email)
);
CREATE TABLE readings (
	source VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "readings" VALUES('The Gazette','2026-05-26 06:00:00.000000');
CREATE TABLE "redirects" (
	url VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (url)
);
CREATE TABLE relay_limits (
	relay VARCHAR NOT NULL, 
	rate FLOAT NOT NULL, 
	connections INTEGER NOT NULL, 
	messages INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (relay)
);
CREATE TABLE revisions (
	edition VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	variant VARCHAR NOT NULL, 
	subject TEXT NOT NULL, 
	preheader TEXT NOT NULL, 
	html TEXT NOT NULL, 
	text TEXT NOT NULL, 
	data JSON, 
	until DATETIME NOT NULL, 
	PRIMARY KEY (edition, number, variant), 
	FOREIGN KEY(edition) REFERENCES editions ("key")
);
CREATE TABLE secrets (
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "secrets" VALUES('readers','0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE series (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "series" VALUES('weekday','weekday');
CREATE TABLE sightings (
	id VARCHAR NOT NULL, 
	last DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE "subscribers" (
	id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	token VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (email), 
	UNIQUE (token)
);
INSERT INTO "subscribers" VALUES(1,'ada@readers.example','aaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO "subscribers" VALUES(2,'left@readers.example','bbbbbbbbbbbbbbbbbbbbbbbbbbb');
CREATE TABLE suppressions (
	email VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	since DATETIME NOT NULL, detail TEXT DEFAULT '' NOT NULL, origin VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (email)
);
INSERT INTO "suppressions" VALUES('left@readers.example','unsubscribed','2026-05-20 08:00:00.000000','so marked in the roll','list');
CREATE TABLE variants (
	edition VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	subject TEXT NOT NULL, 
	preheader TEXT NOT NULL, 
	html TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (edition, name), 
	FOREIGN KEY(edition) REFERENCES editions ("key")
);
CREATE INDEX ix_articles_published ON articles (published);
CREATE INDEX ix_comments_article_id ON comments (article_id);
CREATE INDEX editions_by_name ON editions (name, window_end);
CREATE INDEX ix_history_email ON history (email);
CREATE INDEX history_by_event ON history (event, at);
CREATE INDEX decisions_by_thing ON decisions (thing_kind, thing_id);
CREATE INDEX decisions_by_edition ON decisions (edition);
CREATE UNIQUE INDEX decisions_once ON decisions (once);
CREATE INDEX ix_folded_deliveries_edition ON folded_deliveries (edition);
COMMIT;
