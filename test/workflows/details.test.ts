import { inSeconds, titleOf, untilThen } from '../../workflows/details';
import type { Appointment, AppointmentKind } from '../../domain/loan/appointment';
import { at, businessDate } from '../../domain/time/dates';

/** Guarantee: operators read what a workflow does in words, dates and installments; no amount and no person is among them. */
const day = businessDate('2026-12-26');
const of = (kind: AppointmentKind, more: Partial<Appointment> = {}): Appointment => ({
  kind,
  key: 'k',
  at: at(day, '08:31'),
  businessDate: day,
  summary: 'as the agenda says',
  ...more,
});

describe('what the Web UI says of an appointment', () => {
  it.each<[Appointment, string]>([
    [of('DEBIT', { installment: 3, dueOn: day, presentment: 1, daysPastDue: 0 }), 'debit of installment 3, due 26 Dec'],
    [
      of('DEBIT', { installment: 3, dueOn: businessDate('2026-12-24'), presentment: 1, daysPastDue: 2 }),
      'debit of installment 3, due 24 Dec, 2 days past due',
    ],
    [of('DEBIT', { presentment: 2 }), 'payment that the borrower asked for on 26 Dec'],
    [of('DEBIT', {}), 'debit of what is owed'],
    [of('QUERY_DEBIT', { query: 2 }), 'question 2 about the debit of 26 Dec'],
    [of('QUERY_DEBIT'), 'question 1 about the debit of 26 Dec'],
    [of('REMIND', { installment: 1, dueOn: day }), 'reminder of installment 1, due 26 Dec'],
    [of('CONTACT', { action: 'SMS', installment: 1, dueOn: day, daysPastDue: 1 }), 'SMS about installment 1, due 26 Dec, 1 days past due'],
    [
      of('CONTACT', { action: 'CALL_TASK', installment: 1, daysPastDue: 7 }),
      'task for a person to call about installment 1, 7 days past due',
    ],
    [of('CONTACT', { action: 'MAIL' }), 'letter by mail about what is owed'],
    [of('CHECK_PROMISE'), 'was the promise for 26 Dec kept?'],
    [of('CHARGE_OFF', { daysPastDue: 90 }), 'charge-off, 90 days past due'],
    [of('PAY_OUT'), 'payout'],
    [of('REFUND'), 'refund of a surplus'],
    [of('SETTLE'), 'everything is paid: close the loan'],
    [of('AWAIT_OPERATOR'), 'as the agenda says'],
    [of('AWAIT_RELEASE'), 'as the agenda says'],
    [of('AWAIT_CHANNEL'), 'as the agenda says'],
    [of('END'), 'as the agenda says'],
  ])('%#: %s', (appointment, title) => {
    expect(titleOf(appointment)).toBe(title);
  });

  it('and until when', () => {
    expect(untilThen(of('SETTLE'))).toBe('until 26 Dec 2026, 08:31: everything is paid: close the loan');
    expect(untilThen(of('AWAIT_OPERATOR', { at: null }))).toBe('as the agenda says');
  });

  it.each([
    [1, '1 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '120 min'],
    [7_200, '2 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(inSeconds(seconds)).toBe(text);
  });
});
