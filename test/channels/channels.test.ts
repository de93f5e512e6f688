import { chooseChannel } from '../../channels/router';
import { CHANNEL_NAMES, createChannels } from '../../channels/index';
import type { ChannelReply, PaymentOrder } from '../../channels/port';
import { instant } from '../../domain/dates';
import { fen } from '../../domain/money';
import { freePort } from '../../ops/stack/ports';
import type { Behaviour } from '../../simulator/scripts';
import { startBanks, type Banks } from '../support/world';

const signal = new AbortController().signal;

describe.each(CHANNEL_NAMES)('the channel %s', (name) => {
  let banks: Banks;
  let serial = 0;

  beforeAll(async () => {
    banks = await startBanks();
  });

  afterAll(() => banks.close());

  const channel = (secret = banks.secrets[name]!, baseUrl = banks.url) =>
    createChannels({ baseUrl, secrets: { ...banks.secrets, [name]: secret }, timeoutMs: 300 }).get(name)!;
  const order = (kind: 'PAYOUT' | 'DEBIT' = 'PAYOUT'): PaymentOrder => {
    serial += 1;
    return {
      number: `order-${name}-${String(serial)}`,
      kind,
      amount: fen(12_345),
      currency: 'CNY',
      account: '6222020000000000001',
      accountName: '王小明',
      reference: `loan-${String(serial)}`,
      asOf: instant('2026-11-23T08:00:00Z'),
    };
  };
  async function send(behaviour: Behaviour, kind: 'PAYOUT' | 'DEBIT' = 'PAYOUT'): Promise<{ order: PaymentOrder; reply: ChannelReply }> {
    const sent = order(kind);
    await banks.script({ behaviour, reference: sent.reference, delayMs: 2_000 });
    return { order: sent, reply: await channel().send(sent, signal) };
  }
  const booked = async (number: string) =>
    (await banks.books()).entries.filter((entry) => entry.number === number && entry.state === 'BOOKED').length;

  it('succeeds only with a final code, the same amount, account and number', async () => {
    const { order: sent, reply } = await send('ok');
    const final = reply.outcome === 'SUCCEEDED' ? reply : await channel().query(sent, signal);
    expect(final).toMatchObject({ outcome: 'SUCCEEDED', valueDate: '2026-11-23' });
  });

  it.each<Behaviour>([
    'slow',
    'no-answer',
    'reset',
    'truncated',
    'error-but-paid',
    'unlisted-code-but-paid',
    'unsigned',
    'wrong-amount',
    'not-found-then-success',
  ])('is UNKNOWN after %s, and the money did move', async (behaviour) => {
    const { order: sent, reply } = await send(behaviour);
    expect(reply.outcome).toBe('UNKNOWN');
    expect(await booked(sent.number)).toBe(1);
  });

  it.each<Behaviour>(['request-lost', 'unlisted-code'])('is UNKNOWN after %s, although nothing moved', async (behaviour) => {
    const { order: sent, reply } = await send(behaviour);
    expect(reply.outcome).toBe('UNKNOWN');
    expect(await booked(sent.number)).toBe(0);
  });

  it('has failed for certain after a listed refusal', async () => {
    expect((await send('refused')).reply.outcome).toBe('FAILED_DEFINITIVE');
    expect((await send('no-funds', 'DEBIT')).reply.outcome).toBe('FAILED_DEFINITIVE');
  });

  it('asks for the same number later when it has no balance or no capacity', async () => {
    for (const behaviour of ['no-balance', 'rate-limited'] as const) {
      const { order: sent, reply } = await send(behaviour);
      expect(reply.outcome).toBe('RETRY_SAME');
      expect(reply.retryAfterSeconds).toBeGreaterThan(0);
      expect((await channel().send(sent, signal)).outcome).not.toBe('FAILED_DEFINITIVE');
      expect(await booked(sent.number)).toBe(1);
    }
  });

  it('takes not found for UNKNOWN, until the number is closed', async () => {
    const lost = order();
    expect(await channel().query(lost, signal)).toMatchObject({ outcome: 'UNKNOWN', notFound: true });
    expect(await channel().close(lost, signal)).toMatchObject({ outcome: 'FAILED_DEFINITIVE' });
    await channel().send(lost, signal);
    expect(await booked(lost.number)).toBe(0);
  });

  it('does not close what was paid', async () => {
    const { order: sent } = await send('no-answer');
    expect((await channel().close(sent, signal)).outcome).toBe('SUCCEEDED');
  });

  it('books a number once however often it is sent', async () => {
    const same = order();
    await Promise.all([channel().send(same, signal), channel().send(same, signal), channel().send(same, signal)]);
    expect(await booked(same.number)).toBe(1);
  });

  it('has failed for certain only when provably nothing was sent', async () => {
    const closed = `http://127.0.0.1:${String(await freePort())}`;
    expect((await channel(undefined, closed).send(order(), signal)).outcome).toBe('FAILED_DEFINITIVE');
    expect((await channel(undefined, closed).query(order(), signal)).outcome).toBe('UNKNOWN');
  });

  it('believes no answer to a request that was signed with the wrong secret', async () => {
    const sent = order();
    expect((await channel('wrong').send(sent, signal)).outcome).toBe('UNKNOWN');
    expect(await booked(sent.number)).toBe(0);
  });
});

describe('the router', () => {
  const channels = ['wallet', 'cardnet', 'bankdirect'];

  it('takes the next channel only after the earlier ones, and an operator’s preference first', () => {
    expect(chooseChannel({ channels, tried: [], preferred: null })).toBe('wallet');
    expect(chooseChannel({ channels, tried: [{ channel: 'wallet' }], preferred: null })).toBe('cardnet');
    expect(chooseChannel({ channels, tried: [], preferred: 'bankdirect' })).toBe('bankdirect');
    expect(chooseChannel({ channels, tried: [{ channel: 'bankdirect' }], preferred: 'bankdirect' })).toBe('wallet');
    expect(chooseChannel({ channels, tried: channels.map((channel) => ({ channel })), preferred: null })).toBeUndefined();
  });
});
