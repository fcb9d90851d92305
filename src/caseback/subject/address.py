"""How a model behind an address is told from one in a folder."""


def is_address(spec: str) -> bool:
    """Whether the string names a model behind an address, ``https://host/v1#model``."""
    return spec.startswith(("http://", "https://"))
