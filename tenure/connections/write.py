"""Changes to the configured sites. A key is proved with its site before it is saved, then sealed."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from tenure.connections import schedule as schedules
from tenure.connections import subdomains
from tenure.connections.models import Mode, Site, SiteState, Workspace
from tenure.connections.proof import home_region, prove, region_of
from tenure.connections.read import is_connected, key_ring
from tenure.core.errors import ConfigurationError, TenureError
from tenure.core.secrets import Secret
from tenure.sources.base import SiteFacts

REMOVED = "Removed; its data was kept."
AT_ONCE = 8  # keys proved side by side


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the check of one entry of a map said: the site's own facts, or the reason it was refused."""

    subdomain: str
    facts: SiteFacts | None
    error: TenureError | None


class SitesRefused(ConfigurationError):
    """At least one site of several was refused, so none was saved. ``outcomes`` has each entry's."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        faults = [outcome.error for outcome in outcomes if outcome.error]
        super().__init__(
            f"Nothing was saved: {len(faults)} of {len(outcomes)} sites could not be added. "
            + " ".join(fault.message for fault in faults),
            next_step=" ".join(dict.fromkeys(f.next_step for f in faults if f.next_step)),
        )
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a site shall be kept, checked before any network is used."""

    source: str
    accounts_mode: Mode
    subscriptions_mode: Mode
    schedule: str
    staged: bool = False


def add_site(
    source: str,
    subdomain: str,
    region: str,
    key: Secret,
    *,
    accounts_mode: str = Mode.DAILY,
    subscriptions_mode: str = Mode.DAILY,
    schedule: str = schedules.DEFAULT,
    staged: bool = False,
    now: datetime,
) -> Site:
    """Connect one site, proving its key first; one that was removed with its data kept comes back.

    A ``staged`` one is read and makes no account until it is activated. Raises TenureError with
    the reason; nothing is saved then.
    """
    wanted = _wanted(source, accounts_mode, subscriptions_mode, schedule, staged=staged)
    name = subdomains.tidy(subdomain)
    key = usable(key, name)
    _refuse_connected(source, name)
    facts = prove(source, name, region, key)
    with transaction.atomic():
        return _save(wanted, region, key, facts, now)


def add_sites(
    source: str,
    keys: Mapping[str, Secret],
    region: str | Mapping[str, str] | None = None,
    *,
    accounts_mode: str = Mode.DAILY,
    subscriptions_mode: str = Mode.DAILY,
    schedule: str = schedules.DEFAULT,
    staged: bool = False,
    now: datetime,
) -> Sequence[Site]:
    """Connect all the sites of a map or none. Without a region, for all or for one by its name,
    each key's own is found.

    Raises SitesRefused with an outcome for every entry when any of them is refused.
    """
    wanted = _wanted(source, accounts_mode, subscriptions_mode, schedule, staged=staged)
    refuse_connected(source, keys)
    answers = _prove_each(source, keys, region)
    if any(isinstance(answer, TenureError) for answer in answers):
        raise SitesRefused([_outcome(name, a) for name, a in zip(keys, answers, strict=True)])
    with transaction.atomic():
        return [
            _save(wanted, answer.region, key, answer.facts, now)
            for key, answer in zip(keys.values(), answers, strict=True)
            if isinstance(answer, _Proved)
        ]


def refuse_connected(source: str, subdomains: Iterable[str]) -> None:
    """Raise SitesRefused when any of these is connected already; nobody upstream is asked."""
    outcomes = []
    for name in subdomains:
        try:
            _refuse_connected(source, name)
        except ConfigurationError as error:
            outcomes.append(Outcome(name, None, error))
        else:
            outcomes.append(Outcome(name, None, None))
    if any(outcome.error for outcome in outcomes):
        raise SitesRefused(outcomes)


@dataclass(frozen=True, slots=True)
class _Proved:
    """A key that opens its site, the region in which it does, and what the site said."""

    region: str
    facts: SiteFacts


