/** The platform's topics have no environment in their names: here they get one, so that suites on one Kafka do not meet. */
export const OWN_TOPICS = {
  KAFKA_INTROSPECTION_TOPICS: '{env}.omninode_bridge.onex.evt.node-introspection.v1,{env}.onex.evt.platform.node-introspection.v1',
  KAFKA_HEARTBEAT_TOPICS: '{env}.omninode_bridge.onex.evt.node-heartbeat.v1,{env}.onex.evt.platform.node-heartbeat.v1',
  KAFKA_ACKNOWLEDGEMENT_TOPICS: '{env}.onex.cmd.platform.node-registration-acked.v1',
  KAFKA_REQUEST_TOPICS: '{env}.omninode_bridge.onex.evt.registry-request-introspection.v1,{env}.onex.cmd.platform.request-introspection.v1',
  KAFKA_ACCEPTED_TOPICS:
    '{env}.omninode_bridge.onex.evt.node-registration-accepted.v1,{env}.onex.evt.platform.node-registration-accepted.v1',
};
