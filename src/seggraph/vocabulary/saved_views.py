"""Views of lists that people keep."""

from seggraph.vocabulary.described import DescribedStrEnum


class SavedViewList(DescribedStrEnum):
    """The list that a saved view is of."""

    SEGMENTS = "SEGMENTS", "It is a view of the list of segments."
    MEMBERS = "MEMBERS", "It is a view of a list of members, of any kind."
    CAMPAIGNS = "CAMPAIGNS", "It is a view of the list of campaigns."
    PLAYBOOKS = "PLAYBOOKS", "It is a view of the list of playbooks."
    IMPORTS = "IMPORTS", "It is a view of the list of imports."
