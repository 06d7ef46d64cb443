"""Help inside the product (R14): one page for each question. Open to all, so that a link in a mail works."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@dataclass(frozen=True)
class Topic:
    """Its page is templates/migration/help/<slug>.html."""

    slug: str
    title: str
    summary: str


TOPICS = (
    Topic("what-changes", "What changes, and why", "Microsoft ends the old connection to Outlook."),
    Topic("when", "When it happens", "At a login of yours, and at the latest on the last day."),
    Topic("what-to-do", "Do I have to do anything?", "One sign-in with Microsoft. Everything else happens by itself."),
    Topic("how-long", "How long it takes", "Minutes for most, up to several hours for very full calendars."),
    Topic("re-sync-outlook", "Re-sync an Office 365 calendar", "Step by step."),
    Topic("re-sync-google", "Re-sync a Google calendar", "Step by step, if yours ever stops."),
    Topic("google", "I use Google Calendar", "Nothing changes for you."),
    Topic("disable-old-sync", "Should I turn the old sync off?", "No. Why not, and what if I already have?"),
    Topic("another-calendar", "Another calendar or account", "Why it has to be the same one."),
    Topic("not-found", "Events that were not found", "What “not found in Outlook” means, and what you can do."),
    Topic("support", "Whom to ask", "People who can look at your calendar's sync."),
)  # fmt: skip
BY_SLUG = {topic.slug: topic for topic in TOPICS}


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "migration/help/overview.html", {"topics": TOPICS})


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    topic = BY_SLUG.get(slug)
    if topic is None:
        raise Http404(f"no help page {slug[:50]!r}")
    return render(request, f"migration/help/{topic.slug}.html", {"topic": topic, "topics": TOPICS})
