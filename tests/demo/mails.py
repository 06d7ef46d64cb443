"""The mails that the demo's product has sent, which it keeps as files."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

# Between two mails of one file, as Django's file backend writes it.
LINE = b"-" * 79 + b"\n"


def sent(folder: Path) -> list[EmailMessage]:
    """In order of the files, each of which is one process's."""
    texts = [text for path in sorted(folder.glob("*.log")) for text in path.read_bytes().split(LINE) if text.strip()]
    return [message for text in texts if isinstance(message := _message(text), EmailMessage)]


def _message(text: bytes) -> object:
    return message_from_bytes(text, policy=policy.default)


def body(mail: EmailMessage) -> str:
    return str(mail.get_content())
