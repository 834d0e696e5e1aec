"""Signing in at the desk: by a link or six figures that are mailed to those whom `[desk]` names. There is no password to keep.

A mail program opens every link, so a link is used up by a button, not by being looked at.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from digest.app import App
from digest.audience.rate_limiter import RateLimiter
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.people import Person, people

LINK_WORKS = timedelta(minutes=15)
SESSION_LASTS = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=5)  # how exactly it is known when a session was used


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in: the person, the session's id, and the token that their forms carry."""

    person: Person
    session: str
    token: str


class SignIn:
    """The sign-ins of one newsletter's desk."""

    def __init__(self, app: App, emails: TransactionalEmails, local: Person | None = None) -> None:
        """`local` is whoever sits at this machine, who is an editor whatever `[desk]` says."""
        self._app = app
        self._emails = emails
        self.local = local
        self._mails = RateLimiter(10, 60)  # to one person

    def person(self, email: str) -> Person | None:
        """Return who has an address, if they may open the desk."""
        if self.local and email == self.local.email:
            return self.local
        return people(self._app.config.desk).get(email.strip().casefold())

    def ask(self, email: str, browser: str, base: str) -> str:
        """Have a link and six figures mailed, if the address is one of the desk's; return the nonce that the browser keeps.

        The answer is the same for everybody, and so is its time: all else is done afterwards.
        """
        nonce = secrets.token_urlsafe(32)
        self._emails.run(self._answer(email, nonce, browser, base))
        return nonce

    async def _answer(self, email: str, nonce: str, browser: str, base: str) -> None:
        person, code = self.person(email), f"{secrets.randbelow(1_000_000):06d}"
        if person is None or not self._mails.allow(person.email):
            return
        await asyncio.to_thread(self._app.store.desk.ask, nonce, person.email, browser, code, self._app.clock())
        await self._emails.send(person.email, "sign_in", f"{base}/desk/sign-in/{nonce}", code=f"{code[:3]} {code[3:]}")

    def offered(self, nonce: str) -> Person | None:
        """Return who may sign in with a link; nothing is used up."""
        email = self._app.store.desk.asked_by_link(nonce, self._app.clock() - LINK_WORKS)
        return self.person(email) if email else None

    def by_link(self, nonce: str, device: str) -> str | None:
        """Use a link up, and return the cookie of a new session; None if the link does not work any more."""
        now = self._app.clock()
        return self._begin(self._app.store.desk.use_link(nonce, now - LINK_WORKS, now), device)

    def by_code(self, nonce: str, code: str, browser: str, device: str) -> str | None:
        """Use the six figures up, in the browser that asked, and return the cookie of a new session, or None."""
        now, figures = self._app.clock(), "".join(sign for sign in code if sign.isdigit())[:6]
        typed = {"nonce": nonce, "code": figures}
        return self._begin(self._app.store.desk.use_code(browser, typed, now - LINK_WORKS, now), device)

    def here(self, person: Person, device: str) -> str:
        """Return the cookie of a new session for whoever sits at this machine."""
        cookie = secrets.token_urlsafe(32)
        self._app.store.desk.begin(cookie, person.email, device, self._app.clock())
        return cookie

    def _begin(self, email: str | None, device: str) -> str | None:
        person = self.person(email) if email else None
        return self.here(person, device) if person else None

    def signed_in(self, cookie: str) -> SignedIn | None:
        """Return who is signed in with a cookie; None if nobody is, or if they are not one of the desk's any more."""
        now = self._app.clock()
        session = self._app.store.desk.session(cookie, now - SESSION_LASTS) if cookie else None
        person = self.person(session.email) if session else None
        if session is None or person is None:
            return None
        if now - session.seen_at > SEEN_EVERY:
            self._app.store.desk.seen(session.id, now)
        return SignedIn(person, session.id, self._token(session.id))

    def _token(self, session: str) -> str:
        key = self._app.store.secret("desk").encode()
        return hmac.new(key, session.encode(), "sha256").hexdigest()[:40]

    def is_genuine(self, signed_in: SignedIn, token: str) -> bool:
        """Return whether a form carries the token of its session."""
        return hmac.compare_digest(signed_in.token.encode(), token.encode())
