import { withBreaker } from '../../channels/breaker';
import type { Channel, ChannelReply, PaymentOrder } from '../../channels/port';
import { chooseChannel, type Candidate, type RoutingInput } from '../../channels/router';
import { CHANNEL_RULES } from '../../channels/rules';
import { at, businessDate, instant } from '../../domain/time/dates';

const NOW = at(businessDate('2026-11-24'), '10:00');
const HEALTHY = { sends: 40, answered: 40, unknown: 0, p95Ms: 200, sentTodayFen: 0, spendableFen: null, laterAt: null };
const candidate = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  name,
  rules: CHANNEL_RULES[name]!,
  health: HEALTHY,
  decision: null,
  ...more,
});
const route = (more: Partial<RoutingInput> = {}) =>
  chooseChannel({
    channels: ['wallet', 'cardnet', 'bankdirect'].map((name) => candidate(name)),
    tried: [],
    preferred: null,
    kind: 'PAYOUT',
    amount: 1_200_000,
    cardPrefix: '622202',
    now: NOW,
    ...more,
  });
const refusedBy = (...names: string[]) => names.map((channel) => ({ channel, nothingSent: false, at: NOW }));
const withFirst = (more: Partial<Candidate>) => ({ channels: [candidate('wallet', more), candidate('cardnet')] });

describe('the router', () => {
  it('takes the next channel only after the earlier ones have refused for certain', () => {
    expect(route()).toEqual({ next: 'SEND', channel: 'wallet' });
    expect(route({ tried: refusedBy('wallet') })).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route({ tried: refusedBy('wallet', 'cardnet', 'bankdirect') })).toEqual({ next: 'NONE' });
  });

  it('lets an operator’s preference come first, but never before eligibility', () => {
    expect(route({ preferred: 'bankdirect' })).toEqual({ next: 'SEND', channel: 'bankdirect' });
    expect(route({ preferred: 'bankdirect', tried: refusedBy('bankdirect') })).toEqual({ next: 'SEND', channel: 'wallet' });
    expect(route({ preferred: 'wallet', amount: 30_000_000 })).toEqual({ next: 'SEND', channel: 'cardnet' });
  });

  it('passes over a channel that may not carry the amount, the day’s sum, or anything now', () => {
    expect(route({ amount: 30_000_000 })).toEqual({ next: 'SEND', channel: 'cardnet' });
    const full = { health: { ...HEALTHY, sentTodayFen: CHANNEL_RULES.wallet!.dailyMax } };
    expect(route(withFirst(full))).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route(withFirst({ decision: { enabled: false, until: null } }))).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route(withFirst({ decision: { enabled: false, until: instant('2026-11-24T01:00:00Z') } }))).toEqual({
      next: 'SEND',
      channel: 'wallet',
    });
    const nightly = { rules: { ...CHANNEL_RULES.wallet!, window: { from: '12:00', to: '18:00' } } };
    expect(route(withFirst(nightly))).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route(withFirst({ health: { ...HEALTHY, laterAt: NOW } }))).toEqual({ next: 'SEND', channel: 'cardnet' });
  });

  it('sends a payout only where there is the money for it, as far as is known; a debit needs none', () => {
    const poor = withFirst({ health: { ...HEALTHY, spendableFen: 1_199_999 } });
    expect(route(poor)).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route({ ...poor, amount: 1_199_999 })).toEqual({ next: 'SEND', channel: 'wallet' });
    expect(route({ ...poor, kind: 'DEBIT' })).toEqual({ next: 'SEND', channel: 'wallet' });
    expect(route({ channels: [candidate('wallet', { health: { ...HEALTHY, spendableFen: 0 } })] })).toEqual({
      next: 'WAIT',
      until: instant('2026-11-24T02:10:00Z'),
    });
  });

  it('sends no card over a network that does not serve its issuer', () => {
    const tried = refusedBy('wallet');
    expect(route({ tried, cardPrefix: '510510' })).toEqual({ next: 'SEND', channel: 'bankdirect' });
    expect(route({ tried, cardPrefix: '622202' })).toEqual({ next: 'SEND', channel: 'cardnet' });
  });

  it('prefers a channel that answers to one that leaves us in doubt, whatever it costs', () => {
    expect(route(withFirst({ health: { ...HEALTHY, unknown: 20, answered: 20 } }))).toEqual({ next: 'SEND', channel: 'cardnet' });
    expect(route(withFirst({ health: { ...HEALTHY, p95Ms: 9_000 } }))).toEqual({ next: 'SEND', channel: 'cardnet' });
  });

  it('judges nobody by fewer than ten sends', () => {
    expect(route(withFirst({ health: { ...HEALTHY, sends: 4, answered: 0, unknown: 4 } }))).toEqual({ next: 'SEND', channel: 'wallet' });
  });

  it('tries a channel again that nothing had reached, after a growing rest', () => {
    const unsent = (count: number) => Array.from({ length: count }, () => ({ channel: 'wallet', nothingSent: true, at: NOW }));
    const only = [candidate('wallet')];
    expect(route({ channels: only, tried: unsent(1) })).toEqual({ next: 'WAIT', until: instant('2026-11-24T02:01:00Z') });
    expect(route({ channels: only, tried: unsent(3) })).toEqual({ next: 'WAIT', until: instant('2026-11-24T02:04:00Z') });
    expect(route({ channels: only, tried: unsent(30) })).toEqual({ next: 'WAIT', until: instant('2026-11-24T03:00:00Z') });
    expect(route({ channels: only, tried: unsent(1), now: instant('2026-11-24T02:01:00Z') })).toEqual({ next: 'SEND', channel: 'wallet' });
  });

  it('waits while the only channels left are merely closed, and gives up when all have refused', () => {
    const closed = candidate('cardnet', { decision: { enabled: false, until: instant('2026-11-24T09:00:00Z') } });
    expect(route({ channels: [candidate('wallet'), closed], tried: refusedBy('wallet') })).toEqual({
      next: 'WAIT',
      until: instant('2026-11-24T09:00:00Z'),
    });
  });
});

