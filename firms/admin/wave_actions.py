"""Many firms put into a wave, or taken out, from the list of firms: its form can't hold thousands of them."""

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.sites import AdminSite
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from firms.admin.waves import record
from firms.models import Firm, User, Wave


class WaveChoice(forms.Form):
    wave = forms.ModelChoiceField(
        Wave.objects.filter(carried_out_at=None).order_by("flag_at"),
        error_messages={"invalid_choice": "This wave has been carried out or called off meanwhile."},
    )


def into_or_out_of_wave(request: HttpRequest, firms: QuerySet[Firm], site: AdminSite) -> HttpResponse | None:
    """The page that asks which wave, and once it is answered the deed."""
    answered = "put" in request.POST or "take" in request.POST
    form = WaveChoice(request.POST if answered else None)
    if answered and form.is_valid():
        assert isinstance(request.user, User)
        _do(request, form.cleaned_data["wave"], list(firms.values_list("pk", flat=True)), request.user)
        return None
    context = {
        **site.each_context(request),
        "title": "Put firms into a wave, or take them out",
        "opts": Firm._meta,
        "number": firms.count(),
        "form": form,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/firms/firm/choose_wave.html", context)


@transaction.atomic
def _do(request: HttpRequest, chosen: Wave, ids: list[int], actor: User) -> None:
    # Locked, so that it is not carried out half way through.
    wave = Wave.objects.select_for_update(no_key=True).filter(pk=chosen.pk, carried_out_at=None).first()
    if wave is None:
        messages.error(request, f"{chosen.name} has just been carried out; nothing was done.")
        return
    before = wave.firms.count()
    if "put" in request.POST:
        wave.firms.add(*ids)
    else:
        wave.firms.remove(*ids)
    after = wave.firms.count()
    if after == before:
        messages.info(request, f"{wave.name} stays as it is.")
        return
    wave.scheduled_by = actor
    wave.save(update_fields=["scheduled_by"])
    record("wave.changed", wave, actor)
    messages.success(request, f"{wave.name} had {before:,} firms and has {after:,} now.")
