"""``./run bench [NAME] [options]``: run one benchmark, or list them."""

import importlib
import sys

BENCHMARKS = {
    "import": ("benchmarks.first_import", "a site's first import, whole and by part"),
    "replay": ("benchmarks.replaying", "a new mapping over many accounts, without a request"),
    "reidentify": ("benchmarks.reidentifying", "another identifier rule over many accounts"),
    "plan": ("benchmarks.plan", "what the next sync of a large site would do"),
    "newcomer": (
        "benchmarks.newcomer",
        "from a key to the accounts in a browser, reading included",
    ),
    "refresh": ("benchmarks.refreshing", "a thousand changed accounts among a million"),
    "page": ("benchmarks.account_page", "one account with a hundred thousand invoices"),
    "rescore": ("benchmarks.rescoring", "the health of every account anew"),
    "identifier": ("benchmarks.identifier_report", "the identifier report on a million accounts"),
    "filter": ("benchmarks.account_filter", "the list of accounts under rules"),
    "alerts": (
        "benchmarks.alerting",
        "fifty alert rules after a sync that touched a thousand accounts",
    ),
    "lists": ("benchmarks.billing_lists", "subscriptions and invoices across accounts"),
}


def main() -> int:
    """Run the named benchmark with the rest of the words; the exit status."""
    names = sys.argv[1:2]
    if names and names[0] in BENCHMARKS:
        module = importlib.import_module(BENCHMARKS[names[0]][0])
        return int(module.main(sys.argv[2:]))
    for name, (_, about) in BENCHMARKS.items():
        sys.stdout.write(f"./run bench {name:<10} {about}\n")
    return 0 if not names else 2


if __name__ == "__main__":
    sys.exit(main())
