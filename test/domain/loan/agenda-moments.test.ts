import type { LoanFact } from '../../../domain/loan/account';
import { holdInForce, nextAppointment } from '../../../domain/loan/agenda';
import { decidedUpTo, isScheduled, openPromise } from '../../../domain/loan/agenda-candidates';
import type { AgendaInput, Appointment } from '../../../domain/loan/appointment';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import type { LoanEvent, LoanEventKind, OpenInstruction } from '../../../domain/loan/loan-events';
import { keys } from '../../../domain/keys';
import { fen } from '../../../domain/money/money';
import { scheduleFor } from '../../../domain/product/offer';
import { createCatalogue } from '../../../domain/product/products';
import { at, businessDate, type Instant } from '../../../domain/time/dates';
import { anEvent } from '../../support/events';

/** Guarantee: each moment of a loan is the one that its product names, to the minute, and is told whole: what, when, about which installment. */
const product = createCatalogue().version('consumer-installment', 1);
const START = businessDate('2026-01-31');
const DUE = businessDate('2026-02-28');
const day = (text: string) => businessDate(`2026-${text}`);
const LENT: LoanFact = { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) };
// Loan "a": minute 40 of the hour (FNV-1a of "a" is 0xe40c292c, 3826002220, and 40 beyond a multiple of 60).
const inputAt = (now: Instant, more: Partial<AgendaInput> = {}): AgendaInput => {
  const terms = { principal: fen(1_200_000), termMonths: 12 };
  return {
    ...terms,
    loanId: 'a',
    product,
    schedule: scheduleFor(terms, product, START),
    facts: [LENT],
    events: [],
    instructions: [],
    now,
    ...more,
  };
};
const next = (now: Instant, more: Partial<AgendaInput> = {}): Appointment => nextAppointment(inputAt(now, more));
const event = (kind: LoanEventKind, moment: Instant, data: object = {}, key: string = `${kind}-${moment}`): LoanEvent =>
  anEvent({ key, kind, at: moment, businessDate: day(moment.slice(5, 10)), data });
/** All up to this moment has been decided. */
const decided = (date: string, time: string): LoanEvent => event('UNKNOWN', at(START, '12:00'), { plannedAt: at(day(date), time) });
const scheduledDebit = (more: Partial<OpenInstruction> = {}): OpenInstruction => ({
  id: 'debit',
  direction: 'DEBIT',
  state: 'FAILED',
  open: false,
  amount: fen(100),
  businessDate: DUE,
  presentment: 1,
  sentAt: at(DUE, '08:40'),
  lastQueriedAt: null,
  queries: 0,
  ...more,
});
const DEBIT: Appointment = {
  kind: 'DEBIT',
  key: keys.debitDay(DUE),
  at: at(DUE, '08:40'),
  businessDate: DUE,
  summary: 'debit what is due',
  dueOn: DUE,
  installment: 1,
  daysPastDue: 0,
  presentment: 1,
  instructionId: keys.debitInstruction('a', DUE, 1),
};
const contact = (date: string, action: 'SMS' | 'MAIL' | 'CALL_TASK', daysPastDue: number): Appointment => ({
  kind: 'CONTACT',
  key: keys.contact(DUE, daysPastDue),
  at: at(day(date), '10:00'),
  businessDate: day(date),
  summary: `${action} at ${String(daysPastDue)} days past due`,
  action,
  dueOn: DUE,
  installment: 1,
  daysPastDue,
});

