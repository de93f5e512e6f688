import { createHmac } from 'node:crypto';
import type { Action } from './script';
import { Unexpected } from './unexpected';
import type { SimWorld } from './world';

interface Held {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Below the age that the API accepts, with time to spare. */
const YOUNG_SECONDS = 200;

/** Carries the wallet's webhooks, as carelessly as a network may, and forges some that the wallet never sent. */
export class Messenger {
  private readonly webhooks: Held[] = [];
  private readonly delivered: Held[] = [];

  constructor(private readonly world: SimWorld) {}

  /** Fetches what the wallet has to say and delivers part of it: out of order, several times, the rest later or never. */
  async deliver({ order, copies, keep }: Extract<Action, { do: 'WEBHOOKS' }>): Promise<void> {
    this.webhooks.push(...(await this.world.tell<Held[]>('webhooks')));
    const sorted = [...this.webhooks].sort((a, b) => ((a.body.length * 31 + order) % 7) - ((b.body.length * 31 + order) % 7));
    const going = sorted.slice(0, Math.ceil(sorted.length * (1 - keep)));
    for (const webhook of going) {
      this.webhooks.splice(this.webhooks.indexOf(webhook), 1);
      this.delivered.push(webhook);
      const statuses = await Promise.all(Array.from({ length: copies }, () => this.post(webhook)));
      // One that was held back for minutes of real time, on a busy machine, is too old to be believed, and is refused.
      const isOld = Date.now() / 1_000 - Number(webhook.headers['webhook-timestamp']) > YOUNG_SECONDS;
      if (statuses.some((status) => status !== 204 && status < 500 && !(isOld && status === 401)))
        throw new Unexpected(`a webhook of the wallet's was answered ${statuses.join(', ')}`);
    }
  }

  private async post({ headers, body }: Held): Promise<number> {
    const response = await fetch(`${this.world.apiUrl}/v1/webhooks/wallet`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    return response.status;
  }

  async forge({ pick, how }: Extract<Action, { do: 'FORGE' }>): Promise<void> {
    const attempts = await this.world.attached.db('payment_attempts').orderBy('number').select<{ number: string }[]>('number');
    const number = attempts[Math.floor(pick * attempts.length)]?.number ?? 'payout-nobody-1a1';
    const body = JSON.stringify({ type: 'transfer.settled', data: { out_bill_no: number, state: 'FORGED' } });
    const id = `forged-${number}`;
    const at = String(Math.floor(Date.now() / 1_000));
    const known = this.delivered[Math.floor(pick * this.delivered.length)];
    const forged: Held =
      how === 'signature' || !known
        ? {
            headers: {
              'webhook-id': id,
              'webhook-timestamp': at,
              'webhook-signature': `v1,${createHmac('sha256', 'guessed').update(body).digest('base64')}`,
            },
            body,
          }
        : how === 'age'
          ? { headers: { ...known.headers, 'webhook-timestamp': String(Number(at) - 3_600) }, body: known.body }
          : { headers: known.headers, body };
    const status = await this.post(forged);
    if (status !== 401 && status < 500) throw new Unexpected(`a forged webhook was answered ${String(status)}`);
  }
}
