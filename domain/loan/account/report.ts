import { add, NO_COMPONENTS, sumOf, type Components } from '../../money/allocation';
import type { BusinessDate } from '../../time/dates';
import { fen, minus, plus, ZERO, type Fen } from '../../money/money';
import { earnedTo } from './interest';
import { bucketOf, daysPastDueOf } from './delinquency';
import { payoffOf } from './payoff';
import { openOf, type Allocation, type Bucket, type BucketChange, type Remark, type Row, type State, type Tally } from './state';

export interface AccountInstallment {
  readonly number: number;
  readonly dueOn: BusinessDate;
  readonly due: Components;
  readonly paid: Components;
  readonly outstanding: Components;
  readonly daysPastDue: number;
}

/** The account as the fold sees it on one day. Amounts in minor units. */
export interface Account {
  readonly asOf: BusinessDate;
  readonly status: 'APPROVED' | 'ACTIVE' | 'OVERPAID' | 'CLOSED_OBLIGATIONS_MET' | 'CLOSED_WRITTEN_OFF';
  readonly installments: readonly AccountInstallment[];
  readonly outstanding: Components;
  /** Due on or before `asOf` and not paid. */
  readonly owedNow: Fen;
  readonly overdueSince: BusinessDate | null;
  readonly daysPastDue: number;
  readonly bucket: Bucket;
  /** Every change of the delinquency bucket, oldest first. */
  readonly bucketHistory: readonly BucketChange[];
  /** Surplus over everything owed: a liability of ours. */
  readonly overpaid: Fen;
  readonly nextDue: { readonly number: number; readonly dueOn: BusinessDate; readonly amount: Fen } | null;
  /** What settles the loan on `asOf`: principal, interest to date, fees and penalty. */
  readonly payoff: Components & { readonly total: Fen };
  /** Contract interest earned up to `asOf`, whether or not due or paid; without what was waived. */
  readonly interestAccrued: Fen;
  /** Penalty charged up to `asOf`, without what was waived. */
  readonly penaltyAccrued: Fen;
  /** Fees due up to `asOf`, and fees that were paid before they were due. */
  readonly feesCharged: Fen;
  /** Principal repaid outside the rows, by prepayments that reduced installments or term. */
  readonly prepaidPrincipal: Fen;
  /** Refunds that no payment covers any more: owed like principal. */
  readonly relentPrincipal: Fen;
  readonly allocations: readonly Allocation[];
  readonly waived: Components;
  readonly writtenOff: Components | null;
  readonly chargedOffOn: BusinessDate | null;
  readonly recovered: Fen;
  readonly refunded: Fen;
  readonly discounted: Fen;
  /** Recorded facts that found less to act on than they name, or nothing. */
  readonly remarks: readonly Remark[];
}

const components = (amounts: Tally): Components => ({
  penalty: fen(amounts.penalty),
  fee: fen(amounts.fee),
  interest: fen(amounts.interest),
  principal: fen(amounts.principal),
});

function installmentOf(state: State, row: Row, asOf: BusinessDate): AccountInstallment {
  const isLate = state.disbursed && row.dueOn < asOf && openOf(row) > 0;
  return {
    number: row.number,
    dueOn: row.dueOn,
    due: components(row.due),
    paid: components(row.paid),
    outstanding: {
      penalty: fen(row.due.penalty - row.paid.penalty),
      fee: fen(row.due.fee - row.paid.fee),
      interest: fen(row.due.interest - row.paid.interest),
      principal: fen(row.due.principal - row.paid.principal),
    },
    daysPastDue: isLate ? daysPastDueOf(state, row.dueOn, asOf) : 0,
  };
}

export function report(state: State, asOf: BusinessDate): Account {
  const installments = state.rows.map((row) => installmentOf(state, row, asOf));
  const open = state.disbursed ? installments.filter((row) => sumOf(row.outstanding) > 0) : [];
  const oldest = open[0];
  const overdueSince = oldest && oldest.dueOn < asOf ? oldest.dueOn : null;
  const daysPastDue = oldest && overdueSince ? oldest.daysPastDue : 0;
  const overpaid = fen(state.surplus);
  const next = open.find((row) => row.dueOn >= asOf) ?? null;
  const payoff = payoffOf(state, asOf);
  const closed = overpaid > 0 ? ('OVERPAID' as const) : ('CLOSED_OBLIGATIONS_MET' as const);
  const feeOf = (row: Row) => (row.final || row.dueOn <= asOf ? row.due.fee : row.paid.fee);
  return {
    asOf,
    status: !state.disbursed ? 'APPROVED' : state.writtenOff ? 'CLOSED_WRITTEN_OFF' : open.length > 0 ? 'ACTIVE' : closed,
    installments,
    outstanding: open.reduce((total, row) => add(total, row.outstanding), NO_COMPONENTS),
    owedNow: plus(...open.filter((row) => row.dueOn <= asOf).map((row) => sumOf(row.outstanding))),
    overdueSince,
    daysPastDue,
    bucket: bucketOf(daysPastDue),
    bucketHistory: state.history,
    overpaid,
    nextDue: next === null ? null : { number: next.number, dueOn: next.dueOn, amount: sumOf(next.outstanding) },
    payoff: { ...payoff, total: sumOf(payoff) },
    interestAccrued: fen(earnedTo(state, asOf)),
    penaltyAccrued: fen(state.rows.reduce((sum, row) => sum + row.due.penalty, 0)),
    feesCharged: state.disbursed ? fen(state.rows.reduce((sum, row) => sum + feeOf(row), 0)) : ZERO,
    prepaidPrincipal: fen(state.unscheduled),
    relentPrincipal: fen(state.relent),
    allocations: state.allocations,
    waived: components(state.waived),
    writtenOff: state.writtenOff === null ? null : components(state.writtenOff),
    chargedOffOn: state.chargedOffOn,
    recovered: fen(state.recovered),
    refunded: fen(state.refunded),
    discounted: fen(state.discounted),
    remarks: state.remarks,
  };
}

/** Everything that money has settled so far, what it recovered of a write-off, and the surplus: two of these subtracted are what one fact changed. */
export function settledTotals(account: Account): Components & { readonly recovered: Fen; readonly surplus: Fen } {
  const paid = account.installments.reduce((total, row) => add(total, row.paid), NO_COMPONENTS);
  return {
    ...paid,
    principal: minus(plus(paid.principal, account.prepaidPrincipal), account.relentPrincipal),
    recovered: account.recovered,
    surplus: account.overpaid,
  };
}

/**
 * What was due by `date` and is still unpaid as far as `account` knows: the figure for work that is done
 * late under its own date, where money received since must not be asked for again.
 */
export function owedOn(account: Account, date: BusinessDate): Fen {
  return plus(...account.installments.filter((row) => row.dueOn <= date).map((row) => sumOf(row.outstanding)));
}

/** The oldest due date before `date` with money still open; null when nothing is late. */
export function overdueSinceOn(account: Account, date: BusinessDate): BusinessDate | null {
  return account.installments.find((row) => row.dueOn < date && sumOf(row.outstanding) > 0)?.dueOn ?? null;
}
