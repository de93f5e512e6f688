import type { Channel, ChannelReply, PaymentOrder } from '../../channels/port';
import { agreedFee } from '../../domain/payment/channel-fees';
import { addDays, at, businessDate, instant } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';
import { signedAmount, type StatementLine } from '../../domain/reconciliation/reconciliation';
import { freePort } from '../../dev/stack/ports';
import type { Behaviour, FileFault } from '../../simulator/scripts';
import { startBanks, type Banks } from '../support/world';

const signal = new AbortController().signal;
const DAY = businessDate('2026-11-23');
const NOW = instant('2026-11-23T08:00:00Z');
/** When every channel's file of that day is there. */
const NEXT_NOON = at(addDays(DAY, 1), '12:00');

/** What a channel adapter is made of in these tests: other secrets and addresses stand for a wrong configuration. */
export interface AdapterUnderTest {
  readonly name: string;
  create(link: { baseUrl: string; secret: string; timeoutMs: number }): Channel;
}

/**
 * The promises of channels/port.ts, against a bank with books of its own. Every adapter has to pass
 * (docs/channels.md): what these tests cannot tell apart, the router and reconciliation will not either.
 */
export function channelContract({ name, create }: AdapterUnderTest): void {
  let banks: Banks;
  let serial = 0;

  beforeAll(async () => {
    banks = await startBanks();
  });

  afterAll(() => banks.close());

  const channel = (secret = banks.secrets[name]!, baseUrl = banks.url) => create({ baseUrl, secret, timeoutMs: 300 });
  const order = (kind: 'PAYOUT' | 'DEBIT' = 'PAYOUT'): PaymentOrder => {
    serial += 1;
    return {
      number: `payout-loan${String(serial)}-1a1`,
      kind,
      amount: fen(12_345 + serial),
      currency: 'CNY',
      account: '6222020000000000001',
      accountName: '王小明 & <Söhne>',
      reference: `loan${String(serial)}`,
      asOf: NOW,
    };
  };
  /** When the last of them, a bank that answers by files, has its results. */
  const later = (sent: PaymentOrder): PaymentOrder => ({ ...sent, asOf: instant('2026-11-23T08:05:00Z') });
  async function send(behaviour: Behaviour, kind: 'PAYOUT' | 'DEBIT' = 'PAYOUT'): Promise<{ order: PaymentOrder; reply: ChannelReply }> {
    const sent = order(kind);
    await banks.script({ behaviour, reference: sent.reference, delayMs: 2_000, queriesInVain: 2 });
    return { order: sent, reply: await channel().send(sent, signal) };
  }
  const booked = async (number: string) =>
    (await banks.books()).entries.filter((entry) => entry.number === number && entry.state === 'BOOKED' && entry.kind !== 'RETURN').length;
  async function readDay(date = DAY): Promise<StatementLine[]> {
    const file = await channel().statement(date, at(addDays(date, 1), '12:00'), signal);
    if (file.state !== 'READY') throw new Error(`${file.state} ${file.code}`);
    const lines: StatementLine[] = [];
    for await (const portion of channel().readStatement(file.content, date)) lines.push(...portion);
    return lines;
  }

  describe('moving money', () => {
    it('succeeds only with a final code, the same amount, account and number', async () => {
      for (const kind of ['PAYOUT', 'DEBIT'] as const) {
        const { order: sent, reply } = await send('ok', kind);
        const final = reply.outcome === 'SUCCEEDED' ? reply : await channel().query(later(sent), signal);
        expect(final).toMatchObject({ outcome: 'SUCCEEDED', valueDate: DAY });
        expect(final.channelReference).toBeTruthy();
      }
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
      'wrong-payee',
      'not-found-then-success',
      'pays-late',
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
      expect((await channel().query(lost, signal)).outcome).toBe('FAILED_DEFINITIVE');
    });

    it('does not close what was paid', async () => {
      const { order: sent } = await send('no-answer');
      expect((await channel().close(later(sent), signal)).outcome).toBe('SUCCEEDED');
    });

    it('books a number once however often it is sent', async () => {
      const same = order();
      await Promise.all([channel().send(same, signal), channel().send(same, signal), channel().send(same, signal)]);
      expect(await booked(same.number)).toBe(1);
    });

    it('keeps apart what is sent at the same time', async () => {
      const adapter = channel();
      const orders = Array.from({ length: 20 }, () => order());
      await banks.script({ behaviour: 'refused', reference: orders[7]!.reference });
      const replies = await Promise.all(orders.map((each) => adapter.send(each, new AbortController().signal)));
      for (const [index, each] of orders.entries()) {
        expect(await booked(each.number)).toBe(index === 7 ? 0 : 1);
        expect(replies[index]!.outcome === 'FAILED_DEFINITIVE').toBe(index === 7);
      }
    });

    it('has failed for certain only when provably nothing was sent', async () => {
      const closed = `http://127.0.0.1:${String(await freePort())}`;
      expect(await channel(undefined, closed).send(order(), signal)).toMatchObject({ outcome: 'FAILED_DEFINITIVE', nothingSent: true });
      expect((await channel(undefined, closed).query(order(), signal)).outcome).toBe('UNKNOWN');
      expect((await channel(undefined, closed).close(order(), signal)).outcome).toBe('UNKNOWN');
    });

    it('believes nothing while it is down', async () => {
      const waiting = order();
      await banks.tell('outages', { bank: name, reference: waiting.reference, until: NEXT_NOON });
      for (const reply of [
        await channel().send(waiting, signal),
        await channel().query(waiting, signal),
        await channel().close(waiting, signal),
      ])
        expect(reply).toMatchObject({ outcome: 'UNKNOWN', code: 'HTTP_503' });
      expect(await booked(waiting.number)).toBe(0);
    });

    it('believes no answer to a request that was signed with the wrong secret', async () => {
      const sent = order();
      expect((await channel('wrong').send(sent, signal)).outcome).toBe('UNKNOWN');
      expect(await booked(sent.number)).toBe(0);
    });
  });

  describe('after the money has moved', () => {
    it('asks for a payment back, and shows its return on the day it came', async () => {
      const { order: sent } = await send('no-answer');
      expect(await channel().recall(sent, signal)).toMatchObject({ requested: true });
      const [line] = (await readDay(addDays(DAY, 1))).filter((each) => each.number === sent.number);
      expect(line).toMatchObject({ kind: 'RETURN', amount: sent.amount, comesIn: true, booked: true, valueDate: addDays(DAY, 1) });
    });

    it('tells the balance, which falls by what was paid out', async () => {
      const before = await channel().balance(NOW, signal);
      const { order: sent } = await send('ok');
      const after = await channel().balance(NOW, signal);
      if (!before.known || !after.known) throw new Error('the balance is not known');
      expect(before.amount - after.amount).toBe(sent.amount);
      expect(await channel('wrong').balance(NOW, signal)).toMatchObject({ known: false });
    });
  });

  describe('the daily file', () => {
    it('lists what moved, to the fen', async () => {
      const lines = await readDay();
      const { entries } = await banks.books();
      const theirs = entries.filter((entry) => entry.bank === name && entry.state === 'BOOKED' && entry.valueDate === DAY);
      expect(lines.map((line) => line.number).sort()).toEqual(theirs.map((entry) => entry.number).sort());
      expect(lines.reduce((sum, line) => sum + signedAmount(line), 0)).toBe(
        theirs.reduce((sum, entry) => sum + (entry.kind === 'DEBIT' ? entry.amountFen : -entry.amountFen), 0),
      );
      expect(lines[0]).toMatchObject({ accountTail: '0001' });
      for (const line of lines) expect(line.fee).toBe(agreedFee(name, line, line.valueDate));
    });

    it('has header and trailer on a day without payments', async () => {
      expect(await readDay(businessDate('2026-01-05'))).toEqual([]);
    });

    it('is not there before its time', async () => {
      expect(await channel().statement(DAY, at(DAY, '23:00'), signal)).toMatchObject({ state: 'NOT_READY' });
    });

    it.each<FileFault>(['empty', 'truncated', 'wrong-count', 'wrong-sum', 'wrong-day', 'edited', 'unsigned'])(
      'is refused, or not believed, when it is %s',
      async (fault) => {
        await banks.tell('file-faults', { bank: name, date: DAY, fault });
        const file = await channel().statement(DAY, NEXT_NOON, signal);
        if (file.state !== 'READY') {
          expect(['UNKNOWN', 'REFUSED']).toContain(file.state);
          return;
        }
        const reading = async () => {
          for await (const portion of channel().readStatement(file.content, DAY)) expect(portion.length).toBeGreaterThan(0);
        };
        await expect(reading()).rejects.toMatchObject({ code: 'FILE_REFUSED' });
      },
    );

    it('does not believe a file that was signed with another secret', async () => {
      expect((await channel('wrong').statement(DAY, NEXT_NOON, signal)).state).not.toBe('READY');
    });
  });
}
