import { businessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import {
  classify,
  difference,
  signedAmount,
  signedOurs,
  type OurPayment,
  type StatementLine,
} from '../../../domain/reconciliation/reconciliation';
import { ATTEMPT_TRANSITIONS, type AttemptState } from '../../../domain/states';

/** Guarantee: a line of a channel's file and a payment of ours say one thing about each other, and money is never explained away. */
const DAY = businessDate('2026-03-02');
const NEXT = businessDate('2026-03-03');
const line = (more: Partial<StatementLine> = {}): StatementLine => ({
  number: 'n',
  kind: 'DEBIT',
  amount: fen(100),
  fee: fen(1),
  booked: true,
  accountTail: '1234',
  valueDate: DAY,
  comesIn: true,
  ...more,
});
const ours = (state: AttemptState, more: Partial<OurPayment> = {}): OurPayment => ({
  number: 'n',
  instructionId: 'i',
  attempt: 1,
  loanId: 'l',
  direction: 'DEBIT',
  amount: fen(100),
  state,
  valueDate: DAY,
  accountTail: '1234',
  ...more,
});
const said = (theirs: StatementLine | null, own: OurPayment | null) => {
  const finding = classify(theirs, own, DAY);
  return finding === null ? 'agree' : `${finding.code} ${finding.action}`;
};
const forEach = (theirs: StatementLine, more: Partial<OurPayment> = {}) =>
  Object.fromEntries((Object.keys(ATTEMPT_TRANSITIONS) as AttemptState[]).map((state) => [state, said(theirs, ours(state, more))]));

describe('a line and a payment of one number', () => {
  it('agree, complete what is open, and suspend what was paid against the channel’s word', () => {
    const byState = {
      SENDING: 'CONFIRMED_BY_FILE COMPLETE',
      ACCEPTED: 'CONFIRMED_BY_FILE COMPLETE',
      UNKNOWN: 'CONFIRMED_BY_FILE COMPLETE',
    };
    expect(forEach(line())).toEqual({ ...byState, SUCCEEDED: 'agree', RETURNED: 'agree', FAILED: 'PAID_AFTER_FAILURE SUSPEND' });
  });

  it('agree on another day: only part of what explains the net', () => {
    expect(said(line(), ours('SUCCEEDED', { valueDate: NEXT }))).toBe('CUTOFF MATCHED');
    expect(said(null, ours('SUCCEEDED'))).toBe('CUTOFF WATCH');
    expect(said(null, null)).toBe('agree');
  });

  it('a payment that the channel lists and did not make is none, unless we have its word for a success', () => {
    const silent = { SENDING: 'agree', ACCEPTED: 'agree', UNKNOWN: 'agree', FAILED: 'agree' };
    const broken = { SUCCEEDED: 'FAILED_AFTER_SUCCESS WATCH', RETURNED: 'FAILED_AFTER_SUCCESS WATCH' };
    expect(forEach(line({ booked: false }))).toEqual({ ...silent, ...broken });
    expect(said(line({ booked: false }), null)).toBe('agree');
    expect(said(line(), null)).toBe('LONG SUSPEND');
  });

  it('of another amount, kind or account are watched in every state, never completed', () => {
    const others = [line({ amount: fen(101) }), line({ kind: 'PAYOUT' }), line({ accountTail: '9999' })].map((each) => forEach(each));
    for (const [index, code] of ['AMOUNT', 'PARTY', 'PARTY'].entries())
      expect(new Set(Object.values(others[index] ?? {}))).toEqual(new Set([`${code} WATCH`]));
    expect(said(line({ accountTail: '9999' }), ours('SUCCEEDED', { accountTail: null }))).toBe('agree');
    expect(said(line({ kind: 'PAYOUT', comesIn: false }), ours('SUCCEEDED', { direction: 'REFUND' }))).toBe('agree');
    expect(said(line({ kind: 'PAYOUT', comesIn: false }), ours('SUCCEEDED', { direction: 'PAYOUT' }))).toBe('agree');
  });

  it('a return takes back a success once, releases a suspense, and never anything twice', () => {
    const back = line({ kind: 'RETURN', comesIn: false });
    const returned = 'RETURNED RETURN';
    expect(forEach(back)).toEqual({
      SENDING: returned,
      ACCEPTED: returned,
      UNKNOWN: returned,
      SUCCEEDED: returned,
      FAILED: 'RETURNED RELEASE',
      RETURNED: 'RETURNED MATCHED',
    });
    expect(new Set(Object.values(forEach({ ...back, isRepeat: true })))).toEqual(new Set(['DUPLICATE SUSPEND']));
    expect(said(back, null)).toBe('LONG SUSPEND');
    expect(said(line({ kind: 'RETURN', amount: fen(99) }), ours('SUCCEEDED'))).toBe('AMOUNT WATCH');
    expect(said(line({ kind: 'RETURN', amount: fen(99) }), ours('RETURNED'))).toBe('RETURNED MATCHED');
  });

  it('set the day’s net apart by what each side has booked on that day', () => {
    const apart = (theirs: StatementLine | null, own: OurPayment | null) => difference({ line: theirs, ours: own }, DAY);
    expect(apart(line(), ours('SUCCEEDED'))).toBe(0);
    expect(apart(line(), ours('RETURNED'))).toBe(0);
    expect(apart(line(), null)).toBe(100);
    expect(apart(line({ comesIn: false }), null)).toBe(-100);
    expect(apart(line({ booked: false }), ours('SUCCEEDED'))).toBe(-100);
    expect(apart(null, ours('SUCCEEDED'))).toBe(-100);
    expect(apart(null, ours('SUCCEEDED', { direction: 'PAYOUT' }))).toBe(100);
    expect(apart(null, ours('SUCCEEDED', { direction: 'REFUND' }))).toBe(100);
    for (const state of ['SENDING', 'ACCEPTED', 'UNKNOWN', 'FAILED'] as const) expect(apart(null, ours(state))).toBe(0);
    expect(apart(line(), ours('SUCCEEDED', { valueDate: NEXT }))).toBe(100);
    expect(apart(line({ kind: 'RETURN', comesIn: false }), ours('RETURNED'))).toBe(-100);
  });

  it('signs: what comes in to us is positive', () => {
    expect([signedAmount(line()), signedAmount(line({ comesIn: false }))]).toEqual([100, -100]);
    const directions = ['DEBIT', 'PAYOUT', 'REFUND'] as const;
    expect(directions.map((direction) => signedOurs(ours('SUCCEEDED', { direction })))).toEqual([100, -100, -100]);
  });
});
