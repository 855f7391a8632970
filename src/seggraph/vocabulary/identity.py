"""Who signs in and what they may see and do."""

from seggraph.vocabulary.described import DescribedStrEnum


class Role(DescribedStrEnum):
    """What a user may do in a workspace."""

    ADMIN = "ADMIN", "Manages everything, including the workspace, its users and its API keys."
    LEADER = "LEADER", "Sees and manages all segments, campaigns, playbooks and destinations."
    TEAM_MEMBER = "TEAM_MEMBER", "Manages the segments, campaigns and playbooks that they created."


class ApiKeyScope(DescribedStrEnum):
    """What an API key may do. WRITE includes READ and INGEST, and ADMIN includes all."""

    INGEST = (
        "INGEST",
        "Allows to send data, and nothing else: upsertMembers, recordEvents, relateMembers, suppressAddresses"
        " and recordCampaignMetrics. Of the queries it allows viewer only.",
    )
    READ_WITHOUT_PERSONAL_DATA = (
        "READ_WITHOUT_PERSONAL_DATA",
        "Allows queries and subscriptions. Names, emails, phones, addresses, attributes marked as personal,"
        " properties of events and files are left out.",
    )
    READ = "READ", "Allows queries and subscriptions."
    WRITE = "WRITE", "Allows mutations too, except those for administrators."
    PROVISIONING = (
        "PROVISIONING",
        "Allows an identity provider to manage users and groups below /scim/v2, and nothing else. Of the queries"
        " it allows viewer only.",
    )
    ADMIN = "ADMIN", "Allows everything that an administrator may do."


class Visibility(DescribedStrEnum):
    """Who sees a segment or a playbook."""

    WORKSPACE = "WORKSPACE", "Everyone in the workspace sees it."
    PRIVATE = "PRIVATE", "Its creator, administrators and leaders see it."
