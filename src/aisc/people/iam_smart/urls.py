"""Nothing below ``/accounts/``: the call-backs have addresses of this room (``people.urls``)."""

urlpatterns: list = []
