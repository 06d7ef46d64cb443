"""The admin of firms and people. Flags are set by `migration.admin.firms`, which knows what else has to happen."""

from allauth.account.models import EmailAddress
from django.contrib import admin

from firms.admin import audit, firms, members, waves  # noqa: F401  register their models

admin.site.site_header = "Caret Sync administration"
admin.site.site_title = "Caret Sync"
admin.site.index_title = "Rollout and support"
# The e-mail address of an account is that of its user; allauth's copy is not ours to edit.
admin.site.unregister(EmailAddress)
