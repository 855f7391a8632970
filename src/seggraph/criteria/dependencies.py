"""What criteria read of a member: a change to anything else cannot change their answer."""

from dataclasses import dataclass

from seggraph.criteria.checker import Checked, Comparison
from seggraph.criteria.nodes import All, AnyOf, Consent, Not, Tags
from seggraph.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Reads:
    """The well-known fields, custom attributes, tags and consent channels that criteria look at."""

    fields: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()

    def __or__(self, other: "Reads") -> "Reads":
        """What either of the two reads."""
        return Reads(
            self.fields | other.fields,
            self.attributes | other.attributes,
            self.tags | other.tags,
            self.channels | other.channels,
        )


def fields_read(tree: Checked) -> Reads:
    """Everything that the tree's answer for a member depends on, besides time."""
    match tree:
        case All(items) | AnyOf(items):
            found = Reads()
            for item in items:
                found |= fields_read(item)
            return found
        case Not(item):
            return fields_read(item)
        case Comparison(field):
            name = frozenset({field.name})
            return Reads(attributes=name) if field.is_custom else Reads(fields=name)
        case Tags(values=tags):
            return Reads(tags=frozenset(tags))
        case Consent(channel):
            return Reads(channels=frozenset({channel}))
