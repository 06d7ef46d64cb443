import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caret_sync.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402

# A WSGI server runs no system checks, and a site with half its settings must not serve a page.
if settings.SETTING_PROBLEMS:
    raise ImproperlyConfigured(" ".join(f"{name} {problem}" for name, problem in settings.SETTING_PROBLEMS.items()))
