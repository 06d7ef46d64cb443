import os
import sys

from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caret_sync.settings")
application = get_wsgi_application()

from caret_sync.startup import obstacles  # noqa: E402  needs the applications

# A WSGI server runs no system checks, and a site with half its settings or an old database must not serve a page.
if found := obstacles():
    sys.stderr.write("Caret Sync does not start:\n" + "".join(f"  {sentence}\n" for sentence in found))
    raise SystemExit(3)  # by which gunicorn knows that it need not try again
connection.close()  # a server may fork after this, and each process needs a connection of its own
