import { APPLICATION_EVENTS } from '../../../domain/application/application-events';
import { decodeEvent, publicData } from '../../../domain/events';
import { LOAN_EVENTS, paymentNamed } from '../../../domain/loan/loan-events';
import { businessDate, at } from '../../../domain/time/dates';

/** Guarantee: a borrower reads the named fields of the kinds that we know, and nothing else, whatever else an event holds. */
const SECRET = { reason: 'a suspicion', actor: 'operator:li', decidedBy: 'operator:li', by: 'operator:li', note: 'never shown' };
const ALL = {
  ...SECRET,
  amount: 1,
  dueOn: '2026-01-01',
  needed: true,
  code: 'NO_FUNDS',
  instructionId: 'i',
  action: 'SMS',
  daysPastDue: 3,
  owed: 4,
  promiseId: 'p',
  promised: 5,
  paid: 6,
  until: '2026-02-02',
  type: 'WAIVER',
  overpaid: 7,
  step: 'income',
  version: 8,
};
const shown = (kind: string) => Object.keys(publicData(LOAN_EVENTS, kind, ALL) ?? { hidden: true }).sort();

describe('what a borrower reads of an event', () => {
  it.each<[string, string[]]>([
    ['PAYOUT_CONFIRMED', ['amount']],
    ['PAYOUT_FAILED', []],
    ['PAYOUT_REAUTHORIZED', []],
    ['PAYOUT_RETURNED', ['amount']],
    ['REPAYMENT_RETURNED', ['amount']],
    ['REFUNDED', ['amount']],
    ['REFUND_NOT_NEEDED', []],
    ['REOPENED', []],
    ['REMINDED', ['amount', 'dueOn']],
    ['DEBIT_PRESENTED', ['amount', 'needed']],
    ['DEBIT_FAILED', ['amount', 'code']],
    ['DEBIT_GAVE_WAY', []],
    ['DEBIT_IN_DOUBT', []],
    ['PAYMENT_REQUESTED', ['amount', 'instructionId']],
    ['PAYMENT_RECEIVED', ['amount']],
    ['CONTACTED', ['action', 'daysPastDue', 'owed']],
    ['CONTACT_MISSED', []],
    ['PROMISE_MADE', ['amount', 'dueOn', 'promiseId']],
    ['PROMISE_KEPT', ['paid', 'promiseId', 'promised']],
    ['PROMISE_PARTIAL', ['paid', 'promiseId', 'promised']],
    ['PROMISE_BROKEN', ['paid', 'promiseId', 'promised']],
    ['HOLD_PLACED', ['until']],
    ['HOLD_RELEASED', []],
    ['CHARGED_OFF', []],
    ['ADJUSTED', ['type']],
    ['CARD_CHANGED', []],
    ['REJECTED', []],
    ['SETTLED', ['overpaid']],
    ['SOMETHING_NEW', ['hidden']],
    ['UNKNOWN', ['hidden']],
    ['toString', ['hidden']],
  ])('%s', (kind, fields) => {
    expect(shown(kind)).toEqual(fields);
  });

  it('of an application, its step and nothing of who decided', () => {
    expect(publicData(APPLICATION_EVENTS, 'STEP_SAVED', ALL)).toEqual({ step: 'income', version: 8 });
    const kinds = ['SUBMITTED', 'KYC_PENDING', 'DECISION_PENDING', 'OFFERED', 'FOUR_EYES', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE'];
    for (const kind of [...kinds, 'SIGNED', 'READY_TO_DISBURSE', 'DISBURSED', 'DECLINED', 'WITHDRAWN', 'EXPIRED'])
      expect(publicData(APPLICATION_EVENTS, kind, ALL)).toEqual({});
    expect(publicData(APPLICATION_EVENTS, 'REVIEWED_BY', ALL)).toBeUndefined();
  });
});

/** Guarantee: what is recorded is read as what its kind says, and what this version does not know stops nothing. */
describe('an event as it is read', () => {
  const row = { key: 'k', at: at(businessDate('2026-11-25'), '10:00'), businessDate: businessDate('2026-11-25') };

  it('is of its kind, with the fields of its kind', () => {
    const data = { dueOn: '2026-12-01', amount: 500, plannedAt: row.at, more: 'of a newer version' };
    expect(decodeEvent(LOAN_EVENTS, { ...row, kind: 'REMINDED', data })).toEqual({
      ...row,
      kind: 'REMINDED',
      data: { dueOn: '2026-12-01', amount: 500, plannedAt: row.at },
    });
  });

  it.each(['A_NEWER_KIND', 'toString'])('%s is known by its key and by what it had planned', (kind) => {
    const data = { plannedAt: row.at, secret: 'of a newer version' };
    expect(decodeEvent(LOAN_EVENTS, { ...row, kind, data })).toEqual({ ...row, kind: 'UNKNOWN', data: { plannedAt: row.at } });
  });

  it.each([
    ['no date', { amount: 500 }],
    ['half a fen', { dueOn: '2026-12-01', amount: 0.5 }],
    ['a date that is none', { dueOn: 'tomorrow', amount: 500 }],
    ['a time that is none', { dueOn: '2026-12-01', amount: 500, plannedAt: 'soon' }],
  ])('with %s is refused, with the name of the field', (_, data) => {
    expect(() => decodeEvent(LOAN_EVENTS, { ...row, kind: 'REMINDED', data })).toThrow(/dueOn|amount|plannedAt/);
  });
});

/** Guarantee: which payment an id names is found by making the ids that the loan can give, never by taking one apart. */
describe('the payment that an id names', () => {
  it.each([
    ['payout-7k3m-1', { isRefund: false, serial: 1 }],
    ['payout-7k3m-12', { isRefund: false, serial: 12 }],
    ['refund-7k3m-3', { isRefund: true, serial: 3 }],
  ])('%s', (id, named) => {
    expect(paymentNamed('7k3m', id)).toEqual(named);
  });

  it.each(['payout-7k3m-0', 'payout-7k3m-1000', 'payout-other-1', 'refund-7k3m-', 'debit-7k3m-2026-12-26-1', ''])(
    '%s is none of it',
    (id) => {
      expect(() => paymentNamed('7k3m', id)).toThrow('is no payment of loan 7k3m');
    },
  );
});
