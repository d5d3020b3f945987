"""The link that opens the chat page with the demo key."""

LINK = """\
Chat, signed in (only terminals show this link, as it has the key):

  {url}/chat#key={key}
"""


def format_chat_link(url: str, key: str) -> str:
    """Return the link. Browsers send no fragment to a server, and the page removes it at once."""
    return LINK.format(url=url, key=key)
