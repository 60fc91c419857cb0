"""Files in and out of the pages: each step of an import, its refusals, and the downloads."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import Client

from tenure.access.models import Member, Role
from tenure.core.clock import FrozenClock
from tenure.customers.contacts import write as contacts
from tenure.customers.models import Account, Attribute, Import, ImportState
from tenure.customers.write import By
from tenure.flow import bring_in
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_member

FILE = b"Identifier;Company;Licences\nT-1;Acme Ltd;1.250\nT-2;New Works;2.500\n;Nobody;1\n"


@pytest.fixture
def account(db: None) -> Account:
    made = a_customer("Acme", identifier="T-1")
    Attribute.objects.filter(name="seats").update(source_field="")  # a value of our own
    return made


def upload(client: Client, content: bytes = FILE, kind: str = "accounts") -> Import:
    file = SimpleUploadedFile("customers.csv", content, content_type="text/csv")
    response = client.post("/accounts/imports/", {"kind": kind, "file": file})
    assert response.status_code == 302, response.content
    return Import.objects.latest("pk")


def choose(client: Client, job: Import, **more: str) -> int:
    said = {f"column-{place}": key for place, key in enumerate(job.mapping)}
    return client.post(f"/accounts/imports/{job.pk}/columns/", {**said, **more}).status_code


def work(job: Import) -> Import:
    return bring_in(job.pk, FrozenClock(NOW))


def text_of(response: object) -> str:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response).decode("utf-8-sig")  # type: ignore[arg-type]


def test_a_file_goes_from_upload_to_applied_and_back(signed_in: Client, account: Account) -> None:
    job = upload(signed_in)
    page = signed_in.get(f"/accounts/imports/{job.pk}/").content.decode()
    assert "separated by semicolon" in page
    assert choose(signed_in, job) == 302
    job = work(job)
    page = signed_in.get(f"/accounts/imports/{job.pk}/").content.decode()
    assert "Nothing is written yet" in page
    assert "Apply 2 rows" in page
    signed_in.post(f"/accounts/imports/{job.pk}/apply/")
    job = work(job)
    assert Account.objects.get(identifier="T-2").attributes["company"] == "New Works"
    page = signed_in.get(f"/accounts/imports/{job.pk}/").content.decode()
    assert "2 rows applied" in page
    signed_in.post(f"/accounts/imports/{job.pk}/undo/")
    assert work(job).state == ImportState.UNDONE
    assert "2 rows taken back" in signed_in.get(f"/accounts/imports/{job.pk}/").content.decode()
    account.refresh_from_db()
    assert account.attributes["company"] == "Acme"


def test_the_rejects_are_a_file_with_a_reason_in_each_row(
    signed_in: Client, account: Account
) -> None:
    job = upload(signed_in)
    choose(signed_in, job)
    work(job)
    rows = list(
        csv.reader(io.StringIO(text_of(signed_in.get(f"/accounts/imports/{job.pk}/rejects/"))))
    )
    assert rows == [
        ["Identifier", "Company", "Licences", "Row", "Reason"],
        ["", "Nobody", "1", "4", "It has no identifier."],
    ]


def test_numbers_with_two_readings_are_asked_for(signed_in: Client, account: Account) -> None:
    job = upload(signed_in)
    said = {"column-0": "identifier", "column-2": "new.number"}
    part = signed_in.post(f"/accounts/imports/{job.pk}/formats/", said).content.decode()
    assert "more than one way" in part
    assert "checked" not in part
    refused = signed_in.post(f"/accounts/imports/{job.pk}/columns/", said)
    assert refused.status_code == 400
    assert "can be read in several ways" in refused.content.decode()
    assert (
        signed_in.post(
            f"/accounts/imports/{job.pk}/columns/", {**said, "numbers": "comma"}
        ).status_code
        == 302
    )
    assert work(job).samples["created"][0]["values"][0]["new"] == "2500"


def test_two_columns_for_one_thing_are_refused_with_what_was_chosen_kept(
    signed_in: Client, account: Account
) -> None:
    job = upload(signed_in)
    said = {"column-0": "identifier", "column-1": "identifier"}
    refused = signed_in.post(f"/accounts/imports/{job.pk}/columns/", said)
    assert refused.status_code == 400
    assert "Two columns are chosen as Identifier" in refused.content.decode()


@pytest.mark.parametrize(
    ("content", "told"), [(b"a,b\n", "only a head"), (b"", "no rows"), (b"\x81\x8d", "not text")]
)
def test_an_unusable_file_is_refused_where_it_was_chosen(
    signed_in: Client, content: bytes, told: str
) -> None:
    file = SimpleUploadedFile("x.csv", content)
    response = signed_in.post("/accounts/imports/", {"kind": "accounts", "file": file})
    assert response.status_code == 400
    assert told in response.content.decode()
    assert not Import.objects.exists()


def test_no_file_is_said_in_a_sentence(signed_in: Client) -> None:
    response = signed_in.post("/accounts/imports/", {"kind": "accounts"})
    assert "Choose a file to upload." in response.content.decode()


def test_a_file_is_read_again_in_another_alphabet(signed_in: Client, account: Account) -> None:
    job = upload(signed_in, "Identifier,Company\nT-1,Müller\n".encode())
    signed_in.post(f"/accounts/imports/{job.pk}/read-as/", {"encoding": "cp1252", "delimiter": ""})
    assert "MÃ¼ller" in signed_in.get(f"/accounts/imports/{job.pk}/").content.decode()


def test_a_discarded_file_is_gone(signed_in: Client, account: Account) -> None:
    job = upload(signed_in)
    signed_in.post(f"/accounts/imports/{job.pk}/discard/")
    assert not Import.objects.exists()
    assert signed_in.get(f"/accounts/imports/{job.pk}/").status_code == 404


@pytest.mark.parametrize(
    "address", ["/accounts/imports/", "/accounts/imports/1/", "/accounts/imports/1/rejects/"]
)
def test_a_viewer_may_not_import(client: Client, db: None, address: str) -> None:
    client.force_login(a_member(Role.VIEWER, "vi@example.com"))
    assert client.get(address).status_code == 403


def test_the_list_is_downloaded_as_it_is_shown(signed_in: Client, account: Account) -> None:
    a_customer("=HYPERLINK(1)", identifier="T-9")
    answer = signed_in.get("/accounts/export/?sort=name&with=attributes")
    assert answer["Content-Disposition"] == 'attachment; filename="accounts.csv"'
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["Name"] for row in rows] == ["'=HYPERLINK(1)", "Acme"]
    assert rows[1]["MRR USD"] == "198.00"
    picked = csv.reader(
        io.StringIO(text_of(signed_in.get("/accounts/export/?columns=mrr,attributes.seats")))
    )
    assert next(picked) == ["Identifier", "Site", "Name", "MRR USD", "Seats"]
    found = text_of(signed_in.get("/accounts/export/?q=acme"))
    assert "HYPERLINK" not in found
    assert signed_in.get("/accounts/export/?sort=nonsense").status_code == 400


def test_contacts_are_downloaded(signed_in: Client, account: Account) -> None:
    contacts.create(account.pk, {"email": "ann@acme.example", "name": "+Ann"}, By(), now=NOW)
    for address in ("/accounts/contacts/export/", f"/accounts/{account.pk}/users/export/"):
        (row,) = csv.DictReader(io.StringIO(text_of(signed_in.get(address))))
        assert (row["E-mail"], row["Name"], row["Source"]) == (
            "ann@acme.example",
            "'+Ann",
            "Manual",
        )


def test_an_import_of_a_whole_export_is_recognised(
    signed_in: Client, account: Account, member: Member
) -> None:
    content = text_of(signed_in.get("/accounts/export/?with=sources")).encode()
    job = upload(signed_in, content)
    assert job.mapping[:3] == ["identifier", "site", "name"]
    assert choose(signed_in, job) == 302
    assert work(job).counts["unchanged"] == 1
