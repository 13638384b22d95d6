from django.http import Http404


def _missing(request, **_kwargs):
    raise Http404


account = add_organisation_member = add_project_member = centre_roles = change_role = close_project = (
    edit_organisation
) = edit_project = new_organisation = new_project = notices = open_notice = organisation = organisations = project = (
    projects
) = read_notices = remove_member = reopen_project = revoke_centre_role = revoke_token = shares = tokens = _missing
