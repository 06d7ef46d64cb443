"""Every setting, read from environment variables; each has a line in `.env.example` and in the README."""

from datetime import timedelta
from pathlib import Path

from caret_sync.env import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# --- The site ---------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", "only-for-development", required=not DEBUG)
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if DEBUG else [], required=not DEBUG)
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", [])
# Mails have no request to take an address from, and are never told one by a request's Host header.
SITE_URL = env.url("SITE_URL", "http://127.0.0.1:8000" if DEBUG else "", schemes=("https", "http"))
if not SITE_URL:
    env.problems.setdefault("SITE_URL", "is not set: links in mails start with it.")
# Where Microsoft can reach this site to tell of changes; without it calendars are only polled.
PUBLIC_URL = env.url("PUBLIC_URL", "", schemes=("https", "http") if DEBUG else ("https",))
SUPPORT_EMAIL = env.mail_address("SUPPORT_EMAIL", "support@caretsync.example" if DEBUG else "")
SUPPORT_URL = env.url("SUPPORT_URL", "", schemes=("https", "http"))
if not (SUPPORT_EMAIL or SUPPORT_URL or env.problems.keys() & {"SUPPORT_EMAIL", "SUPPORT_URL"}):
    env.problems["SUPPORT_EMAIL"] = "or SUPPORT_URL must be set: members are sent there."

# --- The move ---------------------------------------------------------------------------------------------------
# The instant after which nothing but Graph and Google syncs.
SYNC_CUTOFF = env.instant("SYNC_CUTOFF", "2027-03-31T23:59:59-07:00")
# Grants are encrypted with the first of these Fernet keys; all of them decrypt, so that keys can be rotated.
TOKEN_KEYS = env.items(
    "TOKEN_KEYS", ["ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtISE="] if DEBUG else [], required=not DEBUG
)

# --- Microsoft and Google ---------------------------------------------------------------------------------------
SIMULATOR_URL = env.url("SIMULATOR_URL", "", schemes=("http",))
if SIMULATOR_URL and not DEBUG:
    env.problems["SIMULATOR_URL"] = "is for development only and refused when DEBUG is off."
simulated = bool(SIMULATOR_URL and DEBUG)
MICROSOFT_CLIENT_ID = env.text("MICROSOFT_CLIENT_ID", "caret-sync" if DEBUG else "", required=not DEBUG)
MICROSOFT_CLIENT_SECRET = env.text("MICROSOFT_CLIENT_SECRET", "simulated" if DEBUG else "", required=not DEBUG)
# msal insists on https; where the simulator stands in, requests to this host are sent to it (calendars.graph.http).
MICROSOFT_AUTHORITY = env.url("MICROSOFT_AUTHORITY", "https://login.microsoftonline.com/common")
GRAPH_URL = env.url("GRAPH_URL", "https://graph.microsoft.com/v1.0")
EWS_URL = env.url("EWS_URL", "https://outlook.office365.com/EWS/Exchange.asmx")
GOOGLE_CLIENT_ID = env.text("GOOGLE_CLIENT_ID", "caret-sync" if DEBUG else "")
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET", "simulated" if DEBUG else "")
GOOGLE_URL = env.url("GOOGLE_URL", "https://www.googleapis.com")
GOOGLE_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
if simulated:
    GRAPH_URL = f"{SIMULATOR_URL}/v1.0"
    EWS_URL = f"{SIMULATOR_URL}/EWS/Exchange.asmx"
    GOOGLE_URL = SIMULATOR_URL
    GOOGLE_AUTHORIZE_URL = f"{SIMULATOR_URL}/o/oauth2/v2/auth"
    GOOGLE_TOKEN_URL = f"{SIMULATOR_URL}/token"

# --- Times, in seconds ------------------------------------------------------------------------------------------
SESSION_MAX_AGE = env.whole("SESSION_MAX_AGE", 14 * 24 * 3600, least=1)
HTTP_TIMEOUT = env.number("HTTP_TIMEOUT", 30, least=0.05)
# How long a worker that has stopped answering keeps its connection to itself. Longer than a request may last.
LEASE_SECONDS = env.number("LEASE_SECONDS", 60, least=0.1)
# A task works this long, page after page, then hands on to the next.
TASK_SECONDS = env.number("TASK_SECONDS", 20, least=0.1)
# A wait up to this long is waited in place; a longer one gives the worker back.
SHORT_WAIT_SECONDS = env.number("SHORT_WAIT_SECONDS", 5)
# Runs that nobody has touched for this long and nobody holds are taken up again.
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 60, least=0.1)
# `manage.py work` looks this often for such runs, for waits that are over, and after the queue's processes.
WATCH_SECONDS = env.number("WATCH_SECONDS", 5, least=0.05)
# Processes of the queue that answer nothing for this long are started anew. Longer than a task may last.
STALL_SECONDS = env.number("STALL_SECONDS", 150, least=0.1)
# First pause before a failed request is tried again; doubles with each try, with jitter.
RETRY_SECONDS = env.number("RETRY_SECONDS", 1, least=0.01)
RETRY_ATTEMPTS = env.whole("RETRY_ATTEMPTS", 5, least=1)
# A sign-in under way may take this long.
SIGN_IN_SECONDS = env.number("SIGN_IN_SECONDS", 900, least=1)
# An approval by support of the move to another account can be used this long.
APPROVAL_SECONDS = env.number("APPROVAL_SECONDS", 7 * 24 * 3600, least=1)
# Support see the pages as a member does for this long at a time.
IMPERSONATION_SECONDS = env.number("IMPERSONATION_SECONDS", 1800, least=1)
LOGIN_RATE_LIMITS = env.flag("LOGIN_RATE_LIMITS", True)

