import { writeAudit } from '../../db/audit';
import { lockBreak, moveBreak, readBreak, type BreakRow } from '../../db/reconciliation/breaks';
import { postEntry } from '../../db/ledger/journal';
import { lockLoan, type LoanRow } from '../../db/loan/loans';
import { readLoanFile } from '../../db/loan/loan-file';
import { addFactNotice } from '../../db/outbox';
import type { Db, Tx } from '../../db/pool';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { fen } from '../../domain/money/money';
import { suspenseApplied, suspenseWrittenOff } from '../../domain/ledger/postings';
import type { ActivityDeps } from '../deps';
import { bookReceipt } from '../payment/payment-bookings';
import { keys } from '../../domain/keys';

type ClearingDeps = Pick<ActivityDeps, 'db' | 'catalogue'>;

/**
 * How two people may end a break that does not heal. ACCEPT: it is explained, nothing is booked (refused while
 * money of it is in suspense). APPLY: money that came in is a loan's repayment, on the break's day; what the
 * loan does not need becomes the borrower's credit and is refunded. WRITE_OFF: its suspense is kept or lost.
 */
export const PROPOSALS = ['ACCEPT', 'APPLY', 'WRITE_OFF'] as const;
export type Proposal = (typeof PROPOSALS)[number];

interface Decision {
  readonly breakId: string;
  readonly actor: string;
  readonly reason: string;
  readonly at: Instant;
}

/** BREAK_NOT_OPEN where the break is not in one of the given states. */
function assertState(row: BreakRow, ...states: BreakRow['state'][]): void {
  if (!states.includes(row.state))
    throw new LoanloomError('BREAK_NOT_OPEN', `the break is ${row.state}: "npx loan recon show ${row.id}" tells how it stands`, {
      state: row.state,
    });
}

/** VALIDATION where a proposal does not fit the break; otherwise the loan that money is applied to, or null. */
function loanFor(row: BreakRow, proposal: Proposal, loanId: string | undefined): string | null {
  const refuse = (message: string, path = 'proposal') => new LoanloomError('VALIDATION', message, { path });
  if (proposal === 'ACCEPT' && row.suspense_fen !== 0)
    throw refuse('money of this break is in suspense: wait for its return, or propose APPLY or WRITE_OFF');
  if (proposal === 'WRITE_OFF' && row.suspense_fen === 0) throw refuse('nothing of this break is in suspense: propose ACCEPT');
  if (proposal !== 'APPLY') {
    if (loanId !== undefined) throw refuse('only APPLY names a loan', 'loanId');
    return null;
  }
  if (row.suspense_fen <= 0) throw refuse('no money of this break came in to us: there is nothing to apply');
  const target = row.loan_id ?? loanId;
  if (target === undefined) throw refuse('the break is about no loan of ours: name the one that the money is for', 'loanId');
  if (loanId !== undefined && loanId !== target) throw refuse(`the break is about loan ${target}: its money is for no other`, 'loanId');
  return target;
}

/** The first pair of eyes: proposes how to clear a break. Another operator has to approve. */
export async function proposeClearing(db: Db, input: Decision & { proposal: Proposal; loanId?: string }): Promise<BreakRow> {
  return db.transaction(async (tx) => {
    const row = await lockBreak(tx, input.breakId);
    assertState(row, 'OPEN');
    const { actor, at, reason, proposal } = input;
    const loanId = loanFor(row, proposal, input.loanId);
    if (loanId !== null) {
      await assertBorrowersMoney(tx, row);
      assertTakesMoney((await readLoanFile(tx, loanId)).loan);
    }
    const what = loanId === null ? proposal : `${proposal} to ${loanId}`;
    await moveBreak(tx, row, {
      to: 'PROPOSED',
      change: { proposed_by: actor, proposal, applies_to: loanId },
      event: { actor, at, note: `${what}: ${reason}` },
    });
    await writeAudit(tx, {
      actor,
      action: 'PROPOSE_CLEARING',
      subject: row.id,
      reason,
      data: { proposal, ...(loanId === null ? {} : { loanId }) },
    });
    return lockBreak(tx, row.id);
  });
}

