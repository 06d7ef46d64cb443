from django.urls import path

from migration.views import anomalies, disconnecting, prompt, reports, runs, sign_in, tickets
from migration.views import help as help_views

app_name = "migration"
urlpatterns = [
    path("move/", prompt.prompt, name="prompt"),
    path("move/not-now/", prompt.not_now, name="not_now"),
    path("move/sign-in/", sign_in.sign_in, name="sign_in"),
    path("move/sign-in/<int:pk>/", sign_in.sign_in_result, name="sign_in_result"),
    path("move/sign-in/help/", sign_in.ask_for_help, name="ask_for_help"),
    path("move/disconnect/", disconnecting.disconnect, name="disconnect"),
    path("move/callback/", sign_in.callback, name="callback"),
    path("move/consent/", sign_in.consent_given, name="consent"),
    path("move/administrator/", sign_in.for_administrator, name="for_administrator"),
    path("move/runs/<int:pk>/", runs.run, name="run"),
    path("move/runs/<int:pk>/status/", runs.run_status, name="run_status"),
    path("move/runs/<int:pk>/report/", reports.report, name="report"),
    path("move/runs/<int:pk>/report.csv", reports.report_csv, name="report_csv"),
    path("move/runs/<int:pk>/anomalies/", anomalies.anomalies, name="anomalies"),
    path("move/anomalies/<int:pk>/", anomalies.anomaly, name="anomaly"),
    path("move/anomalies/of-event/<int:pk>/", anomalies.of_event, name="anomaly_of_event"),
    path("move/anomalies/<int:pk>/decide/<slug:act>/", anomalies.decide, name="anomaly_decide"),
    path("move/anomalies/<int:pk>/undo/<int:decision>/", anomalies.undo, name="anomaly_undo"),
    path("move/tickets/<slug:reference>/", tickets.ticket, name="ticket"),
    path("help/calendar-sync/", help_views.overview, name="help"),
    path("help/calendar-sync/<slug:slug>/", help_views.page, name="help_page"),
]
