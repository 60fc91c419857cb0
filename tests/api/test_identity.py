"""Conflicts, the unidentified, merges and the identifier over the API."""

import pytest

from tenure.customers.models import Account, Attribute, BillingAccount, Touched
from tenure.identity.models import Conflict
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db


def a_fed_customer(name: str = "Northwind Robotics") -> Account:
    """T-1, whose attributes are all read from fields there are."""
    account = a_customer(name, identifier="T-1")
    Attribute.objects.filter(name="seats").update(source_field="account.custom_fields.seats")
    return account


@pytest.fixture
def conflict() -> Conflict:
    """A billing account that was recognised as T-1 and says T-9 now."""
    account = a_fed_customer()
    payer = account.billing_accounts.get()
    BillingAccount.objects.filter(pk=payer.pk).update(code="T-9", identified_as="T-1")
    made: Conflict = Conflict.objects.create(
        site=payer.site,
        object_kind="billing_account",
        upstream_id=payer.upstream_id,
        account=account,
        kind="changed",
        old="T-1",
        new="T-9",
        opened_at=NOW,
    )
    return made


def test_a_conflict_is_listed_and_resolved_once(writer: Caller, conflict: Conflict) -> None:
    listed = writer.get("conflicts", account="T-1").json()["data"]
    assert [(one["old"], one["new"], one["state"]) for one in listed] == [("T-1", "T-9", "open")]
    assert listed[0]["object"] == "account"
    path = f"conflicts/{conflict.pk}/resolve"
    done = writer.post(path, {"resolution": "keep"}).json()
    assert (done["state"], done["resolution"]) == ("resolved", "keep")
    assert writer.get("conflicts").json()["data"] == []
    assert len(writer.get("conflicts", state="resolved").json()["data"]) == 1
    assert writer.post(path, {"resolution": "keep"}).status_code == 409


def test_re_keying_keeps_the_account_and_its_history(writer: Caller, conflict: Conflict) -> None:
    account = Account.objects.get()
    answer = writer.post(f"conflicts/{conflict.pk}/resolve", {"resolution": "rekey"})
    assert answer.status_code == 200, answer.content
    account.refresh_from_db()
    assert account.identifier == "T-9"


@pytest.mark.parametrize("body", [{}, {"resolution": "guess"}, {"resolution": "went_away"}])
def test_a_resolution_there_is_not_is_refused(
    writer: Caller, conflict: Conflict, body: dict[str, str]
) -> None:
    answer = writer.post(f"conflicts/{conflict.pk}/resolve", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "resolution")


def test_the_unidentified_have_their_reason_and_go_on_by_cursor(reader: Caller) -> None:
    account = a_customer(identifier="T-1")
    site = account.billing_accounts.get().site
    for number in range(3):
        payer = rows.a_billing_account(account, site=site, code=f"code-{number}")
        BillingAccount.objects.filter(pk=payer.pk).update(account=None)
    first = reader.get("unidentified", limit=2).json()
    rest = reader.get("unidentified", limit=2, cursor=first["next"]).json()
    found = first["data"] + rest["data"]
    assert [one["code"] for one in found] == ["code-0", "code-1", "code-2"]
    assert all(one["reason"] for one in found)
    assert rest["next"] is None
    assert reader.get("unidentified", cursor="WyJ1bmlkZW50aWZpZWQiLCJ4Il0").status_code == 400


def test_accounts_are_merged_and_taken_apart(writer: Caller) -> None:
    kept, absorbed = a_fed_customer("Kept"), rows.an_account("Gone", identifier="T-2")
    rows.a_billing_account(absorbed, code="T-2")
    preview = writer.post("accounts/T-1/merges/preview", {"absorbed": "T-2"}).json()
    assert preview["moves"]["billing_accounts"] == 1
    merged = writer.post("accounts/T-1/merges", {"absorbed": "T-2"})
    assert merged.status_code == 200
    assert len(merged.json()["billing_accounts"]) == 2
    assert set(Touched.objects.values_list("account_id", flat=True)) == {kept.pk, absorbed.pk}
    standing = writer.get("accounts/T-1/merges").json()["data"]
    assert [(one["kept"], one["absorbed"]) for one in standing] == [("T-1", "T-2")]
    apart = writer("DELETE", f"accounts/T-1/merges/{standing[0]['id']}")
    assert apart.status_code == 200
    assert writer.get("accounts/T-2").status_code == 200
    assert writer("DELETE", f"accounts/T-1/merges/{standing[0]['id']}").status_code == 404


def test_an_account_is_not_merged_into_itself(writer: Caller) -> None:
    rows.an_account("Acme", identifier="T-1")
    for path in ("accounts/T-1/merges", "accounts/T-1/merges/preview"):
        assert writer.post(path, {"absorbed": "T-1"}).status_code == 409
        assert writer.post(path, {"absorbed": "T-2"}).status_code == 404


def test_the_report_names_every_field_and_whom_it_leaves_out(reader: Caller) -> None:
    a_customer(identifier="T-1")
    assert reader.get("identifier").json()["field"] == "account.code"
    document = reader.get("identifier/report").json()
    assert "account.code" in [one["field"] for one in document["candidates"]]
    assert document["recommendation"]["field"]
    left = reader.get("identifier/left-out", field="account.custom_fields.tenant_id")
    assert left.status_code in (200, 422)
    assert reader.get("identifier/left-out", field="account.nothing").status_code == 422
    assert reader.get("identifier/left-out", field="account.code").json()["data"] == []


def test_the_identifier_is_chosen_with_what_goes_with_it(admin: Caller) -> None:
    rule = {
        "field": "account.custom_fields.tenant_id",
        "source_of_truth": "tenant",
        "contact_field": "account.username",
        "contact_sources": ["copies"],
    }
    chosen = admin("PUT", "identifier", rule)
    assert chosen.status_code == 200, chosen.text
    assert {name: chosen.json()[name] for name in rule} == rule
    assert chosen.json()["joins"]
    assert admin.get("identifier").json() == chosen.json()
    later = admin("PUT", "identifier", {"field": "account.id", "source_of_truth": "source"}).json()
    assert (later["joins"], later["contact_field"]) == (False, "account.username")


def test_accounts_that_are_here_are_re_keyed_only_when_that_is_meant(admin: Caller) -> None:
    account = a_fed_customer()
    rule = {"field": "account.id", "source_of_truth": "source"}
    told = admin.post("identifier/preview", {"field": "account.id"}).json()
    assert told["rekeyed"] == 1
    refused = admin("PUT", "identifier", rule)
    assert refused.status_code == 409
    assert refused.json()["field"] == "rekey"
    assert "Accounts re-keyed: 1" in refused.json()["detail"]
    account.refresh_from_db()
    assert account.identifier == "T-1"
    assert admin("PUT", "identifier", {**rule, "rekey": True}).status_code == 200
    account.refresh_from_db()
    assert account.identifier == account.billing_accounts.get().upstream_id
    assert Touched.objects.filter(account_id=account.pk).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "account.company"},
        {"contact_field": "account.company"},
        {"contact_sources": ["x"]},
    ],
)
def test_what_identifies_nobody_is_no_identifier(admin: Caller, wrong: dict[str, object]) -> None:
    rule = {"field": "account.code", "source_of_truth": "source", **wrong}
    assert admin("PUT", "identifier", rule).status_code == 422
    assert admin.get("identifier").json()["chosen_at"] is None