describe('an everyday appointment', () => {
  it('is a reminder three days before, a debit on the day, an SMS on the next, and a debit again', () => {
    const now = at(day('02-10'), '12:00');
    const remind = {
      kind: 'REMIND',
      key: keys.remind(DUE),
      at: at(day('02-25'), '09:00'),
      businessDate: day('02-25'),
      dueOn: DUE,
      installment: 1,
    };
    expect(next(now)).toEqual({ ...remind, summary: 'remind of installment 1' });
    const reminded = [event('REMINDED', at(day('02-25'), '09:00'), {}, keys.remind(DUE))];
    expect(next(now, { events: reminded })).toEqual(DEBIT);
    const failed = { events: reminded, instructions: [scheduledDebit()] };
    expect(next(now, failed)).toEqual(contact('03-01', 'SMS', 1));
    const again = [...reminded, event('CONTACTED', at(day('03-01'), '10:00'), {}, keys.contact(DUE, 1))];
    expect(next(now, { ...failed, events: again })).toEqual({
      ...DEBIT,
      key: keys.debitDay(day('03-02')),
      at: at(day('03-02'), '08:40'),
      businessDate: day('03-02'),
      summary: 'debit what is owed, 2 days past due',
      daysPastDue: 2,
      instructionId: keys.debitInstruction('a', day('03-02'), 1),
    });
  });

  it('is a debit still where only another payment of that day was made, or the borrower’s own', () => {
    for (const more of [{ presentment: 2 }, { direction: 'PAYOUT' as const }, { businessDate: day('02-27') }])
      expect(next(at(DUE, '07:00'), { events: [decided('02-25', '09:01')], instructions: [scheduledDebit(more)] })).toEqual(DEBIT);
  });

  it('counts how often a debit of its day gave way to the borrower’s own payment', () => {
    const gave = (date: string, key: string) => event('DEBIT_GAVE_WAY', at(day(date), '08:40'), { round: 1 }, key);
    const events = [decided('02-25', '09:01'), gave('02-28', 'g1'), gave('02-28', 'g2'), gave('02-27', 'g3')];
    expect(next(at(DUE, '09:00'), { events })).toEqual({ ...DEBIT, round: 2 });
  });

  it('is a charge-off once, on the ninety-first day', () => {
    const late = { events: [decided('05-30', '09:59')] };
    const off: Appointment = {
      kind: 'CHARGE_OFF',
      key: 'charge-off',
      at: at(day('05-30'), '10:00'),
      businessDate: day('05-30'),
      summary: 'charge off at 91 days past due',
      dueOn: DUE,
      installment: 1,
      daysPastDue: 91,
    };
    expect(next(at(day('05-30'), '09:59'), late)).toEqual(off);
    const done = { events: [...late.events, event('CHARGED_OFF', at(day('04-30'), '10:00'), {}, 'by-hand')] };
    expect(next(at(day('05-30'), '09:59'), done)).toMatchObject({ kind: 'DEBIT', businessDate: '2026-05-31' });
    // Contacts go on.
    expect(next(at(day('03-01'), '09:00'), { events: [decided('03-01', '09:00'), ...done.events.slice(1)] })).toEqual(
      contact('03-01', 'SMS', 1),
    );
  });

  it('is a person’s when debits and contacts are used up', () => {
    const now = at(businessDate('2030-01-01'), '12:00');
    const events = [event('UNKNOWN', at(START, '12:00'), { plannedAt: now })];
    expect(next(now, { events })).toEqual({
      kind: 'AWAIT_OPERATOR',
      key: 'operator:exhausted',
      at: null,
      businessDate: '2030-01-01',
      summary: 'debits and contacts of the product are used up: a person decides how to recover the debt',
    });
  });

  it('is the closing of a paid loan, and again after it was reopened', () => {
    const now = at(day('02-10'), '12:00');
    const base = { at: now, businessDate: day('02-10') };
    const { total } = loanAccountNow(inputAt(now), day('02-10')).payoff;
    const facts: LoanFact[] = [LENT, { key: 'p', type: 'REPAYMENT', valueDate: day('02-10'), amount: total }];
    const told = (...kinds: LoanEventKind[]) =>
      next(now, { facts, events: kinds.map((kind, index) => event(kind, now, {}, String(index))) });
    const settle = { ...base, kind: 'SETTLE', summary: 'everything is paid: close the loan' };
    const end = { ...base, kind: 'END', key: 'end', summary: 'nothing is left to do' };
    expect(told()).toEqual({ ...settle, key: 'settle' });
    expect(told('SETTLED')).toEqual(end);
    expect(told('SETTLED', 'REOPENED')).toEqual({ ...settle, key: keys.settleAgain(2) });
    expect(told('SETTLED', 'REOPENED', 'SETTLED')).toEqual(end);
  });
});

