# What the gateway needs at run time, and no more. Install scripts are for development tools only.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src ./src
RUN npm run build

# Listens on every interface, so it starts only where AUTH_TOKENS_READ, AUTH_TOKENS_WRITE, AUTH_JWKS_URL or ALLOW_ANONYMOUS says who may ask.
FROM node:24-slim
ENV NODE_ENV=production \
    SERVICE_HOST=0.0.0.0 \
    SERVICE_PORT=8080 \
    SNAPSHOT_FILE=/var/lib/discovery-gateway/registry.ndjson \
    MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY drizzle ./drizzle
COPY package.json LICENSE ./
# What a volume mounted here starts as: the gateway runs as node, and writes its snapshot.
RUN mkdir -p /var/lib/discovery-gateway && chown node:node /var/lib/discovery-gateway
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SERVICE_PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
