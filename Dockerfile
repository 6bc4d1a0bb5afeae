# The gateway as a container, for amd64 and arm64:
#   docker build -t limen .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/limen --push .
# test/system/container.test.ts runs every step of this file without Docker.

# Compiles and packs. JavaScript is the same everywhere, so this stage runs on the machine that builds.
FROM --platform=$BUILDPLATFORM node:24.21.0-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp \
    && mkdir -p /opt/limen \
    && tar -xzf /tmp/limen-*.tgz --strip-components=1 -C /opt/limen \
    && cp package-lock.json /opt/limen/

# Dependencies of the package, in the very versions of the lockfile, for the machine it is built for. None needs an install script.
# Without devDependencies in package.json: npm would install typescript, which a dependency of Node-RED names as an optional peer.
FROM node:24.21.0-slim AS install
COPY --from=build /opt/limen /opt/limen
WORKDIR /opt/limen
RUN npm pkg delete devDependencies && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-slim
LABEL org.opencontainers.image.title="limen" \
      org.opencontainers.image.description="Edge event gateway: MQTT broker, threshold rules, alarms, durable delivery and InfluxDB in one process" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=install /opt/limen /opt/limen
# A number, not a name: Kubernetes' runAsNonRoot can tell that it is not root. A new volume at /data takes owner and mode from here.
RUN ln -s /opt/limen/dist/gateway/main.js /usr/local/bin/limen \
    && install -d -m 0755 /etc/limen \
    && install -d -m 0700 -o 10001 -g 10001 /data /credentials
# limen.yaml and rules/, if any, are mounted here; without them the defaults and the environment apply.
WORKDIR /etc/limen
ENV NODE_ENV=production \
    HOME=/data \
    LIMEN_DATA=/data \
    LIMEN_MQTT__HOST=0.0.0.0 \
    LIMEN_HTTP__HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 1883 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LIMEN_HTTP__PORT || 8080}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["limen"]
CMD ["start"]
