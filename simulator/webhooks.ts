import { createHmac } from 'node:crypto';
import type { BookEntry } from './books';

export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The wallet's webhooks, signed as Standard Webhooks says. A hint only: it may come twice, late, or not at all. */
export class Webhooks {
  private readonly waiting: SignedWebhook[] = [];
  private serial = 0;

  constructor(
    private readonly secret: string,
    private readonly url: string | undefined,
  ) {}

  announce(entry: BookEntry): void {
    this.serial += 1;
    const body = JSON.stringify({ type: 'transfer.settled', data: { out_bill_no: entry.number, state: 'SUCCESS' } });
    const webhook = this.signed(`evt-${entry.number}-${String(this.serial)}`, body);
    if (this.url === undefined) this.waiting.push(webhook);
    else
      void fetch(this.url, { method: 'POST', headers: { ...webhook.headers, 'content-type': 'application/json' }, body }).catch(
        () => undefined,
      );
  }

  private signed(id: string, body: string, at = new Date()): SignedWebhook {
    const timestamp = String(Math.floor(at.getTime() / 1_000));
    const signature = createHmac('sha256', this.secret).update(`${id}.${timestamp}.${body}`).digest('base64');
    return { headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }, body };
  }

  /** Those that were not delivered yet. */
  take(): SignedWebhook[] {
    return this.waiting.splice(0);
  }
}
