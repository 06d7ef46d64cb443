import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from firms.admin.base import ReadOnlyAdmin
from firms.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Append-only: the model refuses every change, the admin does not offer one."""

    list_display = ("at", "action", "firm", "member", "actor", "note")
    list_display_links = ("at", "action")
    list_filter = ("at", "action")
    list_select_related = ("firm", "member", "actor")
    search_fields = ("firm__slug", "member__email", "actor__email", "=subject")
    search_help_text = "Short name of the firm, or the e-mail address of the member or of who did it"
    fields = ("at", "action", "actor", "firm", "member", "subject", "note", "details")
    readonly_fields = ("details",)

    @admin.display(description="details")
    def details(self, entry: AuditEntry) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(entry.data, indent=2, ensure_ascii=False, sort_keys=True))
