"""Django settings. Everything an operator may change is an environment variable named ``AISC_…``.

The list with defaults and meanings is in ``docs/operator/settings.md``.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from aisc.core.logs import FORMATTERS
from aisc.core.state import state_folder


def _choice(name: str, default: str, choices: Collection[str]) -> str:
    value = os.environ.get(name) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not known; choose one of: {', '.join(sorted(choices))}.")
    return value


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


PACKAGE = Path(__file__).resolve().parent.parent
STATE = state_folder()

PORT = int(os.environ.get("AISC_PORT") or 8000)
PUBLIC_URL = os.environ.get("AISC_PUBLIC_URL") or f"http://127.0.0.1:{PORT}"
DEMO = STATE.demonstration.exists()
DEBUG = _flag("AISC_DEBUG", False)

# Tools that read code (tests, docs, message extraction) run before any state folder exists.
SECRET_KEY = (
    os.environ.get("AISC_SECRET_KEY")
    or (STATE.secret.read_text().strip() if STATE.secret.is_file() else "")
    or "state-folder-not-prepared"
)
ALLOWED_HOSTS = os.environ.get("AISC_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "aisc.core",
    "aisc.people",
    "aisc.centre",
    "aisc.ledger",
    "aisc.jobs",
    "aisc.scheme",
    "aisc.portal",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "ninja",
]

MIDDLEWARE = [
    "aisc.core.headers.SecurityHeaders",
    "aisc.core.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "aisc.core.static.StaticFiles",
    "aisc.core.static.PackedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "aisc.core.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "aisc.core.middleware.CurrentActor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "aisc.people.sessions.LastSeen",
    "aisc.core.middleware.Refusals",
]

ROOT_URLCONF = "aisc.portal.urls"
ASGI_APPLICATION = "aisc.core.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aisc.portal.context.frame",
            ],
        },
    }
]

DATABASE_URL = os.environ.get("AISC_DATABASE_URL", "")
if DATABASE_URL:
    # No connection outlives its request: under ASGI each request has a thread of its own, so one that was kept
    # would never be used again, and would stay open until it is garbage.
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=0, conn_health_checks=True)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": STATE.database,
            "OPTIONS": {
                # IMMEDIATE takes the write lock at the start of a transaction, so that two of them can
                # never both read a balance and then both write it; others wait up to the timeout.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["aisc.people.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "portal:front"
ACCOUNT_ADAPTER = "aisc.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "aisc.people.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one counts when its code was entered
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "signup": "aisc.people.allauth_forms.SignUp",
    "login": "aisc.people.allauth_forms.SignIn",
    "add_email": "aisc.people.allauth_forms.ChangeEmail",
    "change_password": "aisc.people.allauth_forms.ChangePassword",
    "set_password": "aisc.people.allauth_forms.SetPassword",
    "reset_password": "aisc.people.allauth_forms.ResetPassword",
    "reset_password_from_key": "aisc.people.allauth_forms.ResetPasswordFromKey",
    "reauthenticate": "aisc.people.allauth_forms.Reauthenticate",
    "confirm_email_verification_code": "aisc.people.allauth_forms.ConfirmAddress",
}

# For what can let somebody else in; ``AccountAdapter`` says how fresh is fresh.
ACCOUNT_REAUTHENTICATION_REQUIRED = True

# Institutions' identity providers, from the rows that ``people.connect_institution`` writes.
SOCIALACCOUNT_ADAPTER = "aisc.people.institutions.adapter.InstitutionAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False  # name and language are the person's own to say
SOCIALACCOUNT_FORMS = {"signup": "aisc.people.allauth_forms.SignUpByInstitution"}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address never signs in to an account by itself
SOCIALACCOUNT_STORE_TOKENS = False
# Private networks' identity providers (and the tests') may speak plain HTTP on the loopback alone.
IDENTITY_PROVIDERS_WITHOUT_TLS = {"127.0.0.1", "localhost", "[::1]"}

MFA_ADAPTER = "aisc.people.second_factor.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC_URL.startswith("http://")  # browsers allow it on localhost alone
MFA_FORMS = {
    "authenticate": "aisc.people.allauth_forms.SecondFactor",
    "reauthenticate": "aisc.people.allauth_forms.ConfirmByCode",
    "activate_totp": "aisc.people.allauth_forms.ActivateTotp",
    "add_webauthn": "aisc.people.allauth_forms.AddPasskey",
    "edit_webauthn": "aisc.people.allauth_forms.RenamePasskey",
}
# Roles of the centre that count only for people with a second factor, such as "administrator,finance".
SECOND_FACTOR_FOR = frozenset(filter(None, os.environ.get("AISC_SECOND_FACTOR_FOR", "").replace(" ", "").split(",")))

# For money and decisions: how long a proof of who one is stays fresh; 0 never asks again.
STEP_UP_AFTER_MS = int(os.environ.get("AISC_STEP_UP_MINUTES") or 15) * 60_000
STEP_UP_URL = "people:confirm"

# iAM Smart, when the Government has given the centre an account there; all four or nothing.
IAM_SMART_URL = os.environ.get("AISC_IAM_SMART_URL", "").rstrip("/")
IAM_SMART_CLIENT_ID = os.environ.get("AISC_IAM_SMART_CLIENT_ID", "")
IAM_SMART_CLIENT_SECRET = os.environ.get("AISC_IAM_SMART_CLIENT_SECRET", "")
IAM_SMART_KEY = os.environ.get("AISC_IAM_SMART_KEY", "")

HTTPS = PUBLIC_URL.startswith("https://")
# Under https browsers themselves see to it that no other host and no plain answer can set these: ``__Host-``.
# Without, the port is in the name: several centres may share 127.0.0.1.
_COOKIE = "__Host-aisc_{}" if HTTPS else f"aisc_{{}}_{PORT}"
SESSION_ENGINE = "aisc.core.session_store"
SESSION_COOKIE_NAME = _COOKIE.format("session")
CSRF_COOKIE_NAME = _COOKIE.format("csrf")
LANGUAGE_COOKIE_NAME = _COOKIE.format("language")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

if os.environ.get("AISC_EMAIL_URL"):
    _mail = dj_database_url.urlparse.urlsplit(os.environ["AISC_EMAIL_URL"])
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
else:
    # Without a mail server, mail is kept in the state folder, where the operator can read it.
    EMAIL_BACKEND = "aisc.core.mail.FolderBackend"
EMAIL_FILE_PATH = STATE.mail
DEFAULT_FROM_EMAIL = os.environ.get("AISC_MAIL_FROM", "AISC <no-reply@localhost>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("AISC_TIME_ZONE", "Asia/Hong_Kong")
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "aisc.core.formats"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "aisc.core.static.HashedNames"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

CURRENCY = "HKD"
CENTRE_NAME_EN = os.environ.get("AISC_CENTRE_NAME_EN", "AISC demonstration centre")
CENTRE_NAME_ZH = os.environ.get("AISC_CENTRE_NAME_ZH", "AISC 示範中心")
# Empty: the name above in 简体, character by character.
CENTRE_NAME_HANS = os.environ.get("AISC_CENTRE_NAME_HANS", "")
# Whether readers of 简体 may have a reading copy of letters and statements in it.
READING_COPIES = _flag("AISC_READING_COPIES", DEMO)

# Of one web process; the others wait their turn (``core.bodies``).
REQUESTS_AT_ONCE = int(os.environ.get("AISC_REQUESTS_AT_ONCE") or 16)

# Uploads stream to disk; this bounds one file, checked before a byte is read where the length is known.
MAX_UPLOAD_BYTES = int(os.environ.get("AISC_MAX_UPLOAD_MB") or 2048) * 1_048_576
WORKSPACE_QUOTA_BYTES = int(os.environ.get("AISC_WORKSPACE_QUOTA_MB") or 20_480) * 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1_048_576

# Jobs of the local engine: how they are kept apart, what network they have, which folders they may read besides the
# system's (paths of this machine, separated by colons).
JOB_ISOLATION = _choice("AISC_ISOLATION", "prefer", ("require", "prefer", "off"))
JOB_NETWORK = _choice("AISC_JOB_NETWORK", "none", ("none", "host"))
JOB_PATHS = [each for each in os.environ.get("AISC_JOB_PATHS", "").split(":") if each]
# How long the files of an ended run (its log, its temporary files) are kept; 0: for ever. Its accounting always is.
KEEP_LOGS_DAYS = int(os.environ.get("AISC_KEEP_LOGS_DAYS") or 365)

# Shared by all processes of this machine, so that limits hold whichever of them answers.
CACHES = {"default": {"BACKEND": "aisc.core.shared_cache.SqliteCache", "LOCATION": STATE.run / "cache.sqlite3"}}
API_WRITES_PER_MINUTE = int(os.environ.get("AISC_API_WRITES_PER_MINUTE") or 1200)
VERIFICATIONS_PER_MINUTE = 60
# Hosts on private networks that the portal may fetch from, though an administrator's link names them.
OUTGOING_PRIVATE_HOSTS = frozenset(filter(None, os.environ.get("AISC_OUTGOING_PRIVATE_HOSTS", "").split(",")))

ACCESS_LOG = _flag("AISC_ACCESS_LOG", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": FORMATTERS[_choice("AISC_LOG_FORMAT", "text", FORMATTERS)]}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("AISC_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        # A refusal (404, 403) is an answer, not an event for the operator.
        "django.request": {"level": "ERROR"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
