"""The demo's webhook, which tells the demo itself what happens: something to look at."""

from contextlib import suppress
from typing import Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.files.keyring import SecretKeyMissing
from seggraph.services.webhooks import webhooks
from seggraph.services.webhooks.webhooks import WebhookDraft
from seggraph.vocabulary import ApiKeyScope, Role, Topic

DESCRIPTION: Final = "The demo's own receiver"


async def ensure(context: Context, workspace_id: int, url: str) -> None:
    """Send all topics to a URL, by the one webhook of the demo; its port is another at each start.

    Where secrets cannot be kept, there is none.
    """
    viewer = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
    for webhook in await webhooks.list_all(viewer):
        if webhook.description == DESCRIPTION:
            await webhooks.update(context, viewer, webhook.id, {"url": url})
            return
    with suppress(SecretKeyMissing):
        await webhooks.create(context, viewer, WebhookDraft(url, list(Topic), DESCRIPTION))
