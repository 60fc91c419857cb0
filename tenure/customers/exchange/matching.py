"""Which accounts the rows of a chunk mean."""

from collections import defaultdict
from collections.abc import Iterable

from tenure.connections.models import Site
from tenure.connections.read import identifier_rule
from tenure.customers.models import Account, Alias
from tenure.customers.write import ValueRefused


class Standing:
    """The accounts that some identifiers name, the hidden and the renamed included."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        wanted = list(set(identifiers))
        self._sites = {site.subdomain: site.pk for site in Site.objects.all()}
        rule = identifier_rule()
        self._holds_within = rule is None or not rule.joins
        self._live: dict[str, dict[int | None, Account]] = defaultdict(dict)
        self._hidden: dict[tuple[str, int | None], Account] = {}
        aliases = Alias.objects.filter(identifier__in=wanted, account__removed_at=None)
        for alias in aliases.select_related("account__owner"):
            self._live[alias.identifier][alias.scope_id] = alias.account
        rows = Account.objects.filter(identifier__in=wanted).select_related("owner")
        for account in rows:
            if account.removed_at is None:
                self._live[account.identifier][account.scope_id] = account
            elif account.merged_into_id is None:
                self._hidden[account.identifier, account.scope_id] = account

    def of(self, identifier: str, site: str) -> Account | None:
        """The account a row means; None when there is none. Raises ValueRefused when it could be
        several, or names a site there is not."""
        if site and site not in self._sites:
            raise ValueRefused("site", f"There is no site {site[:80]!r}.")
        several = self._live.get(identifier, {})
        if site:
            return several.get(self._sites[site]) or several.get(None)
        if len(several) < 2:
            return next(iter(several.values()), None)
        if None in several:
            return several[None]
        raise ValueRefused(
            "identifier",
            f"{identifier!r} is an account of {len(several)} sites.",
            "Add a column that names the site.",
        )

    def scope_of(self, site: str) -> int | None:
        """The site that the identifier of a new account belongs to: the one the row names; the only
        one there is when identifiers hold within their site; otherwise all of them."""
        if site:
            return self._sites[site]
        only = list(self._sites.values())
        return only[0] if self._holds_within and len(only) == 1 else None

    def hidden(self, identifier: str, scope_id: int | None) -> Account | None:
        """The account of this identifier whose making was undone: it comes back."""
        return self._hidden.get((identifier, scope_id))
