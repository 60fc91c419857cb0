"""A file becomes accounts and contacts: shown before, done as one change set, and taken back."""

from collections.abc import Callable

import pytest

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.core import csvs
from tenure.core.clock import FrozenClock
from tenure.customers import undo, write
from tenure.customers.contacts import write as contacts
from tenure.customers.exchange import imports, work
from tenure.customers.exchange.reading import Unusable
from tenure.customers.models import (
    Account,
    Attribute,
    Change,
    ChangeSet,
    Contact,
    Import,
    ImportPart,
    ImportState,
    Origin,
)
from tenure.customers.revert import revert
from tenure.customers.write import By, ValueRefused
from tenure.flow import bring_in
from tests.builders import NOW, a_billing_account, a_site
from tests.customers.test_accounts import LATER, bring

pytestmark = pytest.mark.django_db
CLOCK = FrozenClock(NOW)


@pytest.fixture
def site() -> Site:
    made = a_site()
    bring(made, [a_billing_account("acc1", company="Acme"), a_billing_account("acc2")])
    return made


@pytest.fixture
def member(db: None) -> Member:
    return Member.objects.create(email="ann@tenure.example")


def uploaded(text: str, kind: str = "accounts", **more: str) -> Import:
    return imports.upload(kind, "file.csv", [text.encode()], member=None, **more)


def checked(
    text: str, kind: str = "accounts", mapping: list[str] | None = None, **how: str
) -> Import:
    job = uploaded(text, kind)
    imports.choose(job, mapping or job.mapping, **how)
    return bring_in(job.pk, CLOCK)


def applied(text: str, kind: str = "accounts", **how: object) -> Import:
    job = checked(text, kind, **how)  # type: ignore[arg-type]
    assert job.state == ImportState.CHECKED, job.reason
    imports.begin_apply(job, now=NOW)
    return bring_in(job.pk, CLOCK)


def undone(job: Import) -> Import:
    imports.begin_undo(job, now=NOW)
    return bring_in(job.pk, CLOCK)


def state() -> dict[str, object]:
    """Everything an import may change, to compare."""
    rows = Account.objects.filter(removed_at=None).select_related("owner")
    return {a.identifier: (a.name, a.attributes, a.owner and a.owner.email) for a in rows}


FILE = """Identifier,Company,Owner,VAT number
ACC1,Acme Ltd,ann@tenure.example,
ACC2,Acme Robotics,,
NEW-1,Brand New,,DE1
,Nameless,,
ACC1,Twice,,
NEW-2,X,nobody@tenure.example,
"""


def test_a_check_says_what_would_become_of_each_row_and_writes_nothing(
    site: Site, member: Member
) -> None:
    before = state()
    job = checked(FILE)
    assert job.state == ImportState.CHECKED
    assert job.counts == {
        "created": 1, "changed": 1, "unchanged": 1, "rejected": 3, "owned": 1,
    }  # fmt: skip
    assert job.samples["changed"][0]["values"] == [
        {"field": "company", "old": "Acme", "new": "Acme Ltd"},
        {"field": "owner", "old": None, "new": "ann@tenure.example"},
    ]
    assert state() == before
    assert not ChangeSet.objects.filter(origin=Origin.CSV).exists()


def test_what_is_applied_is_what_was_shown_as_one_change_set(site: Site, member: Member) -> None:
    job = applied(FILE)
    assert job.state == ImportState.DONE
    assert job.counts["created"] == 1
    new, acme = Account.objects.get(identifier="NEW-1"), Account.objects.get(identifier="ACC1")
    assert (new.attributes["company"], new.created_in) == ("Brand New", job.change_set)
    assert acme.owner == member
    assert acme.sources["company"]["source"] == "csv"
    change = Change.objects.get(change_set=job.change_set)
    assert change.changes["attributes.company"] == ["Acme", "Acme Ltd"]
    assert ChangeSet.objects.filter(origin=Origin.CSV).count() == 1


def test_the_file_is_kept_no_longer_than_it_is_needed(site: Site) -> None:
    job = applied(FILE)
    assert not ImportPart.objects.filter(of=job).exists()


def test_rejected_rows_come_back_with_their_reason_as_a_safe_file(site: Site) -> None:
    job = applied('Identifier,Company\n,"=cmd|x"\n')
    text = "".join(csvs.lines(imports.rejects(job)))
    assert text.splitlines()[0] == "Identifier,Company,Row,Reason"
    assert text.splitlines()[1] == ",'=cmd|x,2,It has no identifier."


