"""The account pages we offer, and no others: there is no sign-up, and e-mail addresses are changed by staff.

The names are allauth's own, since its views reverse them.
"""

from allauth.account import views
from django.urls import path, re_path
from django.views.decorators.http import require_POST

from firms.views import BeginView, EndView, seen_by_support

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("seen-by-support/", seen_by_support, name="seen_by_support"),
    path("view-as-member/begin/", require_POST(BeginView.as_view()), name="impersonation_begin"),
    path("view-as-member/end/", require_POST(EndView.as_view()), name="impersonation_end"),
]
