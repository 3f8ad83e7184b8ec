from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=100)
    slug = models.CharField(max_length=100, null=True)


class Order(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    quantity = models.IntegerField(default=1)