def _prove_each(
    source: str, keys: Mapping[str, Secret], region: str | Mapping[str, str] | None
) -> Sequence[_Proved | TenureError]:
    """What each key's proof brought, asked side by side, in the order given."""

    def one(entry: tuple[str, Secret]) -> _Proved | TenureError:
        name, key = entry
        try:
            where = region_of(region, name) or home_region(source, name, key)
            return _Proved(where, prove(source, name, where, key))
        except TenureError as error:
            return error

    with ThreadPoolExecutor(max(1, min(len(keys), AT_ONCE))) as threads:
        return list(threads.map(one, keys.items()))


def _outcome(subdomain: str, answer: _Proved | TenureError) -> Outcome:
    if isinstance(answer, _Proved):
        return Outcome(subdomain, answer.facts, None)
    return Outcome(subdomain, None, answer)


def rekey(site: Site, key: Secret, *, now: datetime) -> Site:
    """Replace the key by another one of the same site, proved first; reading goes on if it had stopped."""
    facts = prove(site.source, site.subdomain, site.region, usable(key, site.subdomain))
    _refuse_other_site(site, facts)
    with transaction.atomic():
        locked = Site.objects.select_for_update().get(pk=site.pk)
        if locked.state == SiteState.NEEDS_KEY or not is_connected(locked):
            locked.state, locked.state_reason = SiteState.ACTIVE, ""
        _learn(locked, facts, now)
        _seal(locked, key)
        locked.save()
    return locked


def locked(site: Site) -> Site:
    """The site as it is now, held until the caller's transaction ends."""
    return Site.objects.select_for_update().get(pk=site.pk)


def set_site(
    site: Site,
    *,
    accounts_mode: str | None = None,
    subscriptions_mode: str | None = None,
    schedule: str | None = None,
    allows_pins: bool | None = None,
) -> Site:
    """Change how a site is kept; it takes effect with its next run. None leaves a thing as it is."""
    wanted = _wanted(
        site.source,
        accounts_mode or site.accounts_mode,
        subscriptions_mode or site.subscriptions_mode,
        schedule or site.schedule,
    )
    site.accounts_mode, site.subscriptions_mode = wanted.accounts_mode, wanted.subscriptions_mode
    site.schedule = wanted.schedule
    site.allows_pins = site.allows_pins if allows_pins is None else allows_pins
    site.save(update_fields=["accounts_mode", "subscriptions_mode", "schedule", "allows_pins"])
    return site


def pause(site: Site, reason: str) -> None:
    """Stop reading the site by itself until ``resume``."""
    Site.objects.filter(pk=site.pk).update(state=SiteState.PAUSED, state_reason=reason)


def resume(site: Site) -> None:
    """Read a paused site again. Raises ConfigurationError when it has no key to read with."""
    if not is_connected(site):
        raise ConfigurationError(
            f"{site.subdomain} has no key.", next_step="Add the site again with its key."
        )
    Site.objects.filter(pk=site.pk, state=SiteState.PAUSED).update(
        state=SiteState.ACTIVE, state_reason=""
    )


def needs_attention(site: Site, error: TenureError) -> None:
    """Stop reading the site by itself until a person acts on this error, such as a refused key (F19).

    A new key ends it, and so does a run that reads the site after all.
    """
    Site.objects.filter(pk=site.pk).update(state=SiteState.NEEDS_KEY, state_reason=str(error))


def seen(site: Site, facts: SiteFacts, *, now: datetime | None = None) -> None:
    """Keep what the site just said of itself; a site that needed attention evidently no longer does."""
    _learn(site, facts, now or facts.upstream_now)
    fields = ["mode", "default_currency", "currencies", "features", "checked_at"]
    if site.state == SiteState.NEEDS_KEY:
        site.state, site.state_reason = SiteState.ACTIVE, ""
        fields += ["state", "state_reason"]
    site.save(update_fields=fields)