describe('a debit that is open', () => {
  const open = (state: OpenInstruction['state'], more: Partial<OpenInstruction> = {}) => [scheduledDebit({ open: true, state, ...more })];
  const now = at(DUE, '09:00');
  const hold = event('HOLD_PLACED', at(DUE, '08:00'), { until: day('03-02') });

  it.each(['CREATED', 'AUTHORIZED'] as const)('and %s is presented now; a scheduled one waits for the end of a hold', (state) => {
    expect(next(now, { instructions: open(state) })).toMatchObject({ kind: 'DEBIT', at: now, presentment: 1 });
    expect(next(now, { instructions: open(state), events: [hold] })).toMatchObject({ kind: 'DEBIT', at: at(day('03-03'), '00:00') });
    // What the borrower asked for is theirs.
    expect(next(now, { instructions: open(state, { presentment: 2 }), events: [hold] })).toMatchObject({ kind: 'DEBIT', at: now });
    expect([isScheduled(1), isScheduled(2)]).toEqual([true, false]);
  });

  it('and in doubt is asked about after one, three, eight and then every 24 hours', () => {
    const asked = (queries: number, more: object = {}) =>
      next(now, { instructions: open('IN_FLIGHT', { sentAt: now, lastQueriedAt: queries === 0 ? null : now, queries, ...more }) });
    expect([0, 1, 2, 3, 4, 9].map((queries) => asked(queries).at)).toEqual([
      at(DUE, '10:00'),
      at(DUE, '12:00'),
      at(DUE, '17:00'),
      ...Array<Instant>(3).fill(at(day('03-01'), '09:00')),
    ]);
    expect(asked(0)).toMatchObject({
      kind: 'QUERY_DEBIT',
      query: 1,
      summary: 'the outcome of the last debit is unknown: ask the channel; no second debit before it is known',
    });
    // A hint is asked about now, once: not where it is as old as the last question, nor before it was planned anyway.
    expect(asked(0, { hintedAt: at(DUE, '08:00') }).at).toBe(now);
    expect(asked(2, { hintedAt: now }).at).toBe(at(DUE, '17:00'));
    expect(asked(1, { lastQueriedAt: at(DUE, '05:00'), hintedAt: at(DUE, '08:00') }).at).toBe(at(DUE, '08:00'));
  });
});

