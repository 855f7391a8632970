"""One frame for many sockets: POST / sends the same bytes of graphql-transport-ws to every subscriber.

Nothing is executed and nothing is serialised: what a Python process can reach at best.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

FRAME = (
    '{"id":"1","type":"next","payload":{"data":{"workspaceEvents":{"__typename":"SegmentUpdated","cursor":"0-0",'
    '"at":"2026-01-01T00:00:00Z","topic":"SEGMENT_UPDATED","subject":{"__typename":"Segment","id":"U2VnbWVudDox",'
    '"name":"Segment 1","memberCount":1000,"reach":{"total":1000}}}}}}'
)


async def _subscribe(socket: WebSocket) -> None:
    await socket.accept(subprotocol="graphql-transport-ws")
    subscribers: set[WebSocket] = socket.app.state.subscribers
    try:
        async for message in socket.iter_json():
            if message["type"] == "connection_init":
                await socket.send_text('{"type":"connection_ack"}')
            elif message["type"] == "subscribe":
                subscribers.add(socket)
    except WebSocketDisconnect:
        pass
    finally:
        subscribers.discard(socket)


async def _publish(request: Request) -> Response:
    for socket in tuple(request.app.state.subscribers):
        await socket.send_text(FRAME)
    return JSONResponse({})


app = Starlette(
    routes=[Route("/publish", _publish, methods=["POST"]), WebSocketRoute("/graphql", _subscribe)]
)
app.state.subscribers = set()