/** What came back of a payment that the channel had refused was never the borrower's, so that it repays nothing. */
async function assertBorrowersMoney(tx: Tx, row: BreakRow): Promise<void> {
  if (row.code !== 'RETURNED') return;
  const attempt = await tx('payment_attempts')
    .where({ channel: row.channel, number: row.number })
    .first<{ state: string } | undefined>('state');
  if (attempt?.state === 'FAILED')
    throw new LoanloomError('VALIDATION', 'the payment that came back was never the borrower’s: its money repays no loan', {
      path: 'proposal',
    });
}

/** A loan that is closed takes money too: what it does not owe is the borrower's, and goes back. */
function assertTakesMoney(loan: LoanRow): void {
  if (loan.activated_on === null)
    throw new LoanloomError('LOAN_NOT_ACTIVE', `the loan is ${loan.status}: money of a break is applied to a loan that was paid out`);
}

/** What an approved proposal books. */
async function carryOut(
  deps: ClearingDeps,
  tx: Tx,
  { row, loan, at }: { readonly row: BreakRow; readonly loan: LoanRow | undefined; readonly at: Instant },
): Promise<void> {
  const amount = fen(Math.abs(row.suspense_fen));
  const today = businessDateOf(at);
  if (row.proposal === 'WRITE_OFF')
    await postEntry(tx, {
      key: keys.suspenseWrittenOff(row.id),
      loanId: row.loan_id,
      businessDate: today,
      posting: suspenseWrittenOff(row.channel, row.suspense_fen > 0, amount),
    });
  if (row.proposal !== 'APPLY' || !loan) return;
  assertTakesMoney(loan);
  const key = keys.suspenseApplied(row.id);
  const came = row.business_date;
  await bookReceipt(deps, tx, loan, {
    key,
    fact: key,
    entry: key,
    instructionId: null,
    amount,
    valueDate: loan.activated_on !== null && came < loan.activated_on ? loan.activated_on : came,
    businessDate: today,
    at,
    posting: (effect, isChargedOff) => suspenseApplied(row.channel, amount, effect, isChargedOff),
  });
  await addFactNotice(tx, loan.id, key);
}

/** The second pair of eyes: approves or refuses. FOUR_EYES_REQUIRED where it is the first one again. */
export async function decideClearing(deps: ClearingDeps, input: Decision & { approve: boolean }): Promise<BreakRow> {
  return deps.db.transaction(async (tx) => {
    // A loan is locked before its breaks, here as in reconciliation.
    const { applies_to: loanId } = await readBreak(tx, input.breakId);
    const loan = loanId === null ? undefined : await lockLoan(tx, loanId);
    const row = await lockBreak(tx, input.breakId);
    if (row.state === 'OPEN')
      throw new LoanloomError('BREAK_NOT_OPEN', 'nothing is proposed for this break yet: one operator proposes, another decides');
    assertState(row, 'PROPOSED');
    const { actor, at, reason } = input;
    if (row.proposed_by === actor)
      throw new LoanloomError('FOUR_EYES_REQUIRED', 'who proposed a clearing cannot decide on it: ask another operator');
    if (row.applies_to !== loanId) throw new LoanloomError('BREAK_NOT_OPEN', 'another proposal was made just now: read the break again');
    if (input.approve) {
      await carryOut(deps, tx, { row, loan, at });
      const closed = { approved_by: actor, closed_on: businessDateOf(at), suspense_fen: fen(0) };
      await moveBreak(tx, row, { to: 'CLEARED', change: closed, event: { actor, at, note: reason } });
    } else {
      const withdrawn = { proposed_by: null, proposal: null, applies_to: null };
      await moveBreak(tx, row, { to: 'OPEN', change: withdrawn, event: { actor, at, note: `refused: ${reason}` } });
    }
    await writeAudit(tx, { actor, action: input.approve ? 'APPROVE_CLEARING' : 'REFUSE_CLEARING', subject: row.id, reason });
    return lockBreak(tx, row.id);
  });
}
