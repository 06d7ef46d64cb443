from django.urls import path

from calendars import views

urlpatterns = [path("", views.dashboard, name="dashboard")]
