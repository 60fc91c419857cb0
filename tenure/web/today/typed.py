"""What a form of a task says, as values; what it cannot mean is refused with a sentence."""

from tenure.access.models import Member
from tenure.access.read import active_members
from tenure.tasks.write import NotTaken

LATEST_PAGE = 10_000


def owner(email: str, *, kept: Member | None = None) -> Member | None:
    """The member of this e-mail; None where nobody is said. ``kept`` may stay though they cannot log in
    any more. Raises NotTaken."""
    said = email.strip().lower()
    if not said:
        return None
    able: list[Member] = [*active_members(), *([kept] if kept else ())]
    for member in able:
        if str(member.email).lower() == said:
            return member
    raise NotTaken("owner", f"Nobody here has the e-mail {said[:80]}.", "Choose a member.")


def page(text: str | None) -> int:
    """The number of a page, the first where none is meant."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(number, 1), LATEST_PAGE)
