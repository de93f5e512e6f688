# One image for every process of the application; the command says which.
FROM node:20-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild esbuild @swc/core protobufjs
COPY . .
RUN mkdir /books && chown -R node:node /app /books
USER node
CMD ["node", "--import", "tsx", "workers/main.ts"]
