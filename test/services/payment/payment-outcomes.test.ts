import type { ChannelReply } from '../../../channels/port';
import { readLoanFile } from '../../../db/loan/loan-file';
import { businessDate, at, addDays } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import { recordReply } from '../../../services/payment/payment-outcomes';
import { checkInvariants } from '../../../ops/audit/invariants';
import { PaymentDesk } from '../../support/payment-desk';

/** Guarantee: what a channel said is recorded once, whole, and never against what was proved before. */
const DAY = businessDate('2026-11-23');
const on = addDays(DAY, 5);

describe('what a channel said about a payment', () => {
  let desk: PaymentDesk;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(() => desk.close());

  const entries = (loanId: string) => desk.deps.db('journal_entries').where({ loan_id: loanId }).orderBy('id').pluck<string[]>('kind');
  const say = (instructionId: string, reply: ChannelReply, asked: 'SEND' | 'QUERY' = 'QUERY') =>
    recordReply(desk.deps, { instructionId, attempt: 1, asked, reply, at: at(on, '11:00') });
  const holds = async () => {
    for (const { invariant, violations } of await checkInvariants({ db: desk.deps.db }))
      if (invariant !== 'I4') expect([invariant, violations]).toEqual([invariant, []]);
  };

  it('a confirmed debit is a fact, an entry, an event and a mail', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000);
    const file = await readLoanFile(desk.deps.db, loanId);
    expect(file.facts.at(-1)).toMatchObject({ type: 'REPAYMENT', amount: 5_000, valueDate: on });
    expect(file.events.at(-1)).toMatchObject({ kind: 'PAYMENT_RECEIVED', data: { amount: 5_000 } });
    expect(await entries(loanId)).toEqual(['PAYOUT_SENT', 'PAYOUT_SUCCEEDED', 'DEBIT_SENT', 'DEBIT_SUCCEEDED']);
    expect(await desk.deps.db('outbox').where({ topic: 'mail', key: `mail:received:${id}` })).toHaveLength(1);
    await holds();
  });

  it('said again it changes nothing', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000);
    const before = [await entries(loanId), (await readLoanFile(desk.deps.db, loanId)).facts];
    expect(await say(id, { outcome: 'SUCCEEDED', code: 'OK', valueDate: on })).toMatchObject({ state: 'SUCCEEDED' });
    expect([await entries(loanId), (await readLoanFile(desk.deps.db, loanId)).facts]).toEqual(before);
  });

  it('a failure after a proved success is a case, and takes nothing back', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000);
    expect(await say(id, { outcome: 'FAILED_DEFINITIVE', code: 'NO_FUNDS' })).toMatchObject({ state: 'SUCCEEDED' });
    expect(await entries(loanId)).toHaveLength(4);
  });

  it('a definitive failure gives the pending entry back, and the debit has failed with it', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000, { behaviour: 'no-funds' });
    expect((await entries(loanId)).slice(2)).toEqual(['DEBIT_SENT', 'DEBIT_VOIDED']);
    const { instructions, events } = await readLoanFile(desk.deps.db, loanId);
    expect(instructions.find((each) => each.id === id)).toMatchObject({ state: 'FAILED', open: false });
    expect(events.at(-1)).toMatchObject({ kind: 'DEBIT_FAILED', data: { amount: 5_000 } });
    await holds();
  });

  it.each([
    ['before it was ordered', addDays(on, -3)],
    ['far ahead', addDays(on, 40)],
  ])('a success dated %s is no fact: the payment stays open, and finance gets a case', async (_, valueDate) => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000, { behaviour: 'no-answer', queries: 0 });
    expect(await say(id, { outcome: 'SUCCEEDED', code: 'OK', valueDate })).toMatchObject({ state: 'UNKNOWN' });
    expect(await desk.deps.db('breaks').where({ code: 'VALUE_DATE' }).pluck('number')).toHaveLength(1);
    expect((await readLoanFile(desk.deps.db, loanId)).facts.filter(({ type }) => type === 'REPAYMENT')).toEqual([]);
  });

  it('an answer that names another amount opens a case, and the right answer closes it', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000, { behaviour: 'no-answer', queries: 0 });
    await say(id, { outcome: 'UNKNOWN', code: 'AMOUNT', mismatch: 'amount', saidAmount: fen(5_001) });
    const open = () => desk.deps.db('breaks').where({ code: 'AMOUNT' }).whereNull('closed_on').pluck<string[]>('id');
    expect(await open()).toHaveLength(1);
    await say(id, { outcome: 'SUCCEEDED', code: 'OK', valueDate: on });
    expect(await open()).toEqual([]);
    await holds();
  });

  it('"later" says when, and "not found" since when', async () => {
    const { loanId } = await desk.payOut(DAY);
    const id = await desk.debit(loanId, on, 5_000, { behaviour: 'no-answer', queries: 0 });
    const ask = (time: string, reply: ChannelReply) =>
      recordReply(desk.deps, { instructionId: id, attempt: 1, asked: 'QUERY', reply, at: at(on, time) });
    expect(await ask('11:00', { outcome: 'UNKNOWN', code: 'NOT_FOUND', notFound: true })).toMatchObject({ notFoundForMs: 0 });
    expect(await ask('11:10', { outcome: 'UNKNOWN', code: 'NOT_FOUND', notFound: true })).toMatchObject({ notFoundForMs: 600_000 });
    expect(await ask('11:20', { outcome: 'UNKNOWN', code: 'X' })).toMatchObject({ notFoundForMs: 0 });
  });
});
