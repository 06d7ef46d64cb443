from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

# Staff come through the same door as everyone: one place for rate limits and password reset.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("firms.urls")),
    path("", include("calendars.urls")),
    path("", include("migration.urls")),
]
