"""Messages as a page may send them."""

from typing import get_args

from caseback.chat import Role

ROLES = tuple(role for role in get_args(Role) if role != "tool")
"""Who speaks in a chat that a person types."""


def wrong_messages(given: object) -> str:
    """What is wrong with the messages of a chat; empty where nothing is."""
    if not isinstance(given, list) or not given:
        return "send a list of messages"
    for each in given:
        if not isinstance(each, dict) or set(each) != {"role", "content"} or each["role"] not in ROLES:
            return f"a message has a role ({', '.join(ROLES)}) and content"
        try:
            each["content"].encode()
        except (AttributeError, UnicodeEncodeError):
            return "the content of a message must be text"
    return ""
