import { randomUUID } from 'node:crypto';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { ApiDeps } from './deps';
import { mountDocs } from './docs';
import { errorHandler, notFoundHandler } from './errors';
import { metricsHandler } from './metrics';
import { ROUTES } from './openapi';
import { mount } from './route';
import { rawBody, webhookHandler } from './webhooks';

const BODY_LIMIT = '32kb';

/** The HTTP API over its dependencies; no state of its own. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use(
    helmet({ contentSecurityPolicy: { directives: { 'style-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null } } }),
  );
  app.use((request, response, next) => {
    const requestId = randomUUID();
    response.locals.requestId = requestId;
    response.set('X-Request-Id', requestId);
    const startedAt = process.hrtime.bigint();
    response.on('finish', () => {
      deps.log.info(
        {
          requestId,
          method: request.method,
          route: request.route ? (request.route as { path: string }).path : 'none',
          status: response.statusCode,
          ms: Number((process.hrtime.bigint() - startedAt) / 1_000_000n),
        },
        'request',
      );
    });
    next();
  });
  // Before the JSON parser: webhooks are verified over their raw bytes.
  app.post('/v1/webhooks/:channel', rawBody, webhookHandler(deps));
  app.use(express.json({ limit: BODY_LIMIT, strict: true }));
  app.get('/healthz', async (_request, response) => {
    await deps.db.raw('SELECT 1');
    response.json({ status: 'ok' });
  });
  app.get('/metrics', metricsHandler(deps));
  mountDocs(app);
  for (const definition of ROUTES) mount(app, deps, definition);
  app.use(notFoundHandler);
  app.use(errorHandler(deps.log));
  return app;
}
