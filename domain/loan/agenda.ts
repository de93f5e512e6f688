import type { Account } from './account';
import { candidates, isScheduled, SCHEDULED_PRESENTMENT, type Candidate } from './agenda-candidates';
import { at, businessDateOf, laterOf, localTime, addDays, type BusinessDate, type Instant } from '../time/dates';
import { disbursementOf, loanAccountNow } from './loan-account';
import { isContradicted, nextSerial, type LoanEvent, type OpenInstruction } from './loan-events';
import { keys } from '../keys';
import type { Appointment, AgendaInput } from './appointment';
import { withdrawalDebits, withdrawalEnds, withdrawalInForce, type Withdrawal } from './withdrawal';

interface Hold {
  readonly from: Instant;
  readonly until: Instant;
}

/** Holds with the time in which each was in force: to its end date or its release, whichever came first. */
function holdsOf(events: readonly LoanEvent[]): Hold[] {
  const holds: Hold[] = [];
  for (const event of events) {
    if (event.kind === 'HOLD_PLACED') holds.push({ from: event.at, until: at(addDays(event.data.until, 1), '00:00') });
    const current = holds.at(-1);
    if (event.kind === 'HOLD_RELEASED' && current && event.at < current.until) holds[holds.length - 1] = { ...current, until: event.at };
  }
  return holds;
}

export function holdInForce(events: readonly LoanEvent[], now: Instant): Hold | undefined {
  return holdsOf(events).find((hold) => hold.from <= now && now < hold.until);
}

/** When a contact may go out: its planned time, or, when it is performed late, the next lawful moment. */
export function lawfulMoment(planned: Instant, now: Instant, hours: { from: string; to: string }): Instant {
  const earliest = laterOf(planned, now);
  if (earliest === planned) return planned;
  const time = localTime(earliest);
  if (time >= hours.from && time < hours.to) return planned;
  const today = businessDateOf(earliest);
  return at(time < hours.from ? today : addDays(today, 1), hours.from);
}

/** Money that its channel moved against its word: nothing is moved in its place before it went back, or people decided. */
const awaitChannel = (today: BusinessDate, what: string): Appointment => ({
  kind: 'AWAIT_CHANNEL',
  key: 'channel:contradicted',
  at: null,
  businessDate: today,
  summary: `${what}: the channel gives it back, or people decide whose it is`,
});

const onHold = ({ now }: AgendaInput, hold: Hold, what: string): Appointment => ({
  kind: 'AWAIT_RELEASE',
  key: keys.holdEnds(hold.from),
  at: hold.until,
  businessDate: businessDateOf(now),
  summary: `on hold: ${what}`,
});

/** Payout first: nothing else of the loan runs before its money has provably arrived. */
function beforeDisbursement(input: AgendaInput): Appointment {
  const today = businessDateOf(input.now);
  const payouts = input.instructions.filter((each) => each.direction === 'PAYOUT');
  const latest = payouts.at(-1);
  if (latest?.open !== true && isContradicted(payouts, 'PAYOUT')) return awaitChannel(today, 'a payout that had failed was paid after all');
  const hold = holdInForce(input.events, input.now);
  if (latest?.state === 'FAILED' || latest?.state === 'RETURNED') {
    const why = latest.state === 'FAILED' ? 'every channel refused the payout' : 'the payout came back';
    return {
      kind: 'AWAIT_OPERATOR',
      key: keys.operatorNeeded(latest.id),
      at: null,
      businessDate: today,
      summary: `${why}: an operator retries it or rejects the loan`,
    };
  }
  if (hold) return onHold(input, hold, 'no payout before it ends');
  const instructionId = latest?.id ?? keys.payoutInstruction(input.loanId, 1);
  return {
    kind: 'PAY_OUT',
    key: keys.payOut(instructionId),
    at: input.now,
    businessDate: today,
    instructionId,
    summary: 'pay the loan out',
  };
}

