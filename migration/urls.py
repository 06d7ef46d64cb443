from django.urls import path

from migration.views import help as help_views
from migration.views import prompt, reports, runs

app_name = "migration"
urlpatterns = [
    path("move/", prompt.prompt, name="prompt"),
    path("move/not-now/", prompt.not_now, name="not_now"),
    path("move/runs/<int:pk>/", runs.run, name="run"),
    path("move/runs/<int:pk>/status/", runs.run_status, name="run_status"),
    path("move/runs/<int:pk>/report/", reports.report, name="report"),
    path("move/runs/<int:pk>/report.csv", reports.report_csv, name="report_csv"),
    path("help/calendar-sync/", help_views.overview, name="help"),
    path("help/calendar-sync/<slug:slug>/", help_views.page, name="help_page"),
]
