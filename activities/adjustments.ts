import type { CommandRow } from '../db/commands';
import { postEntry } from '../db/journal';
import { insertLoanEvent, insertSchedule, insertTransaction, readLoanFile, recordOf, updateLoan, type LoanFile } from '../db/loans';
import { addMail } from '../db/outbox';
import type { Tx } from '../db/pool';
import { latestValueDate, type Account, type LoanFact } from '../domain/account';
import { businessDate, businessDateOf, type BusinessDate, type Instant } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { loanAccount } from '../domain/loan-account';
import { fen, minus, plus, positiveFen, ZERO } from '../domain/money';
import { adjusted } from '../domain/postings';
import { rational } from '../domain/rational';
import type { Installment } from '../domain/schedule';
import type { ActivityDeps } from './deps';
import { effectOf } from './account-effect';

/** What an operator may decide about an account, without money moving. */
export const ADJUSTMENTS = [
  'CHARGE',
  'WAIVER',
  'RATE_CHANGE',
  'REAGE',
  'REAMORTIZE',
  'TERM_EXTENSION',
  'HARDSHIP_PAUSE',
  'SETTLEMENT_DISCOUNT',
  'WRITEOFF',
  'REVERSAL',
] as const;
type AdjustmentType = (typeof ADJUSTMENTS)[number];

/** Those that give a loan a new schedule. */
const RESTRUCTURES: ReadonlySet<string> = new Set(['RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE', 'REVERSAL']);

function factOf(key: string, body: CommandRow['body'], today: BusinessDate): LoanFact {
  const valueDate = body.on === undefined ? today : businessDate(String(body.on), 'on');
  if (valueDate > today) throw new LoanloomError('INVALID_DATE', 'an adjustment is for today or earlier', { path: 'on' });
  const base = { key, valueDate };
  const amount = () => positiveFen(Number(body.amountFen), 'amount');
  const type = String(body.type) as AdjustmentType;
  switch (type) {
    case 'CHARGE':
      return { ...base, type, amount: amount(), component: body.component === 'penalty' ? 'penalty' : 'fee' };
    case 'WAIVER':
      return { ...base, type, amount: amount(), component: body.component as 'penalty' | 'fee' | 'interest' };
    case 'RATE_CHANGE':
      rational(String(body.annualRate), 'annualRate');
      return { ...base, type, annualRate: String(body.annualRate) };
    case 'REAGE': {
      const firstDueOn = businessDate(String(body.firstDueOn), 'firstDueOn');
      return { ...base, type, every: { months: 1 }, count: Number(body.count), firstDueOn };
    }
    case 'TERM_EXTENSION':
      return { ...base, type, periods: Number(body.periods) };
    case 'HARDSHIP_PAUSE':
      return { ...base, type, until: businessDate(String(body.until), 'until'), interest: body.interest === 'none' ? 'none' : 'accrues' };
    case 'SETTLEMENT_DISCOUNT':
      return { ...base, type, amount: amount() };
    case 'REVERSAL':
      return { ...base, type, of: String(body.of) };
    case 'REAMORTIZE':
    case 'WRITEOFF':
      return { ...base, type };
  }
}

/** The account's rows as a schedule: the version that a restructuring makes. */
function scheduleFrom(account: Account): Installment[] {
  let balance = account.installments.reduce((sum, row) => sum + row.due.principal, 0);
  return account.installments.map((row) => {
    balance -= row.due.principal;
    const fee = plus(row.due.fee, row.due.penalty);
    const payment = plus(row.due.principal, row.due.interest, fee);
    return {
      number: row.number,
      dueOn: row.dueOn,
      principal: row.due.principal,
      interest: row.due.interest,
      fee,
      payment,
      balance: fen(balance),
    };
  });
}

/**
 * Records an operator's decision as a fact: folded before and after, so that the ledger receives only the
 * difference; a new schedule becomes a new version, is sent to the borrower, and the old one stays.
 * ADJUSTMENT_REFUSED where the account does not allow it; then nothing is changed.
 */
export async function adjust(
  deps: ActivityDeps,
  tx: Tx,
  command: CommandRow,
  file: LoanFile,
  at: Instant,
): Promise<Record<string, string | number | boolean>> {
  const { loan } = file;
  if (loan.activated_on === null) throw new LoanloomError('LOAN_NOT_ACTIVE', 'the loan has not been paid out');
  const today = businessDateOf(at);
  const fact = factOf(`adjustment:${command.id}`, command.body, today);
  if (fact.type === 'REVERSAL' && !fact.of.startsWith('adjustment:'))
    throw new LoanloomError('NOTHING_TO_REVERSE', 'an operator reverses adjustments only; a payment is returned by its channel', {
      path: 'of',
    });
  const record = recordOf(deps.catalogue, file);
  const asOf = latestValueDate(record.facts, today);
  const before = loanAccount(record, asOf);
  const after = folded(() => loanAccount({ ...record, facts: [...record.facts, fact] }, asOf));
  const { key, type, valueDate, ...data } = fact;
  const amount = 'amount' in fact ? fact.amount : null;
  await insertTransaction(tx, {
    loanId: loan.id,
    key,
    type,
    amount,
    data: withoutAmount(data),
    valueDate,
    businessDate: today,
    instructionId: null,
  });
  const isChargedOff = after.chargedOffOn !== null;
  const posting = adjusted(effectOf(before, after), isChargedOff, {
    discount: minus(after.discounted, before.discounted),
    writtenOff: minus(after.writtenOff?.principal ?? ZERO, before.writtenOff?.principal ?? ZERO),
  });
  await postEntry(tx, { key: `loan:${loan.id}:${key}`, loanId: loan.id, businessDate: today, posting });
  await insertLoanEvent(tx, loan.id, { key, kind: 'ADJUSTED', at, businessDate: valueDate, data: { type, by: command.caller } });
  if (RESTRUCTURES.has(type)) await newVersion(deps, tx, (await readLoanFile(tx, loan.id)).loan, after, valueDate, type, key);
  if (loan.closed_on !== null) await updateLoan(tx, loan.id, { closed_on: today });
  return { fact: key, outstandingFen: after.outstanding.principal, payoffFen: after.payoff.total };
}

function withoutAmount(data: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => name !== 'amount'));
}

/** What the account refuses is the operator's mistake, not a defect of recorded facts. */
function folded(work: () => Account): Account {
  try {
    return work();
  } catch (error) {
    if (error instanceof LoanloomError && error.code === 'FACTS_INCONSISTENT') throw new LoanloomError('ADJUSTMENT_REFUSED', error.message);
    throw error;
  }
}

async function newVersion(
  deps: ActivityDeps,
  tx: Tx,
  loan: LoanFile['loan'],
  account: Account,
  valueDate: BusinessDate,
  type: string,
  key: string,
): Promise<void> {
  const version = loan.schedule_version + 1;
  const schedule = scheduleFrom(account);
  await insertSchedule(tx, loan.id, version, type, valueDate, schedule);
  await updateLoan(tx, loan.id, { schedule_version: version });
  const next = account.nextDue;
  await addMail(tx, {
    key: `schedule:${loan.id}:${key}`,
    borrowerId: loan.borrower_id,
    template: 'schedule-changed',
    params: { loanId: loan.id, version, nextDueOn: next?.dueOn ?? '', rows: schedule.length },
  });
  deps.log.info({ loanId: loan.id, version, type }, 'a loan has a new schedule');
}
