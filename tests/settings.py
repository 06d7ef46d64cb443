"""The product's settings as tests run them: of the developer's shell only DATABASE_URL counts."""

import os
import re
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
for name in re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE):
    if name != "DATABASE_URL":
        os.environ.pop(name, None)
os.environ["DEBUG"] = "1"

from caret_sync.settings import *  # noqa: E402, F403
from caret_sync.settings import DATABASES  # noqa: E402

# A file, so that tests meet WAL and immediate transactions as the product does.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # One for each process, so that two runs of the suite do not meet.
    DATABASES["default"]["TEST"] = {"NAME": f"{tempfile.gettempdir()}/caret-sync-test-{os.getpid()}.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ACCOUNT_RATE_LIMITS = False
# Static files as they lie in the tree: tests collect none.
WHITENOISE_AUTOREFRESH = True
