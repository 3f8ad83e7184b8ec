"""A site of many packages at once on Django 4.2: read by Django's loader and by migstate, and compared."""
import os
import tempfile
from pathlib import Path

from oscar.defaults import *
from pretix._base_settings import CURRENCIES, CURRENCY_PLACES, PRETIX_EMAIL_NONE_VALUE, PRETIX_MAX_ORDER_SIZE, PRETIX_PRIMARY_COLOR

BASE_DIR = Path(__file__).resolve().parent
os.environ.setdefault("DATA_DIR", os.path.join(tempfile.gettempdir(), "migstate-pretix"))
SECRET_KEY = "x"*50
DEBUG = True
USE_TZ = True
SITE_ID = 1
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
LANGUAGES = [("en","English")]
LANGUAGE_CODE = "en"
DATABASES = {"default":{"ENGINE":"django.db.backends.sqlite3","NAME":":memory:"}}
TEMPLATES = [{"BACKEND":"django.template.backends.django.DjangoTemplates","APP_DIRS":True,"OPTIONS":{"context_processors":["django.template.context_processors.request","django.contrib.auth.context_processors.auth","django.contrib.messages.context_processors.messages"]}}]
CACHES = {"default":{"BACKEND":"django.core.cache.backends.locmem.LocMemCache"}}
WAGTAIL_SITE_NAME = "x"
WAGTAILADMIN_BASE_URL = "http://localhost"
CMS_CONFIRM_VERSION4 = True
CMS_TEMPLATES = [("page.html","Page")]
HAYSTACK_CONNECTIONS = {"default":{"ENGINE":"haystack.backends.simple_backend.SimpleEngine"}}
PACKAGE_NAME_FILEBROWSER = "filebrowser_safe"
PACKAGE_NAME_GRAPPELLI = "grappelli_safe"
USE_MODELTRANSLATION = False
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "djconfig.middleware.DjConfigMiddleware",
]
DRAMATIQ_BROKER = {"BROKER": "dramatiq.brokers.stub.StubBroker"}
PAYPAL_IDENTITY_TOKEN = "x"
IPRESTRICT_GEOIP_ENABLED = False
SITE_DOMAIN = "localhost"
ST_SITE_URL = "http://localhost"
EMAIL_DEVELOPMENT_EMAIL_LIST = []
PROCTORING_SETTINGS = {}
PROCTORING_BACKENDS = {"DEFAULT": "null", "null": {}}
SITE_URL = "http://localhost"
SITE_NETLOC = "localhost"
LANGUAGES_INFORMATION = {"en": {"name": "English", "natural_name": "English", "official": True, "percentage": 100, "code": "en"}}
DEFAULT_CURRENCY = "EUR"
ENTROPY = {"order_code": 5, "customer_identifier": 7, "ticket_secret": 32, "voucher_code": 16, "giftcard_secret": 12}
SITE_HOST = "localhost"
PRETIX_PLUGINS_EXCLUDE = []
PRETIX_AUTH_BACKENDS = ["pretix.base.auth.NativeAuthBackend"]
HAS_CELERY = False
HAS_REDIS = False
CURRENCY_CHOICES = [("EUR", "Euro"), ("USD", "US Dollar")]
MAIL_FROM = MAIL_FROM_ORGANIZERS = "root@localhost"
EMAIL_SENDER = "root@localhost"
EMAIL_TICKET_SYSTEM_ADDRESS = "root@localhost"
SITE_NAME = "x"
OAUTH2_PROVIDER_APPLICATION_MODEL = "pretixapi.OAuthApplication"
OAUTH2_PROVIDER_GRANT_MODEL = "pretixapi.OAuthGrant"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "pretixapi.OAuthIDToken"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "pretixapi.OAuthAccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "pretixapi.OAuthRefreshToken"
PLATFORM_NAME = "x"
EMAIL_OPT_OUT_INSTRUCTION_URL = EMAIL_SIGNATURE = ""
EMAIL_DIRECTOR_EMAIL_ADDRESS = "root@localhost"
CENTER_NAME = CENTER_BASE_URL = CENTER_PROJECT_RENEWAL_HELP_URL = "x"
EMAIL_ADMINS_ON_ALLOCATION_EXPIRE = EMAIL_ALLOCATION_EULA_IGNORE_OPT_OUT = False
EMAIL_ADMIN_LIST = []
EMAIL_DIRECTOR_PENDING_PROJECT_REVIEW_EMAIL = "root@localhost"
FILE_UPLOAD_MAX_SIZE_IMAGE = FILE_UPLOAD_MAX_SIZE_FAVICON = FILE_UPLOAD_MAX_SIZE_EMAIL_ATTACHMENT = FILE_UPLOAD_MAX_SIZE_EMAIL_AUTO_ATTACHMENT = FILE_UPLOAD_MAX_SIZE_OTHER = 1048576
FILE_UPLOAD_EXTENSIONS_IMAGE = FILE_UPLOAD_EXTENSIONS_QUESTION_IMAGE = FILE_UPLOAD_EXTENSIONS_FAVICON = FILE_UPLOAD_EXTENSIONS_EMAIL_ATTACHMENT = FILE_UPLOAD_EXTENSIONS_OTHER = (".png",)
PILLOW_FORMATS_IMAGE = PILLOW_FORMATS_QUESTIONS_IMAGE = PILLOW_FORMATS_QUESTIONS_FAVICON = ("PNG",)
PRETIX_SESSION_TIMEOUT_RELATIVE = PRETIX_SESSION_TIMEOUT_ABSOLUTE = 3600
PRETIX_INSTANCE_NAME = "x"
AUTH_USER_MODEL = "openwisp_users.User"
ENV_ROOT = "."
STATIC_ROOT = BASE_DIR / "static"
VITE_DEV_MODE = True
VITE_DEV_SERVER = "http://localhost"
MAILQUEUE_STORAGE = True
MAILQUEUE_ROOT = BASE_DIR / "mailqueue"
HELPDESK_TEAMS_MODE_ENABLED = False
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.admin",
    "django.contrib.flatpages",
    "django.contrib.redirects",
    "django.contrib.sitemaps",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "mptt",
    "treebeard",
    "taggit",
    "sekizai",
    "rest_framework",
    "haystack",
    "sorl.thumbnail",
    "widget_tweaks",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap4",
    "simple_history",
    "django_q",
    "import_export",
    "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig",
    "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig",
    "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig",
    "oscar.apps.partner.apps.PartnerConfig",
    "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.order.apps.OrderConfig",
    "oscar.apps.customer.apps.CustomerConfig",
    "oscar.apps.search.apps.SearchConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "oscar.apps.wishlists.apps.WishlistsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
    "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
    "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
    "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
    "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
    "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
    "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
    "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
    "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
    "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
    "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
    "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
    "django_nyt",
    "wiki",
    "wiki.plugins.attachments",
    "wiki.plugins.notifications",
    "wiki.plugins.images",
    "wiki.plugins.macros",
    "wiki.plugins.links",
    "wiki.plugins.globalhistory",
    "wiki.plugins.help",
    "wiki.plugins.editsection",
    "wiki.plugins.redlinks",
    "wiki.plugins.pymdown",
    "helpdesk",
    "bootstrap4form",
    "health_check",
    "health_check.db",
    "health_check.contrib.db_heartbeat",
    "cms",
    "menus",
    "djangocms_versioning",
    "djangocms_alias",
    "djangocms_snippet",
    "djangocms_text",
    "djangocms_video",
    "djangocms_style",
    "djangocms_googlemap",
    "djangocms_column",
    "djangocms_audio",
    "djangocms_icon",
    "djangocms_picture",
    "djangocms_link",
    "djangocms_moderation",
    "djangocms_form_builder",
    "djangocms_faq",
    "djangocms_bootstrap4",
    "djangocms_bootstrap4.contrib.bootstrap4_alerts",
    "djangocms_bootstrap4.contrib.bootstrap4_badge",
    "djangocms_bootstrap4.contrib.bootstrap4_card",
    "djangocms_bootstrap4.contrib.bootstrap4_carousel",
    "djangocms_bootstrap4.contrib.bootstrap4_collapse",
    "djangocms_bootstrap4.contrib.bootstrap4_content",
    "djangocms_bootstrap4.contrib.bootstrap4_grid",
    "djangocms_bootstrap4.contrib.bootstrap4_jumbotron",
    "djangocms_bootstrap4.contrib.bootstrap4_link",
    "djangocms_bootstrap4.contrib.bootstrap4_listgroup",
    "djangocms_bootstrap4.contrib.bootstrap4_media",
    "djangocms_bootstrap4.contrib.bootstrap4_picture",
    "djangocms_bootstrap4.contrib.bootstrap4_tabs",
    "djangocms_bootstrap4.contrib.bootstrap4_utilities",
    "filer",
    "easy_thumbnails",
    "adminsortable2",
    "wagtail",
    "wagtail.admin",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.documents",
    "wagtail.embeds",
    "wagtail.images",
    "wagtail.search",
    "wagtail.snippets",
    "wagtail.users",
    "puput",
    "django_social_share",
    "django_comments",
    "oauth2_provider",
    "mezzanine.boot",
    "mezzanine.conf",
    "mezzanine.core",
    "mezzanine.generic",
    "mezzanine.pages",
    "mezzanine.blog",
    "mezzanine.forms",
    "mezzanine.galleries",
    "mezzanine.twitter",
    "mezzanine.accounts",
    "cartridge.shop",
    "coldfront.core.user",
    "coldfront.core.field_of_science",
    "coldfront.core.utils",
    "coldfront.core.portal",
    "coldfront.core.project",
    "coldfront.core.resource",
    "coldfront.core.allocation",
    "coldfront.core.grant",
    "coldfront.core.publication",
    "coldfront.core.research_output",
    "rest_framework_simplejwt.token_blacklist",
    "djoser.webauthn",
    "notifications",
    "viewflow",
    "viewflow.workflow",
    "organizations",
    "paypal.pro",
    "paypal.standard",
    "paypal.standard.ipn",
    "paypal.standard.pdt",
    "dbtemplates",
    "django_rest_passwordreset",
    "mfa",
    "multifactor",
    "tos",
    "request",
    "tracking",
    "feincms",
    "feincms3",
    "todo",
    "tastypie",
    "django_dramatiq",
    "huey.contrib.djhuey",
    "bx_django_utils",
    "bx_django_utils.feature_flags",
    "huey_monitor",
    "prose",
    "django_summernote",
    "extra_settings",
    "admin_honeypot",
    "admin_tools",
    "admin_tools.theming",
    "admin_tools.menu",
    "jet",
    "baton",
    "report_builder",
    "survey",
    "django_cron",
    "threadedcomments",
    "django_mailbox",
    "mailqueue",
    "django_yubin",
    "herald",
    "mama_cas",
    "iprestrict",
    "cspreports",
    "security",
    "linkcheck",
    "multisite",
    "feeds",
    "drf_chunked_upload",
    "advanced_filters",
    "debug_toolbar",
    "django_private_chat2",
    "django_tasks",
    "django_tasks.backends.database",
    "social_django",
    "rest_framework.authtoken",
    "wagtailmedia",
    "wagtail_footnotes",
    "wagtail_review",
    "wagtail_transfer",
    "wagtail_personalisation",
    "wagtailvideos",
    "wagtail_newsletter",
    "wagtail_ab_testing",
    "wagtailseo",
    "flags",
    "fobi",
    "fobi.contrib.themes.bootstrap3",
    "fobi.contrib.plugins.form_elements.fields.text",
    "fobi.contrib.plugins.form_handlers.db_store",
    "spirit.core",
    "spirit.admin",
    "spirit.search",
    "spirit.user",
    "spirit.user.admin",
    "spirit.user.auth",
    "spirit.category",
    "spirit.category.admin",
    "spirit.topic",
    "spirit.topic.admin",
    "spirit.topic.favorite",
    "spirit.topic.moderate",
    "spirit.topic.notification",
    "spirit.topic.private",
    "spirit.topic.unread",
    "spirit.comment",
    "spirit.comment.bookmark",
    "spirit.comment.flag",
    "spirit.comment.flag.admin",
    "spirit.comment.history",
    "spirit.comment.like",
    "spirit.comment.poll",
    "django_ledger",
    "edx_proctoring",
    "edx_when",
    "edxval",
    "completion",
    "submissions",
    "milestones",
    "edx_name_affirmation",
    "super_csv",
    "celery_utils",
    "lti_consumer",
    "openassessment",
    "openassessment.assessment",
    "openassessment.staffgrader",
    "openassessment.workflow",
    "openedx_learning.apps.authoring.collections",
    "openedx_learning.apps.authoring.components",
    "openedx_learning.apps.authoring.contents",
    "openedx_learning.apps.authoring.publishing",
    "openedx_learning.apps.authoring.units",
    "openedx_tagging.core.tagging",
    "openwisp_users",
    "openwisp_notifications",
    "openwisp_ipam",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "categories_i18n",
    "fluent_blogs",
    "fluent_contents",
    "hordak",
    "lti_toolbox",
    "scribbler",
    "getpaid",
    "countries_plus",
    "languages_plus",
    "ara.api",
    "procrastinate.contrib.django",
    "django_ca",
    "pretix.base",
    "pretix.helpers",
    "pretix.api",
    "pretix.multidomain",
    "pretix.plugins.badges",
    "pretix.plugins.banktransfer",
    "pretix.plugins.paypal",
    "pretix.plugins.pretixdroid",
    "pretix.plugins.returnurl",
    "pretix.plugins.sendmail",
    "pretix.plugins.stripe",
    "pretix.plugins.ticketoutputpdf",
    "pretalx.common",
    "pretalx.event",
    "pretalx.mail",
    "pretalx.person",
    "pretalx.schedule",
    "pretalx.submission",
]
