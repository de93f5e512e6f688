import fc from 'fast-check';
import type { LoanFact } from '../../../domain/loan/account';
import { alignedToPayday } from '../../../domain/loan/agenda-candidates';
import { nextAppointment } from '../../../domain/loan/agenda';
import type { AgendaInput, Appointment } from '../../../domain/loan/appointment';
import { addDays, at, businessDate, businessDateOf, localTime, type Instant } from '../../../domain/time/dates';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import type { LoanEvent, LoanEventKind, OpenInstruction } from '../../../domain/loan/loan-events';
import { fen } from '../../../domain/money/money';
import { scheduleFor } from '../../../domain/product/offer';
import { createCatalogue } from '../../../domain/product/products';
import { runs } from '../../support/runs';
import { anEvent } from '../../support/events';

const product = createCatalogue().all()[0]!;
const START = businessDate('2026-01-31');
const LOAN = 'loan-under-test';

function loanOf(termMonths: number, now: Instant, more: Partial<AgendaInput> = {}): AgendaInput {
  return {
    loanId: LOAN,
    principal: fen(1_200_000),
    termMonths,
    product,
    schedule: scheduleFor({ principal: fen(1_200_000), termMonths }, product, START),
    facts: [{ key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) }],
    events: [],
    instructions: [],
    now,
    ...more,
  };
}

const KIND: Partial<Record<Appointment['kind'], LoanEventKind>> = {
  REMIND: 'REMINDED',
  CONTACT: 'CONTACTED',
  DEBIT: 'DEBIT_PRESENTED',
  CHARGE_OFF: 'CHARGED_OFF',
  SETTLE: 'SETTLED',
  CHECK_PROMISE: 'PROMISE_BROKEN',
};

/** Plays a loan's appointments up to `until`; a debit succeeds as `pays` says. Returns them in the order in which they were performed. */
function play(input: AgendaInput, until: Instant, pays: (appointment: Appointment) => boolean): (Appointment & { performedAt: Instant })[] {
  const performed: (Appointment & { performedAt: Instant })[] = [];
  let state = { ...input };
  for (let step = 0; step < 2_000; step += 1) {
    const next = nextAppointment(state);
    if (next.at === null || next.at > until || next.kind === 'END') return performed;
    const now = next.at > state.now ? next.at : state.now;
    performed.push({ ...next, performedAt: now });
    const kind = KIND[next.kind];
    const events: LoanEvent[] = kind
      ? [
          ...state.events,
          anEvent({
            key: next.kind === 'SETTLE' ? 'settled' : next.key,
            kind,
            at: now,
            businessDate: next.businessDate,
            data: { plannedAt: next.at, promiseId: next.key.split(':')[1] ?? '' },
          }),
        ]
      : [...state.events];
    let { facts, instructions } = state;
    if (next.kind === 'DEBIT') {
      const owed =
        state.schedule.filter((row) => row.dueOn <= next.businessDate).reduce((sum, row) => sum + row.payment, 0) -
        facts.filter((fact) => fact.type === 'REPAYMENT').reduce((sum, fact) => sum + fact.amount, 0);
      const succeeded = pays(next);
      const instruction: OpenInstruction = {
        id: next.key,
        direction: 'DEBIT',
        state: succeeded ? 'SUCCEEDED' : 'FAILED',
        open: false,
        amount: fen(owed),
        businessDate: next.businessDate,
        presentment: 1,
        sentAt: now,
        lastQueriedAt: null,
        queries: 0,
      };
      instructions = [...instructions, instruction];
      if (succeeded)
        facts = [...facts, { key: next.key, type: 'REPAYMENT', valueDate: businessDateOf(now), amount: fen(owed) } satisfies LoanFact];
    }
    state = { ...state, now, events, facts, instructions };
  }
  throw new Error('the agenda does not come to an end');
}

