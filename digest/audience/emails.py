"""What the letters to one person say: a confirmation, that somebody is on the list already, the way to one's choices and data."""

from digest.render.renderer import ButtonEmail, ShareLink


def confirmation(name: str, url: str) -> ButtonEmail:
    """Somebody asked for the newsletter at this address."""
    return ButtonEmail(
        subject=f"Please confirm: {name} by e-mail",
        title=f"{name} in your inbox?",
        paragraphs=("Somebody, most likely you, asked for it at this address. One press confirms it.",),
        button="Yes, send it to me",
        url=url,
        small="If it was not you, do nothing: without your confirmation nothing more is sent. The link works for two days.",
    )


def already_subscribed(name: str, choices: str) -> ButtonEmail:
    """Somebody asked for it who has it."""
    return ButtonEmail(
        subject=f"You already receive {name}",
        title="You are on the list",
        paragraphs=(f"{name} goes to this address already. If it does not arrive, look into your spam folder.",),
        button="Topics, pauses and your data",
        url=choices,
        small="Somebody, most likely you, asked for it with the form on our site.",
    )


def data_link(name: str, pages: tuple[str, str, str], data: str) -> ButtonEmail:
    """Somebody asked for a link: to their choices and out, which last, and to their data, which lasts an hour."""
    leave, _, choices = pages
    return ButtonEmail(
        subject=f"Your choices and data at {name}",
        title="Your choices and data",
        paragraphs=("Choose your topics, pause the mail or unsubscribe; see all that we keep about you, or have it erased.",),
        button="Topics, pauses and comments",
        url=choices,
        more=(ShareLink("See, download or erase my data", data), ShareLink("Unsubscribe", leave)),
        small="Somebody, most likely you, asked for this. The link to your data works for an hour. If it was not you, do nothing.",
    )
