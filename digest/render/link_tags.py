"""Parameters on links to the newsroom's own site, which tell its statistics what the newsletter brings; never one of a reader's."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class LinkTags:
    """The parameters of one newsletter, and the host of its site."""

    parameters: Mapping[str, str]
    site_host: str

    def __call__(self, url: str) -> str:
        """Return a link with the parameters if it leads to the newsroom's own site; those that it has already stay as they are."""
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        own = self.site_host.removeprefix("www.")
        if not self.parameters or not own or (host != own and not host.endswith(f".{own}")):
            return url
        present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        added = urlencode({name: value for name, value in self.parameters.items() if name not in present})
        return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, added]))))
