"""How often visitors may ask for what costs an email or a read of the subscriber list; a flood uses up its own share."""

from aiohttp import web

from digest.audience.rate_limiter import RateLimiter
from digest.web.client_ip import client_ip, network


class VisitorLimits:
    """The limits of the reader pages, behind a number of reverse proxies."""

    def __init__(self, proxies: int) -> None:
        self._proxies = proxies
        self._emails_per_visitor = RateLimiter(5, 120)
        self._emails_per_network = RateLimiter(60, 30)
        self._emails_in_total = RateLimiter(2_000, 2)
        self._views_per_visitor = RateLimiter(30, 2)  # a view of the preferences may cost a read of the subscriber list

    def allow_email(self, request: web.Request) -> bool:
        """Return whether this visitor, their network, and all together may have one more email sent; if so, count it."""
        visitor = client_ip(request, self._proxies)
        return (
            self._emails_per_visitor.allow(visitor)
            and self._emails_per_network.allow(network(visitor))
            and self._emails_in_total.allow("all")
        )

    def allow_view(self, request: web.Request) -> bool:
        """Return whether this visitor may view preferences once more; if so, count it."""
        return self._views_per_visitor.allow(client_ip(request, self._proxies))