describe('the agenda', () => {
  it('reminds before and debits on every due date when all goes well, then settles', () => {
    const input = loanOf(12, at(START, '12:00'));
    const performed = play(input, at(addDays(START, 400), '00:00'), () => true);
    expect(performed.map((each) => each.kind)).toEqual([...input.schedule.flatMap(() => ['REMIND', 'DEBIT']), 'SETTLE']);
    expect(performed.filter((each) => each.kind === 'DEBIT').map((each) => each.businessDate)).toEqual(
      input.schedule.map((row) => row.dueOn),
    );
  });

  it('never performs an appointment twice, and keeps them in date order, whatever debits do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 18 }),
        fc.integer({ min: 0, max: 2 ** 30 }),
        fc.integer({ min: 0, max: 700 }),
        (term, luck, lateBy) => {
          const pays = (appointment: Appointment) => ((luck >> (Number(appointment.businessDate.slice(8)) % 30)) & 1) === 1;
          const performed = play(loanOf(term, at(addDays(START, lateBy), '12:00')), at(addDays(START, 900), '00:00'), pays);
          const keys = performed.map((each) => each.key);
          expect(new Set(keys).size).toBe(keys.length);
          const moments = performed.filter((each) => each.kind !== 'SETTLE' && each.kind !== 'CONTACT').map((each) => each.at!);
          expect([...moments].sort()).toEqual(moments);
          expect(new Set(performed.filter((each) => each.kind === 'DEBIT').map((each) => each.businessDate)).size).toBe(
            performed.filter((each) => each.kind === 'DEBIT').length,
          );
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('contacts within the lawful hours only, also when it is late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 200 }), fc.integer({ min: 0, max: 1_439 }), (days, minute) => {
        const now = at(addDays(START, days), `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
        const performed = play(loanOf(2, now), at(addDays(START, 400), '00:00'), () => false);
        for (const contact of performed.filter((each) => each.kind === 'CONTACT')) {
          const moment = contact.performedAt;
          expect(localTime(moment) >= product.collections.lawfulHours.from && localTime(moment) < product.collections.lawfulHours.to).toBe(
            true,
          );
        }
      }),
      { numRuns: runs(60) },
    );
  });

  const late = (events: LoanEvent[], instructions: OpenInstruction[] = [], hours = 1) =>
    nextAppointment(loanOf(3, at(addDays(START, 31), `0${String(hours)}:00`), { events, instructions }));
  const debit = (state: OpenInstruction['state'], more: Partial<OpenInstruction> = {}): OpenInstruction => ({
    id: 'debit-1',
    direction: 'DEBIT',
    state,
    open: true,
    amount: fen(100),
    businessDate: addDays(START, 28),
    presentment: 1,
    sentAt: at(addDays(START, 28), '08:30'),
    lastQueriedAt: null,
    queries: 0,
    ...more,
  });

  it('asks about a debit in doubt and does nothing else meanwhile', () => {
    expect(late([], [debit('IN_FLIGHT')])).toMatchObject({ kind: 'QUERY_DEBIT', presentment: 1 });
    expect(late([], [debit('MANUAL', { queries: 9 })]).kind).toBe('QUERY_DEBIT');
  });

  it('keeps silent while a promise is open, and speaks again when it is broken', () => {
    const made: LoanEvent = {
      key: 'p',
      kind: 'PROMISE_MADE',
      at: at(addDays(START, 28), '12:00'),
      businessDate: addDays(START, 28),
      data: { promiseId: 'p1', amount: fen(1), dueOn: addDays(START, 35) },
    };
    const failing = (events: LoanEvent[]) =>
      play(loanOf(1, at(addDays(START, 28), '13:00'), { events }), at(addDays(START, 60), '00:00'), () => false);
    const beforeCheck = failing([made]).filter((each) => each.kind === 'CONTACT' && each.at! < at(addDays(START, 35), '20:00'));
    expect(beforeCheck).toEqual([]);
    const broken: LoanEvent = {
      key: 'promise:p1:resolved',
      kind: 'PROMISE_BROKEN',
      at: at(addDays(START, 35), '20:00'),
      businessDate: addDays(START, 35),
      data: { promiseId: 'p1', promised: fen(1), paid: fen(0) },
    };
    expect(failing([made, broken]).some((each) => each.kind === 'CONTACT')).toBe(true);
  });

  it('holds: no debit and no contact until the end of the hold’s last day, and the missed ones are not made up for', () => {
    const hold: LoanEvent = {
      key: 'h',
      kind: 'HOLD_PLACED',
      at: at(addDays(START, 20), '12:00'),
      businessDate: addDays(START, 20),
      data: { until: addDays(START, 34) },
    };
    const performed = play(loanOf(1, at(addDays(START, 20), '12:00'), { events: [hold] }), at(addDays(START, 60), '00:00'), () => false);
    expect(performed.every((each) => each.at! >= at(addDays(START, 35), '00:00'))).toBe(true);
    expect(performed.length).toBeGreaterThan(0);
  });

  it('pays out before anything else, waits out a hold, and hands a refused payout to an operator', () => {
    const unpaid = (more: Partial<AgendaInput>) => nextAppointment(loanOf(3, at(START, '12:00'), { facts: [], schedule: [], ...more }));
    expect(unpaid({})).toMatchObject({ kind: 'PAY_OUT', instructionId: `payout-${LOAN}-1` });
    const hold: LoanEvent = { key: 'h', kind: 'HOLD_PLACED', at: at(START, '11:00'), businessDate: START, data: { until: START } };
    expect(unpaid({ events: [hold] })).toMatchObject({ kind: 'AWAIT_RELEASE', at: at(addDays(START, 1), '00:00') });
    expect(unpaid({ instructions: [debit('FAILED', { direction: 'PAYOUT', open: false })] })).toMatchObject({
      kind: 'AWAIT_OPERATOR',
      at: null,
    });
  });
});

describe('debits that are presented again', () => {
  const payday = { daysOfMonth: [10, 15, 25], withinDays: 3 };

  it.each([
    ['2026-03-07', '2026-03-10'],
    ['2026-03-10', '2026-03-10'],
    ['2026-03-11', '2026-03-11'],
    ['2026-03-23', '2026-03-25'],
  ])('wait from %s to the payday %s where one is at most three days away', (planned, presented) => {
    expect(alignedToPayday(businessDate(planned), payday)).toBe(presented);
  });

  it('never fall on one day twice, and the due date itself never waits', () => {
    const flexible = createCatalogue().version('consumer-flexible', 2);
    const schedule = scheduleFor({ principal: fen(1_200_000), termMonths: 3 }, flexible, START);
    const until = at(addDays(schedule[0]!.dueOn, 40), '12:00');
    const played = play(loanOf(3, at(START, '12:00'), { product: flexible, schedule }), until, () => false);
    const dates = played.filter((each) => each.kind === 'DEBIT').map((each) => each.businessDate);
    expect(new Set(dates).size).toBe(dates.length);
    expect(dates[0]).toBe(schedule[0]!.dueOn);
  });
});

describe('money that came back', () => {
  const payout = (state: OpenInstruction['state']): OpenInstruction => ({
    id: `payout-${LOAN}-1`,
    direction: 'PAYOUT',
    state,
    open: false,
    amount: fen(1_200_000),
    businessDate: START,
    presentment: 1,
    sentAt: null,
    lastQueriedAt: null,
    queries: 0,
  });

  it('a returned payout leaves the decision to an operator, as though it had never been made', () => {
    const now = at(addDays(START, 3), '12:00');
    const facts: LoanFact[] = [
      { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) },
      { key: 'r', type: 'REVERSAL', valueDate: addDays(START, 2), of: 'd' },
    ];
    expect(nextAppointment(loanOf(12, now, { facts, instructions: [payout('RETURNED')] }))).toMatchObject({ kind: 'AWAIT_OPERATOR' });
  });

  it('a surplus goes back to the borrower before the loan is closed, once', () => {
    const now = at(addDays(START, 5), '12:00');
    const facts: LoanFact[] = [
      { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) },
      { key: 'p', type: 'REPAYMENT', valueDate: addDays(START, 4), amount: fen(1_300_000) },
    ];
    expect(nextAppointment(loanOf(12, now, { facts }))).toMatchObject({ kind: 'REFUND', instructionId: `refund-${LOAN}-1` });
    const open = { ...payout('IN_FLIGHT'), id: `refund-${LOAN}-1`, direction: 'REFUND' as const, open: true };
    expect(nextAppointment(loanOf(12, now, { facts, instructions: [open] }))).toMatchObject({ kind: 'REFUND', instructionId: open.id });
    const { overpaid } = loanAccountNow(loanOf(12, now, { facts }), START);
    const refunded: LoanFact[] = [...facts, { key: 'x', type: 'CREDIT_BALANCE_REFUND', valueDate: addDays(START, 5), amount: overpaid }];
    expect(nextAppointment(loanOf(12, now, { facts: refunded }))).toMatchObject({ kind: 'SETTLE' });
  });

  it('a loan that a returned payment reopened is closed again, under a key of its own', () => {
    const now = at(addDays(START, 9), '12:00');
    const paid: LoanFact[] = [
      { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) },
      { key: 'p', type: 'REPAYMENT', valueDate: START, amount: fen(1_200_000) },
    ];
    const happened = (kind: LoanEventKind, key: string): LoanEvent => anEvent({ key, kind, at: now, businessDate: START, data: {} });
    const closed = [happened('SETTLED', 'settled')];
    expect(nextAppointment(loanOf(12, now, { facts: paid, events: closed }))).toMatchObject({ kind: 'END' });
    const reopened = [...closed, happened('REOPENED', 'reopened:1')];
    expect(nextAppointment(loanOf(12, now, { facts: paid, events: reopened }))).toMatchObject({ kind: 'SETTLE', key: 'settle:2' });
    expect(nextAppointment(loanOf(12, now, { facts: paid, events: [...reopened, happened('SETTLED', 'settle:2')] }))).toMatchObject({
      kind: 'END',
    });
  });

  it('performs the debits that were missed with a contact before them, though the contact waits for a lawful hour', () => {
    const due = loanOf(12, at(START, '10:00')).schedule[0]!.dueOn;
    const event = (key: string, kind: LoanEventKind, moment: Instant): LoanEvent =>
      anEvent({ key, kind, at: moment, businessDate: businessDateOf(moment), data: { plannedAt: moment } });
    const failed = {
      id: 'debit',
      direction: 'DEBIT',
      state: 'FAILED',
      open: false,
      amount: fen(1),
      businessDate: due,
      presentment: 1,
      sentAt: null,
      lastQueriedAt: null,
      queries: 0,
    } as const;
    const events = [
      event(`remind:${due}`, 'REMINDED', at(addDays(due, -3), '09:00')),
      event(`debit:${due}`, 'DEBIT_PRESENTED', at(due, '08:30')),
    ];
    const night = at(addDays(due, 2), '22:00');
    const first = nextAppointment(loanOf(12, night, { events, instructions: [failed] }));
    const morning = at(addDays(due, 3), '08:00');
    const contacted: LoanEvent = {
      key: first.key,
      kind: 'CONTACTED',
      at: morning,
      businessDate: first.businessDate,
      data: { action: 'SMS', daysPastDue: 1, plannedAt: first.at! },
    };
    const second = nextAppointment(loanOf(12, morning, { events: [...events, contacted], instructions: [failed] }));
    expect([first.kind, first.at, second.key]).toEqual(['CONTACT', morning, `debit:${addDays(due, 2)}`]);
  });

  it('reminds anew of the same date after another payout', () => {
    const input = loanOf(3, at(addDays(START, 20), '12:00'));
    const reminded = nextAppointment(input);
    const again = [
      { key: 'd2', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) },
      { key: 'r', type: 'REVERSAL', valueDate: START, of: 'd' },
    ] as const;
    const next = nextAppointment({ ...input, facts: [...input.facts, ...again] });
    expect([reminded.kind, next.kind, next.at]).toEqual(['REMIND', 'REMIND', reminded.at]);
    expect(next.key).not.toBe(reminded.key);
  });
});
