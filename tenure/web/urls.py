"""Addresses of the pages."""

from allauth.account.views import logout
from django.urls import path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic import RedirectView

from tenure.web import errors, preferences, signin
from tenure.web.account import attributes as values
from tenure.web.account import (
    calculation,
    compare,
    history,
    invoices,
    money,
    overview,
    raw,
    subscriptions,
    timeline,
    users,
)
from tenure.web.account import health as health_of_account
from tenure.web.accounts import finder, listing, sums, views
from tenure.web.alerts import (
    acting,
    inbox,
    muting,
    rule_editor,
    rule_list,
    suggestions,
    switching,
)
from tenure.web.billing import downloads as billing_files
from tenure.web.billing import listing as billing
from tenure.web.billing import revenue, subscription
from tenure.web.editing import agreed, bulk, changes, create, many, popover, tagging, undo
from tenure.web.exchange import downloads
from tenure.web.exchange import pages as exchange
from tenure.web.health import editor as health_editor
from tenure.web.health import listing as health_definitions
from tenure.web.health import pages as health
from tenure.web.health import previewing as health_previewing
from tenure.web.identity import conflicts, merging, unidentified
from tenure.web.notify import bell, choices
from tenure.web.notify import log as deliveries
from tenure.web.plans import drift, reverting
from tenure.web.plans import pages as plans
from tenure.web.rules import pages as rules
from tenure.web.runs import pages as runs
from tenure.web.segments import attributes as segment_attributes
from tenure.web.segments import conflicts as segment_conflicts
from tenure.web.segments import editor as segment_editor
from tenure.web.segments import listing as segment_listing
from tenure.web.segments import page as segment_page
from tenure.web.settings import (
    attribute_editor,
    attributes,
    connect,
    contact_rule,
    identifiers,
    integrations,
    numbers,
    rates,
    site,
    tokens,
)
from tenure.web.setup import cancelling as setup_cancelling
from tenure.web.setup import check as setup_check
from tenure.web.setup import connect as setup_connect
from tenure.web.setup import dryrun as setup_dryrun
from tenure.web.setup import identifier as setup_identifier
from tenure.web.setup import mapping as setup_mapping
from tenure.web.setup import mode as setup_mode
from tenure.web.setup import progress as setup_progress
from tenure.web.setup import resuming as setup_resuming
from tenure.web.setup import sample as setup_sample
from tenure.web.today import accounts as follow_up
from tenure.web.today import page as today_page
from tenure.web.today import tasks

