# What the gateway needs at run time, and no more. Install scripts are for development tools only; what is optional are types, and a part of pg
# for another platform. Of the rest, types, source maps and pages are for editors: 27 of 70 MB, and maps would be read into memory.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \) \
    ! -iname 'licen[cs]e*' ! -iname 'notice*' -delete

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
# The folder is what a volume mounted there starts as: the gateway runs as node (by its number, so that a host can tell that it is not root), and
# writes its snapshot. Nothing runs npm here, and scanners need not report what that depends on.
RUN mkdir -p /var/lib/discovery-gateway && chown 1000:1000 /var/lib/discovery-gateway \
  && rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn*
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SERVICE_PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