def forget_key(site: Site) -> None:
    """Disconnect the site and keep its data: the key is gone, and nothing reads it any more."""
    Site.objects.filter(pk=site.pk).update(
        key_sealed="", key_last4="", state=SiteState.PAUSED, state_reason=REMOVED
    )


def delete(site: Site) -> None:
    """Delete the site's row with what the database hangs on it.

    Its customers' data must be gone already; whoever purges a site deletes that first.
    """
    site.delete()


def _wanted(
    source: str, accounts_mode: str, subscriptions_mode: str, schedule: str, *, staged: bool = False
) -> _Wanted:
    return _Wanted(
        source,
        _mode(accounts_mode),
        _mode(subscriptions_mode),
        str(schedules.parse(schedule)),
        staged,
    )


def _mode(text: str) -> Mode:
    if text not in Mode.values:
        raise ConfigurationError(
            f"{text!r} is not a mode.", next_step=f"Choose one of {', '.join(Mode.values)}."
        )
    return Mode(text)


def usable(key: Secret, subdomain: str) -> Secret:
    """The key without the blanks that copying adds. Raises when there is none, or more than one line."""
    text = key.reveal().strip()
    if not text:
        raise ConfigurationError(
            f"{subdomain}: no API key was given.",
            next_step="Enter the private API key of the site.",
        )
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ConfigurationError(
            f"{subdomain}: the API key has a space or line break inside.",
            next_step="Copy the key alone.",
        )
    return Secret(text)


def _refuse_connected(source: str, subdomain: str) -> None:
    found = Site.objects.filter(source=source, subdomain=subdomain).first()
    if found and is_connected(found):
        raise _already(subdomain)


def _refuse_other_site(site: Site, facts: SiteFacts) -> None:
    if facts.site_id != site.site_id:
        raise ConfigurationError(
            f"{site.subdomain}: this key is of another site of the same name ({facts.site_id}, "
            f"and not {site.site_id}).",
            next_step="Enter a key of the site whose data is kept here, or remove it with --purge first.",
        )


def _already(subdomain: str) -> ConfigurationError:
    return ConfigurationError(
        f"{subdomain} is already connected.", next_step="To replace its key, use its own settings."
    )


def _save(wanted: _Wanted, region: str, key: Secret, facts: SiteFacts, now: datetime) -> Site:
    site = Site.objects.filter(source=wanted.source, subdomain=facts.subdomain).first()
    if site is None:
        last = Site.objects.aggregate(last=Max("priority"))["last"]
        site = Site(source=wanted.source, subdomain=facts.subdomain, site_id=facts.site_id)
        site.priority = 0 if last is None else last + 1
        site.staged = wanted.staged  # one that comes back with its accounts has nothing to stage
    _refuse_other_site(site, facts)
    site.region, site.schedule = region, wanted.schedule
    site.accounts_mode, site.subscriptions_mode = wanted.accounts_mode, wanted.subscriptions_mode
    site.state, site.state_reason = SiteState.ACTIVE, ""
    _learn(site, facts, now)
    _seal(site, key)
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError as error:
        # Somebody connected it while we were asking upstream, or it goes by another name here.
        raise _already(facts.subdomain) from error
    return site


def _learn(site: Site, facts: SiteFacts, now: datetime) -> None:
    site.mode, site.default_currency = facts.mode, facts.default_currency or ""
    site.currencies, site.features = list(facts.currencies), list(facts.features)
    site.checked_at = now


def _seal(site: Site, key: Secret) -> None:
    site.key_sealed = key_ring().seal(key, context=site.key_context)
    site.key_last4 = key.last4()


def map_new_fields(*, on: bool) -> None:
    """Whether every custom field that appears becomes an attribute by itself."""
    kept = Workspace.objects.first() or Workspace()
    kept.maps_new_fields = on
    kept.save()
