import { Webhook } from 'standardwebhooks';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startApi, unreachableTemporal, type Api } from '../support/api';
import { createDeps, startBanks, type Banks } from '../support/world';
import { freePort } from '../../dev/stack/ports';

describe('webhooks of a channel', () => {
  let database: TestDatabase;
  let banks: Banks;
  let api: Api;

  beforeAll(async () => {
    database = await createTestDatabase();
    banks = await startBanks();
    api = await startApi(createDeps(database, banks, []), unreachableTemporal(await freePort()));
  });

  afterAll(async () => {
    await api.close();
    await banks.close();
    await database.close();
  });

  const body = (number: string) => JSON.stringify({ type: 'transfer.settled', data: { out_bill_no: number, state: 'SUCCESS' } });
  function signed(id: string, text: string, at = new Date(), secret = 'secret-of-wallet') {
    const signature = new Webhook(secret, { format: 'raw' }).sign(id, at, text);
    return { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)), 'webhook-signature': signature };
  }
  const post = (headers: Record<string, string>, text: string, channel = 'wallet') =>
    api.request('POST', `/v1/webhooks/${channel}`, { key: null, headers, body: text });
  const hints = () => database.db('outbox').where({ topic: 'payment.hint' }).orderBy('id').select<{ subject: string }[]>('subject');
  const refused = async () => (await database.db('webhook_refusals').first<{ refused: number } | undefined>('refused'))?.refused ?? 0;

  it('become one wish to ask about the payment, however often and in whatever order they come', async () => {
    const text = body('payout-a-1a1');
    const headers = signed('evt-1', text);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(headers, text)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 204));
    expect(await hints()).toEqual([{ subject: 'payout-a-1a1' }]);
    expect(await database.db('webhook_events')).toHaveLength(1);
  });

  it.each([
    ['signed by somebody else', () => signed('evt-2', body('payout-b-1a1'), new Date(), 'guessed')],
    ['of another body', () => signed('evt-3', body('payout-c-1a1'))],
    ['older than five minutes', () => signed('evt-4', body('payout-b-1a1'), new Date(Date.now() - 6 * 60_000))],
    ['from the future', () => signed('evt-5', body('payout-b-1a1'), new Date(Date.now() + 6 * 60_000))],
    ['without a signature', () => ({ 'webhook-id': 'evt-6' })],
  ])('are refused, counted and without effect when they are %s', async (_what, headers) => {
    const [before, waiting] = [await refused(), (await hints()).length];
    const answer = await post(headers(), body('payout-b-1a1'));
    expect(answer).toMatchObject({ status: 401, body: { code: 'WEBHOOK_REFUSED' } });
    expect(await refused()).toBe(before + 1);
    expect(await hints()).toHaveLength(waiting);
  });

  it('of a channel that sends none, or of no channel, find nothing', async () => {
    for (const channel of ['cardnet', 'nobody']) expect((await post(signed('evt-7', body('x')), body('x'), channel)).status).toBe(404);
  });

  it('are seen in the metrics when they are refused', async () => {
    const answer = await api.request('GET', '/metrics', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain(`loanloom_webhooks_refused{channel="wallet"} ${String(await refused())}`);
  });
});
