"""What of people, organisations and projects has a history, and how its actions are called there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.access import register as register_rules
from aisc.core.audit.kinds import Kind, register, say
from aisc.people.access import STAFF, Role, centre_role, oneself, role_in
from aisc.people.models import ApiToken, Organisation, Person, Project

# An organisation's history tells of all its projects, so it is for those who are responsible for all of them.
RESPONSIBLE = (Role.OWNER, Role.MANAGER, Role.FINANCE)

register_rules(
    {
        "people.organisation_history": role_in(RESPONSIBLE) | centre_role(*STAFF),
        "people.person_history": oneself(scope="read"),
        "people.token_history": oneself(lambda token: token.person, scope="read"),
    }
)
register(
    Kind("organisation", Organisation, "people.organisation_history", "uid", _("Organisation")),
    Kind("project", Project, "people.view_project", "uid", _("Project")),
    Kind("person", Person, "people.person_history", "uid", _("Person")),
    Kind("token", ApiToken, "people.token_history", "pk", _("API token")),
)
say(
    {
        "people.create_organisation": _("Registered the organisation"),
        "people.update_organisation": _("Changed the organisation’s details"),
        "people.create_project": _("Started the project"),
        "people.update_project": _("Changed the project’s details"),
        "people.set_shares": _("Set the fair-share weight"),
        "people.close_project": _("Closed the project"),
        "people.reopen_project": _("Reopened the project"),
        "people.add_member": _("Added a member"),
        "people.change_role": _("Changed a member’s role"),
        "people.remove_member": _("Removed a member"),
        "people.grant_centre_role": _("Gave a role in the centre"),
        "people.revoke_centre_role": _("Took a role in the centre away"),
        "people.sign_up": _("Asked for an account"),
        "people.confirm_sign_up": _("Confirmed the address"),
        "people.account_event": _("Used the account"),
        "people.update_account": _("Changed their account"),
        "people.issue_token": _("Made an API token"),
        "people.revoke_token": _("Revoked an API token"),
        "people.invite": _("Invited somebody"),
        "people.accept_invitation": _("Accepted an invitation"),
        "people.decline_invitation": _("Declined an invitation"),
        "people.resend_invitation": _("Sent an invitation again"),
        "people.revoke_invitation": _("Took an invitation back"),
        "people.expire_invitations": _("Invitations ran out"),
        "people.ask_to_join": _("Asked to join"),
        "people.answer_join_request": _("Answered a request to join"),
        "people.withdraw_join_request": _("Withdrew a request to join"),
        "people.set_join_policy": _("Set who may join by themselves"),
        "people.join_by_policy": _("Joined by the organisation’s policy"),
        "people.claim_domain": _("Claimed an e-mail domain"),
        "people.verify_domain": _("Verified an e-mail domain"),
        "people.drop_domain": _("Dropped an e-mail domain"),
        "people.offer_ownership": _("Offered the ownership"),
        "people.let_in_facilitator": _("Let a facilitator in"),
        "people.end_facilitation": _("Ended a facilitator’s access"),
        "people.expire_facilitators": _("Facilitators’ access ran out"),
        "people.make_service_account": _("Made a service account"),
        "people.close_service_account": _("Closed a service account"),
        "people.issue_service_token": _("Made a token of a service account"),
        "people.revoke_service_token": _("Revoked a token of a service account"),
        "people.merge_organisations": _("Merged a duplicate organisation"),
        "people.merge_persons": _("Merged a duplicate account"),
        "people.list_organisation": _("Showed the organisation in the directory"),
        "people.list_project": _("Showed the project in the directory"),
        "people.list_oneself": _("Showed themselves in the directory"),
        "people.withdraw_listing": _("Withdrew from the directory"),
        "people.accept_text": _("Accepted a wording"),
        "people.draft_text": _("Drafted a text"),
        "people.edit_text": _("Changed the draft of a text"),
        "people.approve_text": _("Approved a text"),
        "people.publish_text": _("Published a text"),
        "people.discard_text": _("Discarded the draft of a text"),
        "people.withdraw_text": _("Withdrew a text"),
        "people.connect_institution": _("Connected an institution’s sign-in"),
        "people.update_institution": _("Changed an institution’s sign-in"),
        "people.unlink_institution": _("Unlinked an institution’s sign-in"),
        "people.ask_iam_smart": _("Asked iAM Smart"),
        "people.answer_iam_smart": _("Took an answer of iAM Smart"),
        "people.reset_second_factor": _("Reset the second factor"),
        "people.end_session": _("Ended a session"),
        "people.end_other_sessions": _("Ended all other sessions"),
    }
)
