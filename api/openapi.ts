import { createDocument } from 'zod-openapi';
import { applicationRoutes } from './routes/applications';
import { loanCommandRoutes } from './routes/loan-commands';
import { loanRoutes } from './routes/loans';
import { cardRoutes } from './routes/cards';
import { identityRoutes } from './routes/identity';
import { opsRoutes } from './routes/ops';
import { personRoutes } from './routes/person';
import { revealRoute } from './routes/reveal';
import { reviewFileRoute } from './routes/review-file';
import { productRoutes } from './routes/products';
import { reconciliationRoutes } from './routes/reconciliation';
import { consentRoutes } from './routes/consents';
import { disclosureRoutes } from './routes/disclosure';
import { signingRoutes } from './routes/signing';
import { documentRoutes, type Route } from './route';

export const ROUTES: readonly Route[] = [
  ...productRoutes,
  ...applicationRoutes,
  ...consentRoutes,
  ...disclosureRoutes,
  ...signingRoutes,
  ...loanRoutes,
  ...loanCommandRoutes,
  ...cardRoutes,
  ...identityRoutes,
  ...opsRoutes,
  reviewFileRoute,
  revealRoute,
  ...personRoutes,
  ...reconciliationRoutes,
];

/** The OpenAPI 3.1 document, made from the same definitions that validate requests. */
export function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Loanloom API',
      version: '1.0.0',
      description:
        'Consumer loans as durable workflows. Amounts are strings of minor units with their currency; errors are problem+json with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'this server' }],
    security: [{ bearer: [] }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    paths: documentRoutes(ROUTES),
  });
}
