"""How rules are called where they are explained: readings here, actions as their history calls them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.audit.kinds import said

ROOMS = {
    "people": _("People, organisations and projects"),
    "centre": _("The centre's equipment"),
    "ledger": _("Money"),
    "jobs": _("Jobs and files"),
    "scheme": _("Applications and awards"),
    "portal": _("The portal"),
}
READINGS = {
    "centre.view_nodes": _("See the machines"),
    "jobs.revoke_link": _("Take a link to a file back"),
    "jobs.share_file": _("Make a link to a file"),
    "jobs.unpack_file": _("Unpack an archive"),
    "jobs.view": _("See what a job is, and where it stands"),
    "jobs.view_files": _("See a project's files"),
    "jobs.view_jobs": _("See the list of one's jobs"),
    "jobs.view_links": _("See a project's links to files"),
    "jobs.view_output": _("See what a job says and makes"),
    "jobs.view_templates": _("See the templates of jobs"),
    "ledger.ask_for_own_budget": _("Ask for a budget of one's own money"),
    "ledger.view_budget": _("See a budget and its journal"),
    "ledger.view_budgets": _("See the list of one's budgets"),
    "ledger.view_proof": _("See seals and proofs of the ledger"),
    "ledger.view_statement": _("See a statement"),
    "ledger.view_unattributed": _("See uses that nobody pays for"),
    "ledger.view_usage": _("See a use and how its price came about"),
    "people.view_account": _("See one's own account"),
    "people.view_centre_roles": _("See who has a role in the centre"),
    "people.view_drafts": _("See drafts of legal texts"),
    "people.view_facilitators": _("See who was let in as a facilitator"),
    "people.view_invitations": _("See who was invited"),
    "people.view_joining": _("See who asks to join"),
    "people.view_members": _("See who is in it"),
    "people.view_membership": _("See somebody's role in it"),
    "people.view_merging": _("See duplicates of organisations"),
    "people.view_notice": _("Open a notice"),
    "people.view_notices": _("See one's own notices"),
    "people.view_organisation": _("See an organisation"),
    "people.view_organisations": _("See the list of one's organisations"),
    "people.view_own_invitations": _("See one's own invitations"),
    "people.view_project": _("See a project"),
    "people.view_projects": _("See the list of one's projects"),
    "people.view_service_account": _("See a service account"),
    "people.view_service_accounts": _("See service accounts"),
    "people.view_sign_in_settings": _("See how institutions sign in"),
    "people.view_text": _("See a version of a legal text"),
    "people.view_tokens": _("See one's own API tokens"),
    "portal.audit": _("See the whole audit log"),
    "portal.history": _("See what happened to it"),
    "portal.home": _("See one's own home page"),
    "portal.metrics": _("See the figures for monitoring"),
    "portal.operations": _("See the centre's operations"),
    "scheme.view_application": _("See an application"),
    "scheme.view_applications": _("See the list of one's applications"),
    "scheme.view_letter": _("See the decision letter"),
}


def words_of(rule: str) -> str:
    """What a rule is about, in the reader's language."""
    return str(READINGS[rule]) if rule in READINGS else said(rule)