/** An open debit blocks every other debit and contact: start it, or ask the channel how it ended. */
function openDebit(input: AgendaInput, debit: OpenInstruction): Appointment {
  const base = { businessDate: debit.businessDate, presentment: debit.presentment, instructionId: debit.id };
  if (debit.state === 'CREATED' || debit.state === 'AUTHORIZED') {
    return {
      ...base,
      kind: 'DEBIT',
      key: keys.debitNow(debit.id),
      at: (isScheduled(debit.presentment) ? holdInForce(input.events, input.now)?.until : undefined) ?? input.now,
      summary: 'present the debit that the borrower asked for',
    };
  }
  // Its last attempt reached nobody, and what drove it is gone: it goes on over another channel, or is given up there.
  if (debit.isLive === false)
    return {
      ...base,
      kind: 'DEBIT',
      key: keys.debitResumed(debit.id, debit.attempts ?? 0),
      at: input.now,
      resume: debit.attempts ?? 0,
      summary: 'the debit has reached nobody: present it over another channel',
    };
  const hours = input.product.debit.queryAfterHours;
  const wait = hours[Math.min(debit.queries, hours.length - 1)] ?? 24;
  const since = debit.lastQueriedAt ?? debit.sentAt ?? input.now;
  const planned = new Date(Date.parse(since) + wait * 3_600_000).toISOString() as Instant;
  // A hint of the channel's is a reason to ask now.
  const isHinted = debit.hintedAt != null && (debit.lastQueriedAt === null || debit.hintedAt > debit.lastQueriedAt);
  const when = isHinted && input.now < planned ? input.now : planned;
  return {
    ...base,
    kind: 'QUERY_DEBIT',
    key: keys.debitQuery(debit.id, debit.queries + 1),
    query: debit.queries + 1,
    at: when,
    summary: 'the outcome of the last debit is unknown: ask the channel; no second debit before it is known',
  };
}

function isClosed(account: Account): boolean {
  return account.status !== 'APPROVED' && account.status !== 'ACTIVE';
}

/** Everything is paid: the loan is closed, and closed again when a returned payment had reopened it. */
function closing(events: readonly LoanEvent[], now: Instant, today: BusinessDate): Appointment {
  const times = events.filter((event) => event.kind === 'SETTLED').length;
  const isSettled = times > events.filter((event) => event.kind === 'REOPENED').length;
  return {
    kind: isSettled ? 'END' : 'SETTLE',
    key: isSettled ? 'end' : times === 0 ? 'settle' : keys.settleAgain(times + 1),
    at: now,
    businessDate: today,
    summary: isSettled ? 'nothing is left to do' : 'everything is paid: close the loan',
  };
}

/** A surplus is the borrower's: it goes back before the loan is closed. */
function refund(input: AgendaInput, today: BusinessDate): Appointment {
  const refunds = input.instructions.filter((each) => each.direction === 'REFUND');
  const latest = refunds.at(-1);
  if (isContradicted(refunds, 'REFUND')) return awaitChannel(today, 'a refund that had failed was paid after all');
  if (latest?.state === 'FAILED' || latest?.state === 'RETURNED')
    return {
      kind: 'AWAIT_OPERATOR',
      key: keys.operatorNeeded(latest.id),
      at: null,
      businessDate: today,
      summary: 'the surplus could not be refunded: an operator tries again or finds another account',
    };
  const instructionId = latest?.open ? latest.id : keys.refundInstruction(input.loanId, nextSerial('REFUND', input));
  return {
    kind: 'REFUND',
    key: keys.refundNow(instructionId),
    at: input.now,
    businessDate: today,
    instructionId,
    summary: 'refund what was overpaid',
  };
}

/**
 * The loan's whole policy as one pure function: folds the account, reads the product's rules and the
 * open facts, and answers with the next appointment. Appointments whose time has passed come first, in
 * date order, each judged by what was due on its own date and is unpaid today; what has been recorded
 * is not repeated.
 */
