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


class Permission(DescribedStrEnum):
    """Something that a user or an API key may do, whatever object it is about."""

    READ = "READ", "Query the workspace."
    SEE_PERSONAL_DATA = "SEE_PERSONAL_DATA", "Read, search and select members by personal data."
    SEND_DATA = "SEND_DATA", "Send members, events and campaign metrics."
    WRITE = (
        "WRITE",
        "Create segments, playbooks, campaigns, imports, exports and labels, and change one's own.",
    )
    MANAGE_ALL = "MANAGE_ALL", "Change what others created: segments, playbooks and campaigns."
    MANAGE_LABELS = "MANAGE_LABELS", "Edit and delete labels and folders."
    MANAGE_DESTINATIONS = "MANAGE_DESTINATIONS", "Create and edit destinations, and deliver segments to them."
    SEE_IMPORTS_OF_OTHERS = "SEE_IMPORTS_OF_OTHERS", "See imports that others created."
    ERASE_MEMBERS = "ERASE_MEMBERS", "Erase members with all their data."
    SUPPRESS_ADDRESSES = "SUPPRESS_ADDRESSES", "Suppress addresses, so that nobody is contacted there."
    RELEASE_ADDRESSES = "RELEASE_ADDRESSES", "Release addresses that were suppressed."
    ADMINISTER = "ADMINISTER", "Manage users, API keys, webhooks and settings, and read the audit log."
    PROVISION = "PROVISION", "Manage users and groups over SCIM, as an identity provider does."
