"""A node of the ecosystem as a user of the package omnibase-infra writes it: the package's own mixin on the package's own bus.

It knows nothing of the gateway but where Kafka is (KAFKA_BOOTSTRAP_SERVERS, read by the bus). NODE_ID is its UUID. Ends on SIGTERM,
after its goodbye.
"""

import asyncio
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

from omnibase_core.enums import EnumNodeKind
from omnibase_infra.enums import EnumIntrospectionReason
from omnibase_infra.event_bus.event_bus_kafka import EventBusKafka
from omnibase_infra.mixins import MixinNodeIntrospection
from omnibase_infra.models.discovery import ModelIntrospectionConfig
from omnibase_infra.models.registration.model_node_capabilities import ModelNodeCapabilities
from omnibase_infra.topics import SUFFIX_NODE_REGISTRATION_ACCEPTED, SUFFIX_REQUEST_INTROSPECTION


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class DatabaseAdapter(MixinNodeIntrospection):
    def __init__(self, node_id: UUID, event_bus: EventBusKafka, base: str):
        # The mixin finds the endpoints in attributes of these names, and the operations by the names of methods.
        self.health_url = f"{base}/health"
        self.api_url = f"{base}/api"
        self.initialize_introspection(
            ModelIntrospectionConfig(
                node_id=node_id,
                node_type=EnumNodeKind.EFFECT,
                node_name="ecosystem_database_adapter",
                event_bus=event_bus,
                version="1.4.2",
                declared_capabilities=ModelNodeCapabilities(postgres=True, read=True, batch_size=50),
            )
        )

    async def execute_query(self, statement: str) -> list[str]:
        return [statement]


async def listening(bus: EventBusKafka) -> None:
    """Until both listeners have joined: by default a new group begins at the latest message, and may come too late for `accepted`."""
    wanted = {SUFFIX_NODE_REGISTRATION_ACCEPTED, SUFFIX_REQUEST_INTROSPECTION}
    while not wanted <= {topic for topic, _group in bus.get_consumer_groups()}:
        await asyncio.sleep(0.05)


async def main() -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bus = EventBusKafka.default()
    await bus.start()
    node = DatabaseAdapter(UUID(os.environ["NODE_ID"]), bus, f"http://127.0.0.1:{server.server_port}")
    await node.start_introspection_tasks(heartbeat_interval_seconds=1.0)
    await listening(bus)
    await node.publish_introspection(reason=EnumIntrospectionReason.STARTUP)
    await stopping.wait()
    await node.publish_introspection(reason=EnumIntrospectionReason.SHUTDOWN)
    await node.stop_introspection_tasks()
    await bus.close()
    server.shutdown()


asyncio.run(main())