describe('the circuit breaker', () => {
  const order = {} as PaymentOrder;
  const { signal } = new AbortController();
  function flaky(reply: ChannelReply) {
    const calls = { send: 0, query: 0 };
    const channel = {
      name: 'flaky',
      send: () => Promise.resolve(((calls.send += 1), reply)),
      query: () => Promise.resolve(((calls.query += 1), reply)),
    } as unknown as Channel;
    return {
      calls,
      channel: withBreaker(channel, { timeout: false, errorThresholdPercentage: 50, volumeThreshold: 5, resetTimeout: 60_000 }),
    };
  }

  it('stops new sends after a run of doubt, as a certain failure of what was not sent, while queries pass', async () => {
    const { calls, channel } = flaky({ outcome: 'UNKNOWN', code: 'TIMEOUT' });
    for (let send = 0; send < 5; send += 1) expect((await channel.send(order, signal)).outcome).toBe('UNKNOWN');
    expect(await channel.send(order, signal)).toEqual({ outcome: 'FAILED_DEFINITIVE', code: 'BREAKER_OPEN', nothingSent: true });
    expect(calls.send).toBe(5);
    await channel.query(order, signal);
    expect(calls.query).toBe(1);
  });

  it('asks a question before it gives money again to a channel that was away', async () => {
    const dead: ChannelReply = { outcome: 'UNKNOWN', code: 'TIMEOUT' };
    const answers = { send: dead, query: dead };
    const calls: string[] = [];
    const call = (what: 'send' | 'query') => () => Promise.resolve((calls.push(what), answers[what]));
    const channel = withBreaker({ name: 'back', send: call('send'), query: call('query') } as unknown as Channel, {
      timeout: false,
      errorThresholdPercentage: 50,
      volumeThreshold: 5,
      resetTimeout: 1_000,
    });
    jest.useFakeTimers();
    try {
      for (let send = 0; send < 5; send += 1) await channel.send(order, signal);
      calls.length = 0;
      jest.advanceTimersByTime(1_001);
      expect(await channel.send(order, signal)).toMatchObject({ code: 'BREAKER_OPEN', nothingSent: true });
      expect(calls).toEqual(['query']);
      answers.query = { outcome: 'UNKNOWN', code: 'NOT_FOUND', notFound: true };
      answers.send = { outcome: 'SUCCEEDED', code: 'OK' };
      jest.advanceTimersByTime(1_001);
      expect(await channel.send(order, signal)).toEqual(answers.send);
      expect(await channel.send(order, signal)).toEqual(answers.send);
      expect(calls).toEqual(['query', 'query', 'send', 'send']);
    } finally {
      jest.useRealTimers();
    }
  });

  it.each<ChannelReply>([
    { outcome: 'FAILED_DEFINITIVE', code: 'NO_FUNDS' },
    { outcome: 'UNKNOWN', code: 'PROCESSING', acknowledged: true },
    { outcome: 'RETRY_SAME', code: 'NOT_ENOUGH' },
  ])('stays closed for an answer such as $code: the channel works', async (reply) => {
    const { calls, channel } = flaky(reply);
    for (let send = 0; send < 12; send += 1) expect(await channel.send(order, signal)).toEqual(reply);
    expect(calls.send).toBe(12);
  });
});