SETUP = "settings/integrations/set-up/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", today_page.home, name="home"),
    path("login/", signin.SignIn.as_view(), name="account_login"),
    path("disabled/", errors.login_disabled, name="account_inactive"),
    path("logout/", logout, name="account_logout"),
    path("password/", signin.ChangePassword.as_view(), name="account_change_password"),
    path("preferences/", preferences.set_preference, name="preferences"),
    path("time-zone/", preferences.time_zone, name="time_zone"),
    path("search/", finder.search, name="search"),
    path("rules/check/", rules.check, name="check_rule"),
    path("rules/suggest/", rules.suggestions, name="suggest_rule"),
    path("accounts/", listing.accounts, name="accounts"),
    path("accounts/totals/", sums.totals, name="accounts_totals"),
    path("accounts/count/", sums.count, name="accounts_count"),
    path("accounts/near/", sums.near, name="accounts_near"),
    path("accounts/views/", views.save, name="save_view"),
    path("accounts/views/<int:pk>/", views.change, name="change_view"),
    path("accounts/new/", create.new, name="new_account"),
    path("accounts/bulk/", bulk.edit, name="bulk"),
    path("accounts/tags/", tagging.edit, name="bulk_tags"),
    path("accounts/bulk/<int:pk>/", many.page, name="bulk_edit"),
    path("accounts/bulk/<int:pk>/undo/", many.undo, name="undo_bulk_edit"),
    path("accounts/export/", downloads.accounts, name="export_accounts"),
    path("accounts/<int:pk>/", overview.overview, name="account"),
    path("accounts/<int:pk>/subscriptions/", subscriptions.tab, name="account_subscriptions"),
    path("accounts/<int:pk>/money/", money.tab, name="account_money"),
    path("accounts/<int:pk>/money/<str:day>/", money.day, name="account_money_day"),
    path("accounts/<int:pk>/invoices/", invoices.tab, name="account_invoices"),
    path("accounts/<int:pk>/attributes/", values.tab, name="account_attributes"),
    path("accounts/<int:pk>/attributes/<path:name>/", history.history, name="attribute_history"),
    path("accounts/<int:pk>/edit/<path:name>/", popover.edit, name="edit_value"),
    path("accounts/<int:pk>/accept/<path:name>/", popover.accept, name="accept_value"),
    path("accounts/<int:pk>/keep/<path:name>/", popover.keep, name="keep_value"),
    path("accounts/<int:pk>/restore/<path:name>/", undo.restore, name="restore_value"),
    path("undo/", undo.undo, name="undo"),
    path("changes/<int:pk>/", changes.page, name="change_set"),
    path("accounts/<int:pk>/users/", users.tab, name="account_users"),
    path("accounts/<int:pk>/users/new/", users.add, name="add_user"),
    path("accounts/<int:pk>/users/export/", downloads.contacts_of, name="export_account_contacts"),
    path("accounts/<int:pk>/users/<int:contact>/", users.edit, name="edit_user"),
    path("accounts/contacts/export/", downloads.contacts, name="export_contacts"),
    path("accounts/imports/", exchange.listing, name="imports"),
    path("accounts/imports/<int:pk>/", exchange.page, name="import"),
    path("accounts/imports/<int:pk>/columns/", exchange.choose, name="choose_columns"),
    path("accounts/imports/<int:pk>/formats/", exchange.formats, name="import_formats"),
    path("accounts/imports/<int:pk>/read-as/", exchange.read_as, name="read_import_as"),
    path("accounts/imports/<int:pk>/apply/", exchange.apply, name="apply_import"),
    path("accounts/imports/<int:pk>/undo/", exchange.undo, name="undo_import"),
    path("accounts/imports/<int:pk>/discard/", exchange.discard, name="discard_import"),
    path("accounts/imports/<int:pk>/rejects/", downloads.rejects, name="import_rejects"),
    path("accounts/<int:pk>/timeline/", timeline.tab, name="account_timeline"),
    path("accounts/<int:pk>/compare/", compare.page, name="account_compare"),
    path("accounts/<int:pk>/raw/", raw.tab, name="account_raw"),
    path("accounts/<int:pk>/raw/<int:payload>/", raw.payload, name="account_payload"),
    path("accounts/<int:pk>/calculation/<str:figure>/", calculation.show, name="calculation"),
    path("invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("subscriptions/<int:pk>/", subscription.show, name="subscription"),
    path("subscriptions/<int:pk>/edit/<str:name>/", agreed.edit, name="edit_subscription_value"),
    path(
        "subscriptions/<int:pk>/restore/<str:name>/",
        agreed.restore,
        name="restore_subscription_value",
    ),
    path(
        "subscriptions/<int:pk>/attributes/<str:name>/",
        agreed.history,
        name="subscription_value_history",
    ),
    path("billing/", RedirectView.as_view(pattern_name="revenue"), name="billing"),
    path("billing/revenue/", revenue.page, name="revenue"),
    path("billing/revenue/standing/", revenue.standing, name="revenue_standing"),
    path("billing/revenue/accounts/", revenue.moved, name="revenue_moved"),
    path("billing/revenue/mrr/", revenue.held, name="revenue_held"),
    path("billing/subscriptions/", billing.subscriptions_page, name="subscriptions"),
    path(
        "billing/subscriptions/totals/", billing.subscriptions_totals, name="subscriptions_totals"
    ),
    path(
        "billing/subscriptions/export.<str:form>",
        billing_files.subscriptions,
        name="export_subscriptions",
    ),
    path("billing/invoices/", billing.invoices_page, name="invoices"),
    path("billing/invoices/totals/", billing.invoices_totals, name="invoices_totals"),
    path("billing/invoices/export.<str:form>", billing_files.invoices, name="export_invoices"),
    path("accounts/<int:pk>/health/", health_of_account.tab, name="account_health"),
    path("accounts/<int:pk>/health/green/", health_of_account.green, name="account_green"),
    path("accounts/<int:pk>/health/set/", health_of_account.override, name="override_health"),
    path("accounts/<int:pk>/health/release/", health_of_account.release, name="release_health"),
    path("health/", health.overview, name="health"),
    path("health/became/", health.became, name="health_became"),
    path("health/became/accounts/", health.became_of, name="health_became_of"),
    path("health/definitions/", health_definitions.page, name="health_definitions"),
    path("health/definitions/new/", health_editor.new, name="new_health_definition"),
    path(
        "health/definitions/new/preview/", health_previewing.preview_new, name="new_health_preview"
    ),
    path("health/definitions/<int:pk>/move/", health_definitions.move, name="move_health"),
    path("health/definitions/<int:pk>/switch/", health_definitions.switch, name="switch_health"),
    path("health/definitions/<int:pk>/delete/", health_definitions.delete, name="delete_health"),
    path(
        "health/definitions/<int:pk>/back/",
        health_definitions.bring_back,
        name="bring_health_back",
    ),
    path("health/events/<int:pk>/undo/", health_definitions.undo, name="undo_health"),
    path("health/definitions/<int:pk>/", health_editor.edit, name="health_definition"),
    path(
        "health/definitions/<int:pk>/preview/",
        health_previewing.live_preview,
        name="health_preview",
    ),
    path("health/versions/<int:pk>/restore/", health_editor.restore, name="restore_health"),
    path("today/", today_page.today, name="today"),
    path("accounts/<int:pk>/follow-up/", follow_up.card, name="follow_up"),
    path("accounts/<int:pk>/tasks/", follow_up.add_task, name="add_task"),
    path("accounts/<int:pk>/notes/", follow_up.add_note, name="add_note"),
    path("tasks/", tasks.page, name="tasks"),
    path("tasks/<int:pk>/", tasks.one, name="task"),
    path("tasks/<int:pk>/done/", follow_up.finish, name="finish_task"),
    path("segments/", segment_listing.listing, name="segments"),
    path("segments/attributes/", segment_attributes.page, name="rule_attributes"),
    path("segments/new/", segment_editor.new, name="new_segment"),
    path("segments/conflicts/", segment_conflicts.page, name="segment_conflicts"),
    path("segments/conflicts/<int:one>/<int:two>/", segment_conflicts.pair, name="segment_pair"),
    path("segments/order/", segment_conflicts.reorder, name="reorder_segments"),
    path("segments/preview/", segment_editor.live_preview, name="segment_preview"),
    path("segments/<int:pk>/", segment_page.page, name="segment"),
    path("segments/<int:pk>/mrr/", segment_listing.mrr, name="segment_mrr"),
    path("segments/<int:pk>/edit/", segment_editor.edit, name="edit_segment"),
    path("segments/<int:pk>/remove/", segment_page.remove, name="remove_segment"),
    path("alerts/", inbox.inbox, name="alerts"),
    path("alerts/bulk/", acting.bulk, name="alerts_bulk"),
    path("alerts/mutes/", muting.page, name="mutes"),
    path("alerts/mutes/<int:pk>/take-back/", muting.take_back, name="take_back_mute"),
    path("alerts/rules/", rule_list.page, name="alert_rules"),
    path("alerts/rules/new/", rule_editor.new, name="new_alert_rule"),
    path("alerts/rules/<int:pk>/", rule_editor.edit, name="alert_rule"),
    path("alerts/rules/<int:pk>/on/", switching.on, name="alert_rule_on"),
    path("alerts/rules/<int:pk>/off/", switching.off, name="alert_rule_off"),
    path("alerts/rules/<int:pk>/delete/", switching.delete, name="delete_alert_rule"),
    path("alerts/rules/<int:pk>/versions/", rule_list.versions, name="alert_rule_versions"),
    path("alerts/suggestions/", suggestions.page, name="suggested_rules"),
    path("alerts/suggestions/<str:name>/trial/", suggestions.trial, name="suggestion_trial"),
    path("alerts/suggestions/<str:name>/accept/", suggestions.accept, name="accept_suggestion"),
    path("alerts/<int:pk>/", inbox.alert, name="alert"),
    path("alerts/<int:pk>/act/", acting.act, name="act_on_alert"),
    path("sync/", runs.standing, name="sync"),
    path("sync/now/", runs.sync_now, name="sync_now"),
    path("accounts/<int:pk>/merge/", merging.page, name="merge"),
    path("accounts/<int:pk>/merge/<int:merge>/undo/", merging.undo, name="unmerge"),
    path("sync/conflicts/", conflicts.listed, name="conflicts"),
    path("sync/conflicts/<int:pk>/", conflicts.one, name="conflict"),
    path("sync/conflicts/<int:pk>/resolve/", conflicts.resolve, name="resolve_conflict"),
    path("sync/unidentified/", unidentified.listed, name="unidentified"),
    path("sync/unidentified/csv/", unidentified.download, name="unidentified_csv"),
    path("sync/quarantine/", runs.quarantine, name="quarantine"),
    path("sync/runs/<int:pk>/", runs.run, name="run"),
    path("sync/sites/<int:pk>/plan/", plans.ask, name="ask_plan"),
    path("sync/plans/<int:pk>/", plans.page, name="plan"),
    path("sync/plans/<int:pk>/apply/", plans.apply, name="apply_plan"),
    path("sync/plans/<int:pk>/keep/", plans.keep, name="keep_plan"),
    path("sync/plans/<int:pk>/plan.<str:form>", plans.download, name="plan_download"),
    path("sync/drift/", drift.page, name="drift"),
    path("sync/drift/accept/", drift.accept, name="accept_drift"),
    path("sync/runs/<int:pk>/revert/", reverting.revert, name="revert_run"),
    path("sync/runs/<int:pk>/stop/", runs.stop, name="stop_run"),
    path("settings/", RedirectView.as_view(pattern_name="integrations"), name="settings"),
    path("notifications/", bell.page, name="notifications"),
    path("notifications/read/", bell.read_all, name="read_notifications"),
    path("notifications/<int:pk>/", bell.open_one, name="notification"),
    path("accounts/<int:pk>/follow/", bell.follow, name="follow"),
    path("settings/notifications/", choices.page, name="notify_settings"),
    path("settings/notifications/routes/", choices.add_route, name="add_route"),
    path("settings/notifications/routes/<int:pk>/", choices.change_route, name="change_route"),
    path("settings/notifications/channels/", choices.add_channel, name="add_channel"),
    path(
        "settings/notifications/channels/<int:pk>/", choices.change_channel, name="change_channel"
    ),
    path("settings/webhooks/", choices.webhooks, name="webhooks"),
    path("settings/deliveries/", deliveries.page, name="deliveries"),
    path("settings/deliveries/<uuid:delivery>/", deliveries.one, name="delivery"),
    path("settings/deliveries/<uuid:delivery>/replay/", deliveries.replay, name="replay_delivery"),
    path("settings/tokens/", tokens.page, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
    path("settings/numbers/", numbers.page, name="numbers"),
    path("settings/numbers/save/", numbers.save, name="save_numbers"),
    path("settings/numbers/rates/", rates.add, name="add_rate"),
    path("settings/numbers/rates/import/", rates.import_file, name="import_rates"),
    path("settings/numbers/rates/<int:pk>/delete/", rates.delete, name="delete_rate"),
    path("settings/identifiers/", identifiers.page, name="identifiers"),
    path("settings/identifiers/contacts/", contact_rule.save, name="contact_rule"),
    path(
        "settings/identifiers/field/<path:name>/left-out.csv",
        identifiers.export,
        name="identifier_left_out",
    ),
    path(
        "settings/identifiers/field/<path:name>/choose/",
        identifiers.set_rule,
        name="identifier_choose",
    ),
    path("settings/identifiers/field/<path:name>/", identifiers.field, name="identifier_field"),
    path("settings/attributes/", attributes.page, name="attributes"),
    path("settings/attributes/new/", attribute_editor.new, name="new_attribute"),
    path("settings/attributes/preview/", attribute_editor.live_preview, name="attribute_preview"),
    path("settings/attributes/map/", attributes.map_fields, name="map_fields"),
    path("settings/attributes/new-fields/", attributes.new_fields, name="map_new_fields"),
    path("settings/attributes/replays/<int:pk>/", attributes.replay_live, name="attributes_replay"),
    path(
        "settings/attributes/<str:object_kind>/<str:name>/",
        attribute_editor.edit,
        name="edit_attribute",
    ),
    path(
        "settings/attributes/<str:object_kind>/<str:name>/remove/",
        attributes.remove,
        name="remove_attribute",
    ),
    path("settings/integrations/", integrations.hub, name="integrations"),
    path("settings/integrations/connect/", connect.connect, name="connect"),
    path(SETUP, setup_connect.connect, name="setup_new"),
    path(f"{SETUP}row/", setup_connect.row, name="setup_row"),
    path(f"{SETUP}<int:pk>/", setup_resuming.resume, name="setup"),
    path(f"{SETUP}<int:pk>/test/", setup_check.page, name="setup_test"),
    path(f"{SETUP}<int:pk>/sample/", setup_sample.page, name="setup_sample"),
    path(f"{SETUP}<int:pk>/identifier/", setup_identifier.page, name="setup_identifier"),
    path(f"{SETUP}<int:pk>/map/", setup_mapping.page, name="setup_map"),
    path(f"{SETUP}<int:pk>/mode/", setup_mode.page, name="setup_mode"),
    path(f"{SETUP}<int:pk>/dry-run/", setup_dryrun.page, name="setup_dry_run"),
    path(f"{SETUP}<int:pk>/progress/", setup_progress.page, name="setup_progress"),
    path(f"{SETUP}<int:pk>/done/", setup_progress.done, name="setup_done"),
    path(f"{SETUP}<int:pk>/cancel/", setup_cancelling.cancel, name="setup_cancel"),
    path("settings/integrations/sites/<int:pk>/", site.page, name="site"),
    path("settings/integrations/sites/<int:pk>/check/", site.check, name="check_site"),
    path("settings/integrations/sites/<int:pk>/key/", site.replace_key, name="rekey_site"),
    path("settings/integrations/sites/<int:pk>/modes/", site.modes, name="site_modes"),
    path("settings/integrations/sites/<int:pk>/pause/", site.pause, name="pause_site"),
    path("settings/integrations/sites/<int:pk>/remove/", site.remove, name="remove_site"),
]
