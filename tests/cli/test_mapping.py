"""``tenure mapping``: set, listed and removed without a prompt, with values that follow at once."""

from tests.cli.conftest import US, Program


def test_a_field_is_mapped_retyped_and_let_go(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    tenure("sync")
    listed = tenure("mapping", "list", "--json").json
    assert listed["maps_new_fields"] is True
    seats = next(one for one in listed["attributes"] if one["name"] == "seats")
    assert seats["field"] == "account.custom_fields.seats"
    assert 0 < seats["filled"] <= seats["of"]

    city = tenure("mapping", "set", "city", "account.address.city", "--json").json
    assert city["attribute"] == {
        "name": "city",
        "object": "account",
        "label": "City",
        "type": "text",
        "unit": None,
        "field": "account.address.city",
    }
    assert city["replay"]["updated"] > 0

    refused = tenure(
        "mapping", "set", "industry", "account.custom_fields.industry", "--type", "number", "--json"
    )
    assert refused.status == 1
    assert "cannot be read as number" in refused.json["error"]["message"]
    looked = tenure(
        "mapping",
        "set",
        "industry",
        "account.custom_fields.industry",
        "--type",
        "number",
        "--preview",
        "--json",
    ).json
    assert looked["unreadable"] == looked["filled"] > 0

    every = tenure("mapping", "fields", "--object", "account", "--json").json["fields"]
    of_city = next(one for one in every if one["field"] == "account.address.city")
    assert (of_city["label"], of_city["attributes"]) == ("City", ["city"])
    assert 0 < of_city["filled"] <= of_city["of"]
    full = tenure("mapping", "fields", "--filled", "--json").json["fields"]
    assert all(one["filled"] for one in full)
    assert {"account.tax_exempt", "subscription.plan_name"} <= {one["field"] for one in full}

    assert tenure("mapping", "remove", "city").status == 0
    listed = tenure("mapping", "list", "--json").json
    assert next(o for o in listed["attributes"] if o["name"] == "city")["status"] == "by_hand"
    assert listed["maps_new_fields"] is False
    assert tenure("mapping", "remove", "city").status == 1
    assert tenure("mapping", "auto", "on", "--json").json["maps_new_fields"] is True


def test_wrong_words_are_refused_with_a_sentence(tenure: Program) -> None:
    wrong = tenure("mapping", "set", "owner", "account.email")
    assert wrong.status == 1
    assert "means something else here" in wrong.err
    assert tenure("mapping", "set", "x", "account.email", "--type", "colour").status == 2