describe('a hold', () => {
  const placed = event('HOLD_PLACED', at(day('03-01'), '10:00'), { until: day('03-01') });
  const released = (time: string) => event('HOLD_RELEASED', at(day('03-01'), time));

  it('is in force from its own moment to the end of its last day, or to its release', () => {
    const inForce = (date: string, time: string, ...more: LoanEvent[]) => holdInForce([placed, ...more], at(day(date), time)) !== undefined;
    expect([inForce('03-01', '09:59'), inForce('03-01', '10:00'), inForce('03-01', '23:59'), inForce('03-02', '00:00')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([inForce('03-01', '11:59', released('12:00')), inForce('03-01', '12:00', released('12:00'))]).toEqual([true, false]);
    // A release after its end prolongs nothing, and one without a hold is nothing.
    expect(inForce('03-02', '00:00', event('HOLD_RELEASED', at(day('03-02'), '09:00')))).toBe(false);
    expect(holdInForce([released('12:00')], at(day('03-01'), '11:00'))).toBeUndefined();
    expect(holdInForce([placed, released('12:00')], at(day('03-01'), '11:00'))).toEqual({
      from: at(day('03-01'), '10:00'),
      until: at(day('03-01'), '12:00'),
    });
  });

  it('stops a contact of its very first minute, and none of the minute in which it is released', () => {
    const contacts = (...events: LoanEvent[]) => next(at(day('03-01'), '09:00'), { events: [decided('03-01', '09:00'), ...events] }).key;
    expect(contacts(placed)).toBe(keys.debitDay(day('03-02')));
    expect(contacts(event('HOLD_PLACED', at(day('03-01'), '10:01'), { until: day('03-01') }))).toBe(keys.contact(DUE, 1));
    expect(contacts(event('HOLD_PLACED', at(day('02-28'), '10:00'), { until: day('03-05') }), released('10:00'))).toBe(
      keys.contact(DUE, 1),
    );
  });
});

describe('a promise', () => {
  const made = (time: string, due = '03-05') => event('PROMISE_MADE', at(day('03-01'), time), { promiseId: 'p', dueOn: day(due) }, 'made');
  const outcome = (kind: LoanEventKind, date: string, time: string, promiseId = 'p') => event(kind, at(day(date), time), { promiseId });
  const nextOf = (...events: LoanEvent[]) => next(at(day('03-01'), '09:00'), { events: [decided('03-01', '09:00'), ...events] });
  const nextContact = (...events: LoanEvent[]) => nextOf(...events, decided('03-02', '09:00')).key;

  it('silences contacts from its own moment on until it is checked', () => {
    expect(nextOf(made('10:01')).key).toBe(keys.contact(DUE, 1));
    expect(nextOf(made('10:00')).key).toBe(keys.debitDay(day('03-02')));
    const check = nextOf(made('10:00'), decided('03-05', '09:00'));
    expect(check).toEqual({
      kind: 'CHECK_PROMISE',
      key: keys.promiseResolved('p'),
      at: at(day('03-05'), '20:00'),
      businessDate: day('03-05'),
      summary: 'see whether the promise for 2026-03-05 was kept',
    });
    // It is checked however late, and in a hold too.
    const hold = event('HOLD_PLACED', at(day('03-01'), '10:00'), { until: day('04-01') });
    expect(nextOf(made('10:00'), hold, decided('03-20', '09:00'))).toEqual(check);
  });

  it.each(['PROMISE_KEPT', 'PROMISE_PARTIAL', 'PROMISE_BROKEN'] as const)('silences none any more once it is resolved: %s', (kind) => {
    expect(nextContact(made('09:30'), outcome(kind, '03-03', '10:00'))).toBe(keys.contact(DUE, 3));
    expect(nextContact(made('09:30'), outcome(kind, '03-03', '10:01'))).toBe(keys.debitDay(day('03-05')));
    expect(nextContact(made('09:30'), outcome(kind, '03-03', '10:00', 'q'))).toBe(keys.debitDay(day('03-05')));
    expect(openPromise([made('09:30'), outcome(kind, '03-03', '10:00')])).toBeUndefined();
    expect(openPromise([made('09:30'), outcome(kind, '03-03', '10:00', 'q')])).toMatchObject({ id: 'p', dueOn: '2026-03-05' });
  });
});

describe('what is behind a loan', () => {
  it('is what was planned up to the latest plan; a contact counts by its ladder’s time', () => {
    const plan = (date: string, time: string) => ({ plannedAt: at(day(date), time) });
    const late = at(day('03-09'), '12:00');
    expect(decidedUpTo([], '10:00')).toBeUndefined();
    expect(decidedUpTo([event('REOPENED', late)], '10:00')).toBeUndefined();
    const events = [
      event('REMINDED', late, plan('03-01', '09:00')),
      event('DEBIT_PRESENTED', late, plan('03-02', '08:40')),
      event('REMINDED', late),
    ];
    expect(decidedUpTo(events, '10:00')).toBe(at(day('03-02'), '08:40'));
    expect(decidedUpTo([...events].reverse(), '10:00')).toBe(at(day('03-02'), '08:40'));
    expect(decidedUpTo([...events, event('CONTACTED', at(day('03-02'), '20:00'), plan('03-03', '08:00'))], '10:00')).toBe(
      at(day('03-02'), '10:00'),
    );
  });

  it('does not hold what was planned for that very minute', () => {
    const nextAfter = (time: string) => next(at(day('03-01'), '12:00'), { events: [decided('03-01', time)] }).key;
    expect([nextAfter('10:00'), nextAfter('10:01')]).toEqual([keys.contact(DUE, 1), keys.debitDay(day('03-02'))]);
  });
});
