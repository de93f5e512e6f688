import type { LoanFact } from '../../../domain/loan/account';
import { PAST_SLA } from '../../../domain/loan/attention';
import { disbursementOf, loanAccount, loanAccountNow } from '../../../domain/loan/loan-account';
import { nextSerial, paymentNamed, type LoanEvent, type OpenInstruction } from '../../../domain/loan/loan-events';
import { keys } from '../../../domain/keys';
import { fen } from '../../../domain/money/money';
import { scheduleFor } from '../../../domain/product/offer';
import { createCatalogue } from '../../../domain/product/products';
import { at, businessDate } from '../../../domain/time/dates';
import { anEvent } from '../../support/events';

/** Guarantee: a loan is read from what is recorded of it and nothing else. */
const product = createCatalogue().version('consumer-installment', 1);
const START = businessDate('2026-01-31');
const request = { principal: fen(1_200_000), termMonths: 12 };
const LENT: LoanFact = { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) };

describe('a recorded loan', () => {
  const record = (facts: LoanFact[], schedule = scheduleFor(request, product, START)) => ({ ...request, product, schedule, facts });
  const back: LoanFact = { key: 'r', type: 'REVERSAL', valueDate: START, of: 'd' };

  it('stands from its disbursement in force: one whose payout did not come back', () => {
    const again = { ...LENT, key: 'd2' };
    expect([disbursementOf([]), disbursementOf([LENT]), disbursementOf([LENT, back]), disbursementOf([LENT, back, again])]).toEqual([
      undefined,
      LENT,
      undefined,
      again,
    ]);
    const charge = { key: 'c', type: 'CHARGE', valueDate: START, amount: fen(1), component: 'fee', of: 'd' } as LoanFact;
    expect(disbursementOf([charge, LENT])).toBe(LENT);
  });

  it('has the rows that were signed; by the terms where none are yet, from the day asked about', () => {
    const signed = scheduleFor(request, product, START).map((row) => ({
      ...row,
      interest: fen(row.interest + 1),
      payment: fen(row.payment + 1),
    }));
    expect(loanAccount(record([LENT], signed), START).installments.map((row) => row.due.interest)).toEqual(
      signed.map((row) => row.interest),
    );
    const unpaid = loanAccount(record([], []), businessDate('2026-02-10'));
    expect(unpaid.status).toBe('APPROVED');
    expect([unpaid.installments[0]!.dueOn, unpaid.installments[0]!.due.principal]).toEqual(['2026-03-10', 94_619]);
    expect(loanAccount(record([LENT], []), businessDate('2026-02-10')).installments[0]!.dueOn).toBe('2026-02-28');
  });

  it('is known up to the latest of its facts, though its own day be earlier', () => {
    const paid: LoanFact = { key: 'p', type: 'REPAYMENT', valueDate: businessDate('2026-02-05'), amount: fen(500) };
    expect([loanAccount(record([LENT, paid]), START).asOf, loanAccountNow(record([LENT, paid]), START).asOf]).toEqual([
      START,
      '2026-02-05',
    ]);
  });
});

describe('the next payment to a borrower', () => {
  const given = (...directions: OpenInstruction['direction'][]) => directions.map((direction) => ({ direction })) as OpenInstruction[];
  const needless = (...kinds: LoanEvent['kind'][]) =>
    kinds.map((kind, index) => anEvent({ key: String(index), kind, at: at(START, '09:00'), businessDate: START, data: {} }));
  const NEEDLESS = 'REFUND_NOT_NEEDED';

  it('has the number after all of its kind; a refund that was not needed has used up its own', () => {
    const serial = (direction: 'PAYOUT' | 'REFUND', instructions = given(), events = needless()) =>
      nextSerial(direction, { instructions, events });
    expect([
      serial('PAYOUT'),
      serial('PAYOUT', given('PAYOUT', 'REFUND', 'DEBIT')),
      serial('REFUND', given('PAYOUT', 'REFUND', 'REFUND')),
    ]).toEqual([1, 2, 3]);
    expect([
      serial('REFUND', given('REFUND'), needless(NEEDLESS, 'REOPENED', NEEDLESS)),
      serial('PAYOUT', given(), needless(NEEDLESS)),
    ]).toEqual([4, 1]);
  });

  it('is named up to the last number that a loan can give', () => {
    expect(paymentNamed('l', keys.refundInstruction('l', 999))).toEqual({ isRefund: true, serial: 999 });
    expect(() => paymentNamed('l', 'x')).toThrow(expect.objectContaining({ code: 'INTERNAL', message: 'x is no payment of loan l' }));
  });

  it('that is past its time is attended to until its cause is gone', () => {
    expect(PAST_SLA).toEqual({ kind: 'PAST_SLA', text: 'a payment is past its SLA without an outcome', sticky: false });
  });
});
