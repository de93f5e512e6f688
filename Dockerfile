# Two images of one application; the command says which process runs.
#   app      what may run in production: no sandbox, no simulator, no tests
#   sandbox  the same with dev/ and simulator/, for docker-compose.yml
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild esbuild @swc/core protobufjs

FROM dependencies AS app
COPY tsconfig.json ./
COPY activities activities
COPY api api
COPY channels channels
COPY config config
COPY db db
COPY domain domain
COPY migrations migrations
COPY ops ops
COPY providers providers
COPY risk risk
COPY services services
COPY temporal temporal
COPY workers workers
COPY workflows workflows
RUN chown -R node:node /app
USER node
CMD ["node", "--import", "tsx", "workers/main.ts"]

FROM app AS sandbox
USER root
COPY dev dev
COPY simulator simulator
RUN mkdir /books /tombstones /trust && chown -R node:node /app /books /tombstones /trust
USER node