# --- The daily sync with Graph, in days -------------------------------------------------------------------------
# Whatever changes in this window is told within the window's own round; around it by notifications, and by a list of
# all there is, every so often. A day of the window costs a line for each daily series, once in that time.
SYNC_WINDOW_PAST_DAYS = env.whole("SYNC_WINDOW_PAST_DAYS", 30)
SYNC_WINDOW_FUTURE_DAYS = env.whole("SYNC_WINDOW_FUTURE_DAYS", 180, least=2)
SYNC_FULL_DAYS = env.number("SYNC_FULL_DAYS", 7, least=0.001)
# How long Graph is asked to tell of changes, in seconds; Microsoft allows 253,800. Renewed when half of it has gone by.
SUBSCRIPTION_SECONDS = env.whole("SUBSCRIPTION_SECONDS", 252_000, least=2700)

# --- The daily sync, whichever service it is with ---------------------------------------------------------------
# Each connection is looked at this often, in seconds; more seldom where the service tells of changes by itself.
SYNC_POLL_SECONDS = env.number("SYNC_POLL_SECONDS", 900, least=0.1)
SYNC_POLL_SUBSCRIBED_SECONDS = env.number("SYNC_POLL_SUBSCRIBED_SECONDS", 3600, least=0.1)
# The queue is not filled further than this by the clock.
SYNC_DUE_LIMIT = env.whole("SYNC_DUE_LIMIT", 10_000, least=1)
# A member's organisation that has ended EWS is asked again this often whether it still does.
SYNC_BLOCKED_SECONDS = env.number("SYNC_BLOCKED_SECONDS", 21_600, least=0.1)
# Where more than this share of a calendar is gone at once, and at least so many, staff decide before it goes here.
SYNC_REFUSE_SHARE = env.number("SYNC_REFUSE_SHARE", 0.2)
SYNC_REFUSE_LEAST = env.whole("SYNC_REFUSE_LEAST", 10, least=1)

# --- Django -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "hijack",
    # Before django_q, whose command `qcluster` it replaces.
    "caret_sync.apps.CaretSyncConfig",
    "django_q",
    "firms",
    "calendars",
    "migration",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "caret_sync.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "hijack.middleware.HijackUserMiddleware",
    "firms.middleware.ImpersonationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "migration.middleware.LoginPromptMiddleware",
]

ROOT_URLCONF = "caret_sync.urls"
WSGI_APPLICATION = "caret_sync.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "migration.context_processors.move",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", BASE_DIR / "caret_sync.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A worker that is frozen in the middle of a transaction must not keep its rows longer than its lease.
    DATABASES["default"]["OPTIONS"].setdefault(
        "options", f"-c idle_in_transaction_session_timeout={int(LEASE_SECONDS * 1000)}"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Attempts to log in are counted here. Django's own 300 would be full on any morning, and forget a third of them.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Accounts ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "firms.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
HIJACK_PERMISSION_CHECK = "firms.impersonation.may_impersonate"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_ADAPTER = "firms.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "firms.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Nobody can make us write to strangers by typing their address into the form for a lost password.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Behind proxies everybody has the proxy's address, and one guesser would lock all others out.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", 0)
if not LOGIN_RATE_LIMITS:
    ACCOUNT_RATE_LIMITS = False
SESSION_COOKIE_AGE = SESSION_MAX_AGE
SESSION_COOKIE_HTTPONLY = True
# The answer of Microsoft's sign-in comes by a link from another site and needs the session: "Strict" would lose it.
SESSION_COOKIE_SAMESITE = "Lax"

# --- Transport security -----------------------------------------------------------------------------------------
if not DEBUG:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
    if ALLAUTH_TRUSTED_PROXY_COUNT:
        # Without a proxy that sets it, it would be a claim of whoever asks.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# --- Mail -------------------------------------------------------------------------------------------------------
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_FILE_PATH = env.email(
    "EMAIL_URL", DEBUG
)
EMAIL_TIMEOUT = HTTP_TIMEOUT
DEFAULT_FROM_EMAIL = env.mail_address("DEFAULT_FROM_EMAIL", SUPPORT_EMAIL or "calendar@caretsync.example")

# --- Background tasks -------------------------------------------------------------------------------------------
WORKERS = env.whole("WORKERS", 2, least=1)
TASK_TIMEOUT = env.whole("TASK_TIMEOUT", 120, least=1)
Q_CLUSTER = {
    "name": "caret-sync",
    # Our own database: a task is enqueued by the very transaction that changes the state it works on.
    "orm": "default",
    "workers": WORKERS,
    # The clock of `retry` starts when a worker prefetches: with a queue no longer than the workers, a task waits for
    # at most one other, so `retry` must exceed twice the time-out.
    "queue_limit": WORKERS,
    "timeout": TASK_TIMEOUT,
    "retry": env.whole("TASK_RETRY", 300, least=2),
    "max_attempts": 0,
    "ack_failures": True,
    "save_limit": 0,
    "catch_up": False,
    "recycle": 500,
    "poll": 0.2,
    "label": "Background tasks",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
    },
    # msal writes whole answers of the token endpoint where it cannot read them, and codes when debugging; exchangelib
    # writes requests and answers, tokens and texts of events included, where something unforeseen happens.
    "loggers": {"msal": {"level": "CRITICAL"}, "exchangelib": {"level": "CRITICAL"}},
}

SETTING_PROBLEMS = dict(env.problems)
