from django.urls import path

app_name = "jobs"
urlpatterns: list = [path("jobs/<str:uid>/", lambda request, uid: None, name="job")]