export function nextAppointment(input: AgendaInput): Appointment {
  const { now, facts, events } = input;
  const today = businessDateOf(now);
  const debit = input.instructions.find((each) => each.direction === 'DEBIT' && each.open);
  const isStopped = debit?.isLive === false && isContradicted(input.instructions, 'DEBIT');
  if (debit && !isStopped) return openDebit(input, debit);
  if (!disbursementOf(facts)) {
    // Money that the borrower had paid before their payout came back is theirs, whatever becomes of the loan.
    if (facts.some(({ type }) => type === 'REPAYMENT') && loanAccountNow(input, today).overpaid > 0) return refund(input, today);
    if (events.some((event) => event.kind === 'REJECTED'))
      return { kind: 'END', key: 'end', at: now, businessDate: today, summary: 'rejected before payout' };
    return beforeDisbursement(input);
  }
  const account = loanAccountNow(input, today);
  // Money that its channel took against its word: the borrower is not asked for it once more before it went back.
  if (isContradicted(input.instructions, 'DEBIT')) return awaitChannel(today, 'a debit that had failed was paid after all');
  if (isClosed(account)) return account.overpaid > 0 ? refund(input, today) : closing(events, now, today);
  const withdrawal = withdrawalInForce(facts, today);
  if (withdrawal) return unwind(input, withdrawal, account);
  const next = firstThatHolds(input, candidates(input, account.installments), account);
  if (next) return next;
  return {
    kind: 'AWAIT_OPERATOR',
    key: 'operator:exhausted',
    at: null,
    businessDate: today,
    summary: 'debits and contacts of the product are used up: a person decides how to recover the debt',
  };
}

/** The borrower has withdrawn: what was lent is collected, and nothing else of the contract runs. */
function unwind(input: AgendaInput, withdrawal: Withdrawal, account: Account): Appointment {
  const hold = holdInForce(input.events, input.now);
  if (hold) return onHold(input, hold, 'no debit before it ends');
  const next = firstThatHolds(input, withdrawalDebits(input, withdrawal), account);
  if (next) return next;
  return {
    kind: 'AWAIT_RELEASE',
    key: keys.withdrawalEnds(withdrawal.until),
    at: withdrawalEnds(withdrawal),
    businessDate: businessDateOf(input.now),
    summary: `withdrawn and not paid back: the contract goes on after ${withdrawal.until}`,
  };
}

function scheduledDebit(input: AgendaInput, date: BusinessDate): Pick<Appointment, 'presentment' | 'instructionId' | 'round'> {
  const round = input.events.filter((event) => event.kind === 'DEBIT_GAVE_WAY' && event.businessDate === date).length;
  const instructionId = keys.debitInstruction(input.loanId, date, SCHEDULED_PRESENTMENT);
  return { presentment: SCHEDULED_PRESENTMENT, instructionId, ...(round === 0 ? {} : { round }) };
}

/** The earliest candidate that the account calls for. */
function firstThatHolds(input: AgendaInput, sorted: readonly Candidate[], account: Account): Appointment | undefined {
  const holds = holdsOf(input.events);
  for (const candidate of sorted) {
    if (candidate.stopsForHold && holds.some((hold) => hold.from <= candidate.at && candidate.at < hold.until)) continue;
    const summary = candidate.wanted(account);
    if (summary === undefined) continue;
    return {
      kind: candidate.kind,
      key: candidate.key,
      at: candidate.contact ? lawfulMoment(candidate.at, input.now, input.product.collections.lawfulHours) : candidate.at,
      businessDate: candidate.businessDate,
      summary,
      ...(candidate.action === undefined ? {} : { action: candidate.action }),
      ...(candidate.dueOn === undefined ? {} : { dueOn: candidate.dueOn }),
      ...(candidate.installment === undefined ? {} : { installment: candidate.installment }),
      ...(candidate.daysPastDue === undefined ? {} : { daysPastDue: candidate.daysPastDue }),
      ...(candidate.kind === 'DEBIT' ? scheduledDebit(input, candidate.businessDate) : {}),
    };
  }
  return undefined;
}
