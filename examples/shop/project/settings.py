import os

BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SECRET_KEY = "only-for-the-example"
DEBUG = True
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "shop",
    "billing",
    "reports",
]

DATABASES = {
    "default": {
        "ENGINE": os.environ.get("SHOP_DB_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get("SHOP_DB_NAME", os.path.join(BASE_DIR, "db.sqlite3")),
        "HOST": os.environ.get("SHOP_DB_HOST", ""),
        "PORT": os.environ.get("SHOP_DB_PORT", ""),
        "USER": os.environ.get("SHOP_DB_USER", ""),
        "PASSWORD": os.environ.get("SHOP_DB_PASSWORD", ""),
    }
}
