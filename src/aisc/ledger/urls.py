from django.urls import path

from aisc.ledger.views import budgets, new_prices, own_money, prices, proof, statements, usage

app_name = "ledger"
urlpatterns = [
    path("prices/", prices.prices, name="prices"),
    path("prices/new", new_prices.start, name="price-list-new"),
    path("prices/new/<slug:step>", new_prices.step, name="price-list-new-step"),
    path("budgets/", budgets.index, name="budgets"),
    path("budgets/new", own_money.start, name="budget-new"),
    path("budgets/new/<slug:step>", own_money.step, name="budget-new-step"),
    path("budgets/<slug:uid>/", budgets.overview, name="budget"),
    path("budgets/<slug:uid>/journal/", budgets.journal, name="budget-journal"),
    path("budgets/<slug:uid>/releases/", budgets.releases, name="budget-releases"),
    path("budgets/<slug:uid>/statements/", budgets.statements, name="budget-statements"),
    path("budgets/<slug:uid>/release", budgets.release, name="budget-release"),
    path("budgets/<slug:uid>/suspend", budgets.suspend, name="budget-suspend"),
    path("budgets/<slug:uid>/resume", budgets.resume, name="budget-resume"),
    path("budgets/<slug:uid>/close", budgets.close, name="budget-close"),
    path("budgets/<slug:uid>/ceiling", budgets.raise_ceiling, name="budget-ceiling"),
    path("budgets/<slug:uid>/prices", prices.move, name="budget-prices"),
    path("budgets/<slug:uid>/holds/<slug:hold_uid>/release", budgets.release_hold, name="hold-release"),
    path("budgets/<slug:uid>/issue", statements.issue, name="statements-issue"),
    path("budgets/<slug:uid>/entries/<int:seq>/reverse", budgets.reverse_entry, name="entry-reverse"),
    path("budgets/<slug:uid>/interim", statements.interim, name="interim"),
    path("budgets/<slug:uid>/interim.pdf", statements.interim_pdf, name="interim-pdf"),
    path("budgets/<slug:uid>/interim.csv", statements.interim_csv, name="interim-csv"),
    path("statements/<slug:number>", statements.statement, name="statement"),
    path("statements/<slug:number>.pdf", statements.statement_pdf, name="statement-pdf"),
    path("statements/<slug:number>.csv", statements.statement_csv, name="statement-csv"),
    path("usage/unattributed/", usage.unattributed, name="unattributed"),
    path("usage/<int:pk>/", usage.usage, name="usage"),
    path("usage/<int:pk>/attribute", usage.attribute, name="usage-attribute"),
    # For rooms that know only what they measured: their source and their own id.
    path("usage/<str:source>/<path:source_id>", usage.usage_of, name="usage-of"),
    path("ledger/seals/", proof.seals, name="seals"),
    path("ledger/proof/", proof.proof, name="proof"),
]
