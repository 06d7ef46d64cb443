"""Keys of rows as requests name them."""


def is_key(text: str) -> bool:
    """Whether it can be a row's key. Python itself refuses to read a number of thousands of digits."""
    return text.isdecimal() and len(text) < len(str(2**63))
