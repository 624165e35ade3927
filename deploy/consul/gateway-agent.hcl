# What the token in CONSUL_HTTP_TOKEN may do with CONSUL_MODE=agent (the default), and nothing else:
#   consul acl policy create -name discovery-gateway -rules @gateway-agent.hcl
#   consul acl token create -policy-name discovery-gateway -description 'discovery-gateway'

# Nodes choose the names of their services ("effect-service", or whatever they announce), so that no prefix bounds them. Where yours share one,
# write it here instead of "". Write includes read, and the checks of the services.
service_prefix "" {
  policy = "write"
}

# To see the checks of services, which Consul shows only with their nodes.
node_prefix "" {
  policy = "read"
}
