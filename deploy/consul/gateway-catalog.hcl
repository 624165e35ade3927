# What the token in CONSUL_HTTP_TOKEN may do with CONSUL_MODE=catalog, and nothing else. It includes all of gateway-agent.hcl, so that
# the same token serves while a fleet moves from one mode to the other.

service_prefix "" {
  policy = "write"
}

# The virtual nodes that services stand on are called registry-<registry id>-<n>.
node_prefix "registry-" {
  policy = "write"
}

node_prefix "" {
  policy = "read"
}

# To learn the name that the agent at CONSUL_HOST has in the catalog; "" can be that name.
agent_prefix "" {
  policy = "read"
}
