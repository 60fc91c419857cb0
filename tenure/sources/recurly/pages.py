"""From a list's answer to records: the page must be sound, a single bad record is put aside."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw, Struct, json

from tenure.core.errors import PermanentError
from tenure.core.http import Answer
from tenure.sources.base import Rejected
from tenure.sources.records import Record
from tenure.sources.recurly import texts
from tenure.sources.recurly.address import Address
from tenure.sources.recurly.bodies import is_shallow, json_of, refuse_deep
from tenure.sources.recurly.kind import Kind
from tenure.sources.recurly.retrying import Again

_AROUND = 2  # levels around a record: the list and what it comes in
# So often a spoilt page is asked for again before it is read as far as it can be.
PATIENCE = 3


class Envelope(Struct, gc=False):
    """A list as it comes. ``next`` is null on the last page, and data like everything else."""

    data: list[Raw]
    has_more: bool
    next: str | None = None


class _Identity(Struct, gc=False):
    id: str | int | None = None


_envelope = json.Decoder(Envelope)
_identity = json.Decoder(_Identity)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page's records as JSON, those whose text was spoilt apart, and the way on."""

    data: Sequence[bytes]
    next: str | None
    spoilt: Sequence[Rejected] = ()
    notices: Sequence[str] = ()


@dataclass(slots=True)
class PageReader:
    """Reads the answers to one request for one page; it remembers what went wrong before."""

    address: Address
    path: str
    target: str
    spoilt: int = 0
    circles: int = 0

    def __call__(self, answer: Answer) -> Listed:
        """Raises Again while asking again may help, PermanentError when the list leads astray."""
        text = json_of(answer, whole=False)
        clean, nuls = texts.without_nul(text)
        envelope = self._envelope(clean)
        if envelope is not None:
            data = [bytes(raw) for raw in envelope.data]
            if not all(is_shallow(record, _AROUND) for record in data):
                refuse_deep(text)
            # Record by record: those that are plain ASCII, most of them, are told at a glance.
            if all(map(texts.is_utf8, data)):
                return Listed(data, self._next(envelope), notices=self._notices(nuls))
        return self._salvaged(text)

    def _envelope(self, text: bytes) -> Envelope | None:
        """None when only lone surrogates keep it from being read."""
        try:
            return _envelope.decode(text)
        except msgspec.ValidationError as error:
            raise Again(f"upstream did not answer as an API: this is no list ({error})") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refuse_deep(text)
            if _mended(text)[1]:
                return None
            raise Again(f"the answer is not JSON: {error}") from None

    def _salvaged(self, text: bytes) -> Listed:
        """The page without the records whose text cannot be read, after asking some times over."""
        self.spoilt += 1
        clean, places = _mended(text)
        if self.spoilt < PATIENCE:
            raise Again(f"the answer is not UTF-8 text at byte {places[0] if places else 0}")
        clean, nuls = texts.without_nul(clean)
        try:
            envelope = _envelope.decode(clean)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Again(f"the answer is not JSON: {error}") from None
        good, bad = _divided([bytes(raw) for raw in envelope.data], clean, text, places)
        return Listed(good, self._next(envelope), bad, self._notices(nuls))

    def _next(self, envelope: Envelope) -> str | None:
        if not envelope.has_more:
            return None
        if not envelope.next:
            raise Again(f"the list {self.path} has more records but does not say where")
        found = self.address.relative(envelope.next, self.path)
        if found == self.target:
            self.circles += 1
            if self.circles > 1:
                raise PermanentError(
                    f"The list {self.path} leads back to the page it was read from.",
                    next_step="Run the sync again; if it stays, report it to the vendor.",
                )
            raise Again(f"the list {self.path} leads back to the same page")
        return found

    def _notices(self, nuls: int) -> Sequence[str]:
        if not nuls:
            return ()
        return (f"{self.path}: {nuls} NUL characters in texts were replaced by U+FFFD.",)


@dataclass(slots=True)
class Read:
    """What a page's JSON became. ``cut`` are the places in ``records`` whose nested list is cut."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)


def read_records(kind: Kind, data: Sequence[bytes]) -> Read:
    """Each record on its own: one that cannot be read is rejected with its reason."""
    read = Read()
    decode, to_record, rest = kind.decoder.decode, kind.to_record, kind.rest
    for payload in data:
        try:
            one = decode(payload)
            record = to_record(one, payload)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            read.rejected.append(rejected(kind, payload, error))
            continue
        if rest is not None and rest.is_cut(one):
            read.cut.append(len(read.records))
        read.records.append(record)
    return read


def complete(kind: Kind, read: Read, rests: Mapping[int, list[bytes]]) -> None:
    """Give the records at these places their whole nested lists; one that cannot be read whole is
    rejected as a whole."""
    if kind.rest is None or not rests:
        return
    kept = []
    for place, record in enumerate(read.records):
        try:
            raws = rests.get(place)
            kept.append(record if raws is None else kind.rest.complete(record, raws))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            read.rejected.append(rejected(kind, record.payload, error))
    read.records = kept


def rejected(kind: Kind, payload: bytes, error: Exception) -> Rejected:
    """A record put aside, with a sentence that names it."""
    upstream_id = identity(payload)
    name = f"{kind.path.strip('/')} {upstream_id or 'without an id'}"
    return Rejected(upstream_id, f"{name}: {_reason(error)}.", payload)


def identity(payload: bytes) -> str | None:
    """The record's own id, if that much can be read."""
    try:
        found = _identity.decode(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return str(found) if found not in (None, "") else None


def _reason(error: Exception) -> str:
    text = str(error).replace("Object missing required field", "it lacks")
    return text.rstrip(".") or type(error).__name__


def _mended(text: bytes) -> tuple[bytes, Sequence[int]]:
    try:
        return texts.mended(text)
    except ValueError as error:
        raise Again(f"the answer is not JSON: {error}") from None


def _divided(
    data: Sequence[bytes], clean: bytes, spoilt: bytes, places: Sequence[int]
) -> tuple[list[bytes], list[Rejected]]:
    """Records whose text was sound, and the others as they came. Mending kept all lengths."""
    good, bad = [], []
    end = 0
    for record in data:
        start = clean.index(record, end)
        end = start + len(record)
        first = bisect_left(places, start)
        if first == len(places) or places[first] >= end:
            good.append(record)
            continue
        reason = f"Its text is not UTF-8 at byte {places[first] - start} of the record."
        bad.append(Rejected(identity(record), reason, spoilt[start:end]))
    return good, bad
