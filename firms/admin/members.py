"""Everyone who logs in. Members are added by the import or here; they choose their password by mail."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminEmailInputWidget
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from firms import accounts, audit
from firms.admin.base import Admin, FirmFlagFilter
from firms.forms import LowerCaseEmailField
from firms.impersonation import may_impersonate
from firms.models import User

# What makes somebody staff, or decides what staff may do: for superusers alone.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class MemberForm(UserChangeForm):
    email = LowerCaseEmailField(label="E-mail address", widget=AdminEmailInputWidget)

    class Meta:
        model = User
        fields = "__all__"


class NewMemberForm(AdminUserCreationForm):
    email = LowerCaseEmailField(label="E-mail address", widget=AdminEmailInputWidget)

    class Meta:
        model = User
        fields = ("email", "name", "firm", "role", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["usable_password"]
        assert isinstance(choice, forms.ChoiceField)
        choice.label, choice.initial = "Password", "false"
        choice.choices = [("false", "Chosen by the member, by mail"), ("true", "Set here")]
        choice.help_text = (
            "The member asks for the link with “Forgot your password, or have none yet?” on the login page."
        )


@admin.register(User)
class MemberAdmin(Admin, UserAdmin):
    form: type[forms.ModelForm] = MemberForm
    add_form = NewMemberForm
    list_display: tuple[str, ...] = ("email", "name", "firm", "role", "is_active", "last_login")
    list_filter: ClassVar[tuple[Any, ...]] = ("role", FirmFlagFilter, "is_active", "is_staff", "groups")
    list_select_related = ("firm",)
    search_fields = ("email", "name", "firm__name", "firm__slug")
    search_help_text = "E-mail address, name or firm"
    ordering = ("email",)
    autocomplete_fields = ("firm",)
    readonly_fields: ClassVar[tuple[str, ...]] = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "firm", "role", "time_zone", "is_active")}),
        ("Login", {"fields": ("password", "last_login", "date_joined")}),
        ("Staff", {"fields": POWERS, "classes": ("collapse",)}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "firm", "role", "time_zone")}),
        ("Login", {"fields": ("usable_password", "password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _user(request).is_superuser else (*fields, *POWERS)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """How a password is hashed is nobody's to look at, and the button beside it is for who may set one."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sets
        return [
            (name, {**one, "fields": [field for field in one["fields"] if field != "password"]}) for name, one in sets
        ]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may change members may not, by another e-mail address or password, become staff or a superuser."""
        if obj is not None and (obj.is_staff or obj.is_superuser) and not _user(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data and change:
            accounts.email_changed(obj, before=form.initial["email"], actor=_user(request))
        fields = sorted(set(form.changed_data) - {"password", "password1", "password2"})
        if fields or not change:
            action = "member.changed" if change else "member.added"
            audit.record(action, actor=_user(request), member=obj, subject=obj, fields=fields)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_impersonate"] = may_impersonate(hijacker=request.user, hijacked=context.get("original"))
        context["impersonation_minutes"] = round(settings.IMPERSONATION_SECONDS / 60)
        return super().render_change_form(request, context, *args, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            # Django answers with a redirect when, and only when, the password was set or switched off.
            if request.method == "POST" and response.status_code == 302:
                member = User.objects.get(pk=id)
                audit.record("member.password_set", actor=_user(request), member=member, subject=member)
        return response


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
