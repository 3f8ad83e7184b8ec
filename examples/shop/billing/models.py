from django.conf import settings
from django.db import models


class Invoice(models.Model):
    product = models.ForeignKey("shop.Product", on_delete=models.CASCADE)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    paid = models.BooleanField(default=False)