def test_undo_puts_everything_back_and_says_so(site: Site, member: Member) -> None:
    before = state()
    job = undone(applied(FILE))
    assert job.state == ImportState.UNDONE
    assert state() == before
    assert job.undone_in
    assert job.undone_in.undoes == job.change_set
    assert (job.counts["undone"], job.counts["stayed"]) == (2, 0)


def test_undo_leaves_what_was_changed_since(site: Site, member: Member) -> None:
    job = applied(FILE)
    for identifier in ("ACC1", "NEW-1"):
        account = Account.objects.get(identifier=identifier)
        write.edit([account.pk], {"company": "Later"}, By(), now=NOW)
    job = undone(job)
    acme = Account.objects.get(identifier="ACC1")
    assert (acme.attributes["company"], acme.owner) == ("Later", None)
    assert Account.objects.get(identifier="NEW-1").removed_at is None
    assert job.counts["stayed"] == 2


def test_the_same_file_again_after_its_undo_brings_the_accounts_back(
    site: Site, member: Member
) -> None:
    first = applied(FILE)
    after = state()
    undone(first)
    again = applied(FILE)
    assert state() == after
    assert again.counts["created"] == 1
    undone(again)
    assert "NEW-1" not in state()


def test_the_same_file_twice_changes_nothing_the_second_time(site: Site, member: Member) -> None:
    applied(FILE)
    assert applied(FILE).counts["unchanged"] == 3


def test_daily_sync_takes_its_own_values_back_as_the_check_said(site: Site) -> None:
    job = applied("Identifier,Company\nACC1,By file\n")
    assert job.counts["owned"] == 1
    acme = a_billing_account("acc1", company="Acme", vat_number="2", updated_at=LATER)
    followed = bring(site, [acme])
    assert followed.overridden == 1
    assert Account.objects.get(identifier="ACC1").attributes["company"] == "Acme"


def test_numbers_are_read_as_the_file_writes_them_and_never_guessed(site: Site) -> None:
    text = "Identifier;Seats\nACC1;1.234\nACC2;2.500\n"
    mapping = ["identifier", "new.number"]
    job = uploaded(text)
    assert job.delimiter == ";"
    with pytest.raises(ValueRefused, match=r"'1\.234' can be read in several ways"):
        imports.choose(job, mapping)
    applied(text, mapping=mapping, numbers="comma")
    assert Account.objects.get(identifier="ACC1").attributes["seats"] == "1234"
    assert Attribute.objects.get(name="seats").kind == "number"


def test_a_value_of_another_type_rejects_its_row_alone(site: Site) -> None:
    job = checked(
        "Identifier,Seats,Ends\nACC1,many,\nACC2,12,31.12.2026\n",
        mapping=["identifier", "new.number", "new.date"],
        dates="dmy",
    )
    assert job.counts["rejected"] == 1
    assert "'many' is not a number" in job.samples["rejected"][0]["reason"]
    assert job.samples["changed"][0]["values"][1]["new"] == "2026-12-31"
    assert not Attribute.objects.filter(name__in=["seats", "ends"]).exists()


def test_an_empty_cell_leaves_the_value_unless_it_is_to_clear_it(site: Site) -> None:
    applied("Identifier,Company\nACC1,\n")
    assert Account.objects.get(identifier="ACC1").attributes["company"] == "Acme"
    applied("Identifier,Company\nACC1,\n", clears=True)
    assert "company" not in Account.objects.get(identifier="ACC1").attributes


def test_an_identifier_of_several_sites_needs_its_site(site: Site) -> None:
    bring(a_site("other"), [a_billing_account("acc1")])
    job = checked("Identifier,Company\nACC1,X\n")
    assert "account of 2 sites" in job.samples["rejected"][0]["reason"]
    job = checked("Identifier,Site,Company\nACC1,other,X\n")
    assert job.counts["changed"] == 1


def test_a_new_account_of_the_only_site_is_met_by_its_sync(site: Site) -> None:
    applied("Identifier,Company\nACC9,From the file\n")
    bring(site, [a_billing_account("acc9", company="From billing")])
    account = Account.objects.get(identifier="ACC9")
    assert account.billing_accounts.count() == 1


