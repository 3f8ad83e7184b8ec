"""Rows for the data migrations to find, put in through the models of today."""
import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from oscar.apps.address.models import Country, UserAddress  # noqa: E402
from oscar.apps.basket.models import Basket  # noqa: E402
from oscar.apps.catalogue.models import Category, Product, ProductClass  # noqa: E402
from oscar.apps.communication.models import CommunicationEventType  # noqa: E402
from oscar.apps.order.models import Order, OrderDiscount  # noqa: E402
from oscar.apps.voucher.models import Voucher  # noqa: E402
from taggit.models import Tag  # noqa: E402
from wagtail.models import Page, Revision  # noqa: E402

users = [User.objects.create_user(name, "%s@Example.org" % name.upper(), "x") for name in ("ann", "bob", "cat")]
for user in users:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
country = Country.objects.create(iso_3166_1_a2="GB", iso_3166_1_a3="GBR", iso_3166_1_numeric="826", printable_name="United Kingdom", name="UNITED KINGDOM")
UserAddress.objects.create(user=users[0], country=country, first_name="Ann", last_name="A", line1="1 Road", line4="Town", postcode="N1 9RT", phone_number="+442071234567")
kind = ProductClass.objects.create(name="Hat")
product = Product.objects.create(title="Blue Hat", product_class=kind, upc="1")
root = Category.add_root(name="Hats")
root.add_child(name="Blue Hats")
product.categories.add(root)
Basket.objects.create(owner=users[0])
order = Order.objects.create(number="1", user=users[0], total_incl_tax=1, total_excl_tax=1, currency="GBP")
OrderDiscount.objects.create(order=order, category=OrderDiscount.BASKET, amount=1, voucher_code="X", offer_name="o")
CommunicationEventType.objects.create(code="X", name="x", category="Order related")
import datetime  # noqa: E402

now = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
Voucher.objects.create(name="v", code="V", start_datetime=now, end_datetime=now + datetime.timedelta(days=9))
Tag.objects.create(name="Blue")
home = Page.objects.filter(depth=2).first() or Page.objects.filter(depth=1).first()
for name in ("one", "two"):
    page = home.add_child(instance=Page(title=name, slug=name))
    page.save_revision().publish()
