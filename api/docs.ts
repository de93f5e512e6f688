import express, { type Express } from 'express';
import { absolutePath } from 'swagger-ui-dist';
import { openApiDocument } from './openapi';

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Loanloom API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;
const SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', validatorUrl: null });`;

/** The API's own documentation, served from this process alone: no request leaves the page's origin. */
export function mountDocs(app: Express): void {
  const document = openApiDocument();
  app.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  app.get('/docs', (_request, response) => {
    response.type('html').send(PAGE);
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('js').send(SCRIPT);
  });
  app.use('/docs', express.static(absolutePath(), { index: false }));
}