def test_contacts_come_in_and_go_back(site: Site) -> None:
    text = """Account,E-mail,Name,Title
ACC1,Eve@acme.example,Eve,Buyer
ACC2,eve@acme.example,Eve,
NONE,x@acme.example,X,
ACC1,eve@ACME.example,Twice,
ACC1,nonsense,Y,
"""
    acme = Account.objects.get(identifier="ACC2")
    contacts.create(acme.pk, {"email": "eve@acme.example", "name": "Old"}, By(), now=NOW)
    job = applied(text, "contacts")
    assert job.counts == {
        "created": 1, "changed": 1, "unchanged": 0, "rejected": 3, "owned": 0,
    }  # fmt: skip
    found = Contact.objects.filter(removed_at=None).values_list("account__identifier", "name")
    assert set(found) == {("ACC1", "Eve"), ("ACC2", "Eve")}
    undone(job)
    assert set(found.all()) == {("ACC2", "Old")}


def test_ctrl_z_of_an_import_takes_its_contacts_too(site: Site, member: Member) -> None:
    text = "Account,E-mail,Name\nACC1,eve@acme.example,Eve\nACC2,old@acme.example,New\n"
    acme = Account.objects.get(identifier="ACC2")
    contacts.create(acme.pk, {"email": "old@acme.example", "name": "Old"}, By(), now=NOW)
    job = applied(text, "contacts")
    found = Contact.objects.filter(removed_at=None).values_list("account__identifier", "name")
    assert set(found.all()) == {("ACC1", "Eve"), ("ACC2", "New")}
    Import.objects.update(member=member)
    ChangeSet.objects.filter(pk=job.change_set_id).update(member=member)
    done = undo.undo_last(member, NOW)
    assert set(found.all()) == {("ACC2", "Old")}
    assert done.change_set
    undo.undo(done.change_set, By(Origin.REVERT, member), NOW)
    assert set(found.all()) == {("ACC1", "Eve"), ("ACC2", "New")}


@pytest.mark.parametrize(
    ("content", "told"),
    [("", "no rows"), ("a,b\n", "only a head"), ("\n\n", "no rows")],
)
def test_a_file_without_rows_is_refused_and_not_kept(content: str, told: str, db: None) -> None:
    with pytest.raises(Unusable, match=told):
        uploaded(content)
    assert not Import.objects.exists()


def test_a_file_too_large_is_refused_before_all_of_it_is_read(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LARGEST_FILE", 10_000)
    given = []

    def endless() -> Callable[[], bytes]:
        given.append(1)
        return b"x" * 4_000  # type: ignore[return-value]

    with pytest.raises(Unusable, match="larger"):
        imports.upload("accounts", "x.csv", iter(endless, None), member=None)  # type: ignore[arg-type]
    assert len(given) == 3


def test_a_mapping_without_identifier_is_refused(site: Site) -> None:
    job = uploaded("Company,Town\nAcme,Rome\n")
    with pytest.raises(ValueRefused, match="No column is the identifier"):
        imports.choose(job, job.mapping)


def test_columns_are_recognised_by_name_label_and_custom() -> None:
    a_site()
    bring(Site.objects.get(), [a_billing_account(custom_fields=b'{"tenant_id": "T"}')])
    job = uploaded("Customer ID,Name,VAT number,tenant_id,Company source,Owner\n1,2,3,4,5,6\n")
    assert job.mapping == [
        "identifier", "name", "attributes.vat_number", "attributes.tenant_id", "", "owner",
    ]  # fmt: skip


def test_an_import_goes_on_where_its_worker_died(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHUNK", 2)
    text = "Identifier,Company\n" + "".join(f"N-{i},Co {i}\n" for i in range(7)) + "N-1,Twice\n"
    job = checked(text)
    imports.begin_apply(job, now=NOW)
    calls = []

    def die(done: int, total: int) -> None:
        calls.append(done)
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(job.pk, CLOCK, die)
    assert Account.objects.filter(identifier__startswith="N-").count() == 4
    done = bring_in(job.pk, CLOCK)
    assert (done.state, done.done_rows) == (ImportState.DONE, 8)
    assert done.counts["created"] == 7
    assert done.counts["rejected"] == 1
    assert Account.objects.filter(identifier__startswith="N-").count() == 7


def test_what_was_taken_back_another_way_is_not_taken_back_again(
    site: Site, member: Member
) -> None:
    before = state()
    job = applied(FILE)
    assert job.change_set
    revert(job.change_set, By(Origin.REVERT), NOW)
    assert state() == before
    with pytest.raises(ValueRefused, match="taken back already"):
        imports.begin_undo(job, now=NOW)


def test_an_import_is_applied_once(site: Site) -> None:
    job = checked(FILE)
    stale = Import.objects.get(pk=job.pk)
    imports.begin_apply(job, now=NOW)
    with pytest.raises(ValueRefused):
        imports.begin_apply(stale, now=NOW)
