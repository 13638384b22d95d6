from django.urls import path

from aisc.centre import views

app_name = "centre"
urlpatterns = [
    path("centre/", views.overview, name="overview"),
    path("centre/accelerators/<slug:code>/", views.accelerator, name="accelerator"),
]
