import type { CommandRow } from '../../db/commands';
import { postEntry } from '../../db/ledger/journal';
import { updateLoan } from '../../db/loan/loans';
import { readLoanFile, recordOf, type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent, insertSchedule, insertTransaction } from '../../db/loan/loan-facts';
import { addMail } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { decideProposal, insertProposal, lockProposal } from '../../db/loan/proposals';
import { assertReversals, latestValueDate, type Account, type LoanFact } from '../../domain/loan/account';
import { businessDate, businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { loanAccount, type LoanRecord } from '../../domain/loan/loan-account';
import { fen, plus, positiveFen } from '../../domain/money/money';
import { adjusted } from '../../domain/ledger/postings';
import { rational } from '../../domain/money/rational';
import type { Installment } from '../../domain/loan/schedule';
import type { ActivityDeps } from '../deps';
import { changeCard } from './loan-changes';
import { effectOf } from '../payment/account-effect';
import { assertAllowed, needsSecond } from './adjustment-authority';
import { reopenWhereOwed } from './loan-status';
import { keys } from '../../domain/keys';

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

/** Decisions that would act on an account whose money is on its way: they wait for its outcome. HOLD, hardship and promises never wait. */
const WAITS_FOR_PAYMENTS: ReadonlySet<string> = new Set([
  'WAIVER',
  'SETTLEMENT_DISCOUNT',
  'WRITEOFF',
  'RATE_CHANGE',
  'REAGE',
  'REAMORTIZE',
  'TERM_EXTENSION',
  'REVERSAL',
]);

/** PAYMENT_OPEN, with its number, while a payment of the loan is on its way. */
export function assertNoPaymentOpen(file: LoanFile): void {
  const open = file.instructions.find((each) => each.open);
  if (open)
    throw new LoanloomError('PAYMENT_OPEN', `payment ${open.id} is on its way: decide once its outcome is known`, { paymentId: open.id });
}

/** What an account becomes by a decision; ADJUSTMENT_REFUSED where the decision, or one recorded before, would find nothing to act on. */
function foldedWith(record: LoanRecord, fact: LoanFact, asOf: BusinessDate): { before: Account; after: Account } {
  const facts = [...record.facts, fact];
  assertReversals(facts.filter((each) => each.type !== 'REVERSAL' || each === fact));
  const before = loanAccount(record, asOf);
  const after = loanAccount({ ...record, facts }, asOf);
  const known = new Set(before.remarks.map((remark) => remark.key));
  const remark = after.remarks.find((each) => !known.has(each.key));
  if (remark) throw new LoanloomError('ADJUSTMENT_REFUSED', remark.message);
  return { before, after };
}

type Result = Record<string, string | number | boolean>;

interface People {
  /** Who decided, and who approved where it takes two. */
  readonly by: string;
  readonly approvedBy: string | null;
}

/** A decision folded and checked against the account and the product, before it is recorded or proposed. */
function prepare(
  deps: Pick<ActivityDeps, 'catalogue'>,
  file: LoanFile,
  { key, body, today }: { readonly key: string; readonly body: CommandRow['body']; readonly today: BusinessDate },
) {
  if (file.loan.activated_on === null) throw new LoanloomError('LOAN_NOT_ACTIVE', 'the loan has not been paid out');
  const fact = factOf(key, body, today);
  if (WAITS_FOR_PAYMENTS.has(fact.type)) assertNoPaymentOpen(file);
  const reversed = fact.type === 'REVERSAL' ? file.facts.find(({ key }) => key === fact.of) : undefined;
  if (reversed && !(ADJUSTMENTS as readonly string[]).includes(reversed.type))
    throw new LoanloomError('NOTHING_TO_REVERSE', 'an operator reverses adjustments only; a payment is returned by its channel', {
      path: 'of',
    });
  const record = recordOf(deps.catalogue, file);
  const decision = {
    loanId: file.loan.id,
    fact,
    facts: record.facts,
    ...foldedWith(record, fact, latestValueDate(record.facts, today)),
    product: record.product,
    today,
  };
  assertAllowed(decision);
  return decision;
}

/**
 * An operator's decision about an account, without money moving. What one person may decide is recorded as a
 * fact; what takes two becomes a proposal that another operator approves (the database refuses the same one).
 * ADJUSTMENT_REFUSED, APR_CAP_EXCEEDED, TERM_NOT_OFFERED where account, cap or product do not allow it, PAYMENT_OPEN
 * while money is on its way; then nothing is changed.
 */
export async function adjust(
  deps: ActivityDeps,
  tx: Tx,
  { command, file, at }: { readonly command: CommandRow; readonly file: LoanFile; readonly at: Instant },
): Promise<Result> {
  const decision = prepare(deps, file, { key: keys.adjustment(command.id), body: command.body, today: businessDateOf(at) });
  if (!(await needsSecond(tx, decision)))
    return record(deps, tx, { file, prepared: decision, at, people: { by: command.caller, approvedBy: null } });
  const { reason, ...body } = command.body;
  await insertProposal(tx, { id: command.id, loanId: file.loan.id, body, why: String(reason), proposedBy: command.caller, proposedAt: at });
  return { proposalId: command.id, needsSecond: true };
}

/** The second pair of eyes: approves a proposed adjustment, which is checked and recorded as of now, or refuses it. */
export async function decideAdjustment(
  deps: ActivityDeps,
  tx: Tx,
  { command, file, at }: { readonly command: CommandRow; readonly file: LoanFile; readonly at: Instant },
): Promise<Result> {
  const proposal = await lockProposal(tx, String(command.body.proposalId));
  if (proposal.loan_id !== file.loan.id) throw new LoanloomError('NOT_FOUND', 'this loan has no such proposal');
  if (proposal.state !== 'PROPOSED')
    throw new LoanloomError('PROPOSAL_NOT_OPEN', `the proposal is ${proposal.state}: nothing is left to decide`, { state: proposal.state });
  if (proposal.proposed_by === command.caller)
    throw new LoanloomError('FOUR_EYES_REQUIRED', 'who proposed an adjustment cannot decide on it: ask another operator');
  const isApproved = command.body.approve === true;
  await decideProposal(tx, proposal.id, isApproved ? 'APPROVED' : 'REFUSED', command.caller);
  if (!isApproved) return { proposalId: proposal.id, approved: false };
  if (proposal.body.type === 'CARD') {
    const by = { by: proposal.proposed_by, approvedBy: command.caller };
    return changeCard(deps, tx, { change: { id: proposal.id, cardId: String(proposal.body.bankCardId), by }, file, at });
  }
  const decision = prepare(deps, file, { key: keys.adjustment(proposal.id), body: proposal.body, today: businessDateOf(at) });
  return record(deps, tx, { file, prepared: decision, at, people: { by: proposal.proposed_by, approvedBy: command.caller } });
}

interface Decided {
  readonly file: LoanFile;
  readonly prepared: ReturnType<typeof prepare>;
  readonly at: Instant;
  readonly people: People;
}

/** Records a decision as a fact: the ledger receives the difference of two folds; a new schedule becomes a new version, is sent to the borrower, and the old one stays. */
async function record(deps: ActivityDeps, tx: Tx, { file, prepared, at, people }: Decided): Promise<Result> {
  const { loan } = file;
  const { fact, before, after, today } = prepared;
  const { key, type, valueDate, ...data } = fact;
  await insertTransaction(tx, {
    loanId: loan.id,
    key,
    type,
    amount: 'amount' in fact ? fact.amount : null,
    data: withoutAmount(data),
    valueDate,
    businessDate: today,
    instructionId: null,
    decidedBy: people.by,
    approvedBy: people.approvedBy,
  });
  const posting = adjusted(effectOf(before, after), after.chargedOffOn !== null);
  await postEntry(tx, { key: keys.adjustmentEntry(loan.id, key), loanId: loan.id, businessDate: today, posting });
  const by = people.approvedBy === null ? { by: people.by } : { by: people.by, approvedBy: people.approvedBy };
  await insertLoanEvent(tx, loan.id, { key, kind: 'ADJUSTED', at, businessDate: valueDate, data: { type, ...by } });
  if (RESTRUCTURES.has(type))
    await newVersion(deps, tx, { loan: (await readLoanFile(tx, loan.id)).loan, account: after, valueDate, type, key });
  await reopenWhereOwed(tx, loan, after, { key, at, businessDate: today });
  return { fact: key, outstandingFen: after.outstanding.principal, payoffFen: after.payoff.total };
}

function withoutAmount(data: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => name !== 'amount'));
}

interface Restructured {
  readonly loan: LoanFile['loan'];
  readonly account: Account;
  readonly valueDate: BusinessDate;
  readonly type: string;
  readonly key: string;
}

async function newVersion(deps: ActivityDeps, tx: Tx, { loan, account, valueDate, type, key }: Restructured): Promise<void> {
  const version = loan.schedule_version + 1;
  const schedule = scheduleFrom(account);
  await insertSchedule(tx, loan.id, { version, reason: type, valueDate, installments: schedule });
  await updateLoan(tx, loan.id, { schedule_version: version });
  const next = account.nextDue;
  await addMail(tx, {
    key: keys.scheduleMail(loan.id, key),
    borrowerId: loan.borrower_id,
    template: 'schedule-changed',
    params: { loanId: loan.id, version, nextDueOn: next?.dueOn ?? '', rows: schedule.length },
  });
  deps.log.info({ loanId: loan.id, version, type }, 'a loan has a new schedule');
}
