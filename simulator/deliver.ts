import type { ServerResponse } from 'node:http';
import type { BinaryAnswer } from './protocol';

/** Sends an answer the way its delivery says: late, cut short, without signature, or not at all. */
export function deliver(response: ServerResponse, answer: BinaryAnswer): void {
  const { delivery } = answer;
  if (delivery.delayMs !== undefined) {
    setTimeout(deliver, delivery.delayMs, response, { ...answer, delivery: {} });
    return;
  }
  switch (delivery.fault) {
    case 'no-answer':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'error':
      response.writeHead(500, { 'content-type': 'text/plain' }).end('internal error');
      return;
    case 'truncated':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) });
      response.write(answer.body.slice(0, Math.floor(answer.body.length / 2)), () => response.destroy());
      return;
    case 'unsigned':
      response
        .writeHead(answer.status, { 'content-type': answer.headers['content-type'] ?? 'text/plain' })
        .end(stripped(String(answer.body)));
      return;
    case undefined:
      response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}

/** The same body without the signature that a form or a document carries inside. */
const stripped = (body: string) => body.replace(/(^|&)signature=[^&]*/, '');
