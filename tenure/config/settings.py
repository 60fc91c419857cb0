"""Django's settings, from the environment alone. Loading them touches no database."""

import json
import os
import secrets as random_secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from tenure.config import environment
from tenure.config.database import suit_connections
from tenure.core.clock import Clock, FastClock, SystemClock
from tenure.core.secrets import KeyRing
from tenure.embedded import url_of

env = os.environ
environment.refuse_unknown(env)

TENURE_HOME = environment.home(env)
TENURE_PACKAGE = Path(__file__).resolve().parent.parent
TENURE_API_RATE = environment.whole_number(env, "TENURE_API_RATE", 1_000)
TENURE_API_READ_SECONDS = environment.whole_number(env, "TENURE_API_READ_SECONDS", 30)
TENURE_LOG = environment.one_of(env, "TENURE_LOG", ("text", "json"), "text")
TENURE_CA_FILE = env.get("TENURE_CA_FILE") or None

# A demo's folder says so itself, so that every command run beside it meets the same simulator
# and the same (faster) clock, and none can reach a live site.
DEMO_FILE = TENURE_HOME / "demo.json"
TENURE_DEMO: dict[str, Any] | None = (
    json.loads(DEMO_FILE.read_text()) if DEMO_FILE.exists() else None
)
_demo_urls = (TENURE_DEMO or {}).get("urls", {})
TENURE_RECURLY_URLS = {
    "us": _demo_urls.get("us")
    or environment.web_address(env, "TENURE_RECURLY_US_URL", "https://v3.recurly.com"),
    "eu": _demo_urls.get("eu")
    or environment.web_address(env, "TENURE_RECURLY_EU_URL", "https://v3.eu.recurly.com"),
}


def _clock() -> Clock:
    path = TENURE_HOME / "clock.json"
    if TENURE_DEMO is None or not path.exists():
        return SystemClock()
    return FastClock.load(path)


TENURE_CLOCK: Clock = _clock()

SECRET_KEY = environment.text(env, "TENURE_SECRET_KEY") or environment.kept(
    TENURE_HOME, "secret_key", lambda: random_secrets.token_urlsafe(48)
)
TENURE_KEYRING = KeyRing.from_json(
    environment.text(env, "TENURE_KEYRING")
    or environment.kept(TENURE_HOME, "keyring.json", KeyRing.fresh_json)
)

TENURE_URL = environment.web_address(env, "TENURE_URL")
_public = urlsplit(TENURE_URL or "")
ALLOWED_HOSTS = [_public.hostname] if _public.hostname else ["localhost", "127.0.0.1", "[::1]"]
if TENURE_URL:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1"]
    CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
_https = _public.scheme == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-tenure" if _https else "tenure"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "tenure.web.errors.expired_form"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DEBUG = False
ROOT_URLCONF = "tenure.config.urls"
WSGI_APPLICATION = "tenure.config.wsgi.application"

# The order is the order of the layers: a foreign key may only point to an app above it here.
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
    "tenure.access",
    "tenure.connections",
    "tenure.customers",
    "tenure.identity",
    "tenure.sync",
    "tenure.metrics",
    "tenure.health",
    "tenure.segments",
    "tenure.alerts",
    "tenure.tasks",
    "tenure.notify",
    "tenure.api",
    "tenure.web",
]

MIDDLEWARE = [
    "tenure.web.probes.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenure.web.as_of.AsOf",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenure.web.frame.context",
            ],
        },
    }
]

suit_connections()
_url = environment.text(env, "TENURE_DATABASE_URL") or url_of(TENURE_HOME)
DATABASES = {
    "default": {**environment.database(_url), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
PROCRASTINATE_IMPORT_PATHS = ["tenure.jobs"]
# Login throttling counts here, so it must be one count for all web processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "access_cache",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "tenure.access.passwords.LongEnough",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "tenure.access.passwords.NotAboutOneself"},
    {"NAME": "tenure.access.passwords.NotCommon"},
]
ACCOUNT_ADAPTER = "tenure.web.signin.MembersOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Mail leaves through the outbox of notify alone, which keeps what cannot be sent.
TENURE_MAIL = environment.mail(env)
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = env.get("TENURE_EMAIL_FROM") or f"tenure@{_public.hostname or 'localhost'}"
TENURE_NOTIFY_HOSTS = environment.hosts(env, "TENURE_NOTIFY_HOSTS")

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "tenure.config.logs.JsonLines"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": TENURE_LOG}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}},
}
