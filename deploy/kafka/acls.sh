#!/usr/bin/env bash
# What the principal of the gateways may do in Kafka, and nothing else: acls.sh <principal> <options that every call needs>, such as
#   KAFKA_ENVIRONMENT=prod deploy/kafka/acls.sh User:discovery-gateway --bootstrap-server kafka:9092 --command-config admin.properties
# The topics are those of the default configuration (docs/configuration.md, KAFKA_…_TOPICS); kafka-acls.sh comes with Kafka.
set -euo pipefail
principal=${1:?the principal of the gateways, such as User:discovery-gateway}
shift
environment=${KAFKA_ENVIRONMENT:-dev}
group=${KAFKA_GROUP_ID:-discovery-gateway}
legacy=$environment.omninode_bridge.onex
platform=onex.evt.platform

allow() {
  kafka-acls.sh "${connection[@]}" --add --allow-principal "$principal" "$@"
}
connection=("$@")

# Read what nodes say. A gateway is a node too: it announces itself on the first topic of each kind.
for topic in "$legacy.evt.node-introspection.v1" "$legacy.evt.node-heartbeat.v1" onex.cmd.platform.node-registration-acked.v1; do
  allow --operation Read --operation Write --topic "$topic"
done
for topic in "$platform.node-introspection.v1" "$platform.node-heartbeat.v1"; do
  allow --operation Read --topic "$topic"
done

# Speak to nodes; and, as a node, hear it.
for topic in "$legacy.evt.registry-request-introspection.v1" "$platform.registry-request-introspection.v1" \
  onex.cmd.platform.request-introspection.v1 \
  "$legacy.evt.node-registration-accepted.v1" "$platform.node-registration-accepted.v1"; do
  allow --operation Read --operation Write --topic "$topic"
done

# Say every change, and keep what could not be understood.
allow --operation Write --topic "$legacy.evt.registration-changed.v1"
allow --operation Write --topic "$legacy.dlq.registry.v1"

# The group that the gateways share; and one for each gateway as a node.
allow --operation Read --group "$group"
allow --operation Read --group node-introspection- --resource-pattern-type prefixed

# With KAFKA_CREATE_TOPICS=true (the default). Where it may not, or is false, make the topics yourself; contract/asyncapi.yaml has their settings.
if [[ ${KAFKA_CREATE_TOPICS:-true} == true ]]; then
  allow --operation Create --topic "$legacy." --resource-pattern-type prefixed
  allow --operation Create --topic "$platform." --resource-pattern-type prefixed
  allow --operation Create --topic onex.cmd.platform. --resource-pattern-type prefixed
fi
