from django.urls import path

from aisc.jobs.views import files, jobs, new, sharing

app_name = "jobs"
urlpatterns = [
    path("jobs/", jobs.index, name="jobs"),
    path("jobs/new", new.choose, name="new"),
    path("jobs/new/cost", new.cost, name="cost"),
    path("jobs/new/<slug:kind>", new.form, name="form"),
    path("jobs/<slug:uid>/", jobs.job, name="job"),
    path("jobs/<slug:uid>/status", jobs.status, name="status"),
    path("jobs/<slug:uid>/runs", jobs.runs, name="runs"),
    path("jobs/<slug:uid>/events", jobs.events, name="events"),
    path("jobs/<slug:uid>/log", jobs.log, name="log"),
    path("jobs/<slug:uid>/cancel", jobs.cancel, name="cancel"),
    path("jobs/<slug:uid>/retry", jobs.retry, name="retry"),
    path("jobs/<slug:uid>/note", jobs.note, name="note"),
    # The slash after “files” keeps what is relative in a report relative to where it lies in the workspace.
    path("projects/<slug:uid>/files/", files.files, name="files"),
    path("projects/<slug:uid>/files/<path:path>", files.files, name="files"),
    path("projects/<slug:uid>/upload", files.upload, name="upload"),
    path("projects/<slug:uid>/new-folder", files.make_folder, name="make_folder"),
    path("projects/<slug:uid>/change/<path:path>", files.change, name="change_file"),
    path("projects/<slug:uid>/delete/<path:path>", files.delete, name="delete_file"),
    path("projects/<slug:uid>/unpack/<path:path>", files.unpack, name="unpack_file"),
    path("projects/<slug:uid>/share/<path:path>", sharing.share, name="share_file"),
    path("links/<slug:uid>/revoke", sharing.revoke, name="revoke_link"),
    path("shared/<slug:uid>/<slug:signature>", sharing.shared, name="shared"),
    path("shared/<slug:uid>/<slug:signature>/<str:name>", sharing.shared_file, name="shared_file"),
]
