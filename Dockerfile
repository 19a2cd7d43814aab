# The image of Fairlead. Online: docker build --tag fairlead .
# BASE is a Debian with Node.js. What git, SSH and certificates need is added where it is missing.
ARG BASE=node:24-slim

FROM ${BASE} AS build
# A registry other than npm's own, and its certificate authority as PEM text. They stay in this stage.
ARG NPM_CONFIG_REGISTRY
ARG NPM_CONFIG_CA
WORKDIR /opt/fairlead
COPY . .
# A context may bring dist and node_modules, as test/contract/dockerfile.test.ts does; .dockerignore leaves them out else.
RUN [ -d dist ] || { npm ci && npm run build && npm prune --omit=dev; }
RUN mkdir /opt/built && cp -r package.json LICENSE dist schemas node_modules /opt/built

FROM ${BASE}
RUN { git --version && ssh -V && [ -e /etc/ssl/certs/ca-certificates.crt ]; } || { \
      apt-get update && apt-get install --yes --no-install-recommends git openssh-client ca-certificates && \
      rm -rf /var/lib/apt/lists/*; }
# ssh wants its user to have a name.
RUN echo 'fairlead:x:10001:10001:Fairlead:/var/lib/fairlead:/usr/sbin/nologin' >> /etc/passwd && \
    echo 'fairlead:x:10001:' >> /etc/group && \
    mkdir --parents /etc/fairlead /var/lib/fairlead && \
    chown 10001:10001 /var/lib/fairlead && chmod 0700 /var/lib/fairlead
COPY --from=build /opt/built /opt/fairlead
RUN ln -s /opt/fairlead/dist/main.js /usr/local/bin/fairlead

ARG REVISION=unknown
LABEL org.opencontainers.image.title="fairlead" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.description="Keeps a Docker host equal to a git repository of Service and LoadBalancer manifests" \
      org.opencontainers.image.licenses="MIT"

# fairlead.yaml is looked for in the working directory.
WORKDIR /etc/fairlead
ENV NODE_ENV=production FAIRLEAD_STATE_DIR=/var/lib/fairlead
VOLUME /var/lib/fairlead
# The socket belongs to a group of the host: docker run --group-add "$(stat -c %g /var/run/docker.sock)"
USER 10001:10001
STOPSIGNAL SIGTERM
# The lock is a socket that a reconciler answers; it says "ok" as long as its passes succeed.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "-e", \
  "require('net').connect(process.env.FAIRLEAD_STATE_DIR + '/lock').on('data', (text) => process.exit(text == 'ok\\n' ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["fairlead"]
CMD ["run"]
