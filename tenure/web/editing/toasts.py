"""The word after an act of one's own, with the way back."""

UNDO = "undo-"


def undo_tag(change_set: int | None) -> str:
    """What a message carries so that its toast offers Undo; nothing when there is nothing to undo."""
    return f"{UNDO}{change_set}" if change_set else ""


def change_set_of(tags: str) -> int | None:
    """The change set a message's toast can undo."""
    found = next((tag for tag in (tags or "").split() if tag.startswith(UNDO)), "")
    number = found.removeprefix(UNDO)
    return int(number) if number.isdecimal() else None
