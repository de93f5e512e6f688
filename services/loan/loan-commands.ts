import { writeAudit } from '../../db/audit';
import { businessNow } from '../../db/clock';
import type { CommandRow } from '../../db/commands';
import { lockLoan, updateLoan } from '../../db/loan/loans';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import { addFactNotice } from '../../db/outbox';
import { nextPresentment } from '../../db/payment/payments';
import { isUniqueViolation, type Tx } from '../../db/pool';
import { holdInForce } from '../../domain/loan/agenda';
import { openPromise } from '../../domain/loan/agenda-candidates';
import { addDays, businessDate, businessDateOf, laterOf, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { isContradicted, nextSerial } from '../../domain/loan/loan-events';
import { positiveFen, yuan } from '../../domain/money/money';
import { leastPromise } from '../../domain/loan/promises';
import { adjust, assertNoPaymentOpen, decideAdjustment } from './adjustments';
import { applyOnce, refuseCommand, type Verdict } from '../commands';
import { productOf, type ActivityDeps } from '../deps';
import { accountNow } from './account-now';
import { giveNumber } from '../payment/new-instruction';
import { giveUpLoan, wishCard, withdrawLoan } from './loan-changes';
import { withdrawAfterPayout } from './withdrawal';
import { CHANNEL_NAMES } from '../../channels/names';
import { keys } from '../../domain/keys';

type Result = Record<string, string | number | boolean>;
interface Asked {
  readonly command: CommandRow;
  readonly file: LoanFile;
  readonly at: Instant;
}

type Handler = (deps: ActivityDeps, tx: Tx, asked: Asked) => Promise<Result>;

function requireActive(file: LoanFile): void {
  if (file.loan.status !== 'ACTIVE')
    throw new LoanloomError('LOAN_NOT_ACTIVE', `the loan is ${file.loan.status}: this is possible for an active loan only`, {
      status: file.loan.status,
    });
}

/** Every command that serviceLoan applies to its loan. Each handler checks against the folded account and writes facts; none moves money itself. */
const pay: Handler = async (deps, tx, { command, file, at }) => {
  requireActive(file);
  if (file.instructions.some((each) => each.open) || isContradicted(file.instructions, 'DEBIT'))
    throw new LoanloomError('DEBIT_IN_DOUBT', 'a debit of this loan is still open: wait for its outcome before paying again');
  const today = businessDateOf(at);
  const account = accountNow(deps, file, today);
  const amount = command.body.amountFen === 'PAYOFF' ? account.payoff.total : positiveFen(Number(command.body.amountFen), 'amount');
  if (account.payoff.total === 0) throw new LoanloomError('NOTHING_OWED', 'nothing is owed on this loan');
  if (amount > account.payoff.total)
    throw new LoanloomError(
      'INVALID_AMOUNT',
      `the whole loan can be paid off with ${yuan(account.payoff.total)} yuan today: pay at most that`,
      { path: 'amount' },
    );
  const presentment = await nextPresentment(tx, file.loan.id, today);
  const instructionId = keys.debitInstruction(file.loan.id, today, presentment);
  try {
    await giveNumber(
      deps,
      tx,
      { id: instructionId, loan_id: file.loan.id, direction: 'DEBIT', amount_fen: amount, business_date: today, presentment },
      at,
    );
  } catch (error) {
    if (isUniqueViolation(error))
      throw new LoanloomError('DEBIT_IN_DOUBT', 'a debit of this loan is still open: wait for its outcome before paying again');
    throw error;
  }
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.repaymentRequested(command.id),
    kind: 'PAYMENT_REQUESTED',
    at,
    businessDate: today,
    data: { amount, instructionId },
  });
  return { paymentId: instructionId, amountFen: amount, businessDate: today };
};

const promiseToPay: Handler = async (deps, tx, { command, file, at }) => {
  requireActive(file);
  const today = businessDateOf(at);
  const amount = positiveFen(Number(command.body.amountFen), 'amount');
  const dueOn = businessDate(String(command.body.dueOn), 'dueOn');
  const { promise } = productOf(deps, file.loan).collections;
  const account = accountNow(deps, file, today);
  if (account.owedNow === 0) throw new LoanloomError('NOTHING_OWED', 'nothing is due now, so there is nothing to promise');
  if (dueOn < today || dueOn > addDays(today, promise.daysMax))
    throw new LoanloomError('INVALID_DATE', `a promise is for today or up to ${String(promise.daysMax)} days from now`, {
      path: 'dueOn',
    });
  const least = leastPromise(productOf(deps, file.loan), account.owedNow);
  if (amount < least)
    throw new LoanloomError(
      'INVALID_AMOUNT',
      `a promise is for at least ${yuan(least)} yuan of the ${yuan(account.owedNow)} that are due`,
      { path: 'amount' },
    );
  if (openPromise(file.events)) throw new LoanloomError('PROMISE_OPEN', 'there is an open promise already: it is checked on its date');
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.promiseMade(command.id),
    kind: 'PROMISE_MADE',
    at,
    businessDate: today,
    data: { promiseId: command.id, amount, dueOn, owed: account.owedNow },
  });
  return { promiseId: command.id, dueOn };
};

const hold: Handler = async (_, tx, { command, file, at }) => {
  const today = businessDateOf(at);
  const until = businessDate(String(command.body.until), 'until');
  if (!['APPROVED', 'ACTIVE'].includes(file.loan.status))
    throw new LoanloomError('LOAN_NOT_ACTIVE', `a loan that is ${file.loan.status} cannot be held`);
  if (until < today || until > addDays(today, 366))
    throw new LoanloomError('INVALID_DATE', 'a hold ends today or within a year', { path: 'until' });
  if (holdInForce(file.events, at)) throw new LoanloomError('LOAN_ON_HOLD', 'the loan is on hold already: release it first');
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.holdPlaced(command.id),
    kind: 'HOLD_PLACED',
    at,
    businessDate: today,
    data: { until, by: command.caller, reason: String(command.body.reason) },
  });
  return { until };
};

const release: Handler = async (_, tx, { command, file, at }) => {
  if (!holdInForce(file.events, at)) throw new LoanloomError('LOAN_NOT_ON_HOLD', 'the loan is not on hold');
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.holdReleased(command.id),
    kind: 'HOLD_RELEASED',
    at,
    businessDate: businessDateOf(at),
    data: { by: command.caller },
  });
  return {};
};

function failedPayout(file: LoanFile) {
  const isRefund = file.loan.status === 'OVERPAID';
  const payouts = file.instructions.filter((each) => each.direction === (isRefund ? 'REFUND' : 'PAYOUT'));
  const latest = payouts.at(-1);
  if (isContradicted(payouts, isRefund ? 'REFUND' : 'PAYOUT'))
    throw new LoanloomError(
      'PAYOUT_NOT_STUCK',
      'a channel paid it against its word: nothing is paid in its place before that money is back, or its break is cleared',
    );
  if (latest?.state !== 'FAILED' && latest?.state !== 'RETURNED')
    throw new LoanloomError('PAYOUT_NOT_STUCK', 'the payout has not failed: while it is open its outcome is asked for automatically');
  return { latest, approval: nextSerial(isRefund ? 'REFUND' : 'PAYOUT', file), isRefund };
}

/** A new approval after every channel refused: a new instruction, with the channel the operator wants first. */
const retryPayout: Handler = async (deps, tx, { command, file, at }) => {
  const { latest, approval, isRefund } = failedPayout(file);
  if (!isRefund && file.facts.some((fact) => fact.type === 'WITHDRAWAL'))
    throw new LoanloomError('ILLEGAL_TRANSITION', 'the borrower has withdrawn, and the payout came back: reject the loan', {
      from: file.loan.status,
    });
  const amount = isRefund ? accountNow(deps, file, businessDateOf(at)).overpaid : latest.amount;
  if (amount === 0) throw new LoanloomError('NOTHING_OWED', 'nothing is left that could be refunded');
  const channel = command.body.channel;
  if (channel !== undefined && !CHANNEL_NAMES.includes(String(channel)))
    throw new LoanloomError('CHANNEL_UNKNOWN', `the channels are ${CHANNEL_NAMES.join(', ')}`, { path: 'channel' });
  const id = (isRefund ? keys.refundInstruction : keys.payoutInstruction)(file.loan.id, approval);
  await giveNumber(
    deps,
    tx,
    {
      id,
      loan_id: file.loan.id,
      direction: latest.direction,
      amount_fen: amount,
      business_date: businessDateOf(at),
      presentment: approval,
    },
    at,
  );
  if (channel !== undefined)
    await tx('payment_instructions')
      .where({ id })
      .update({ preferred_channel: String(channel) });
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.payoutReauthorized(id),
    kind: 'PAYOUT_REAUTHORIZED',
    at,
    businessDate: businessDateOf(at),
    data: { by: command.caller, instructionId: id },
  });
  await updateLoan(tx, file.loan.id, { attention: null });
  return { instructionId: id };
};

const rejectLoan: Handler = async (deps, tx, { command, file, at }) => {
  if (failedPayout(file).isRefund)
    throw new LoanloomError('LOAN_NOT_ACTIVE', 'the loan was paid out and repaid: its refund is retried, the loan is not rejected');
  assertNoPaymentOpen(file);
  if (accountNow(deps, file, businessDateOf(at)).overpaid > 0)
    throw new LoanloomError('ILLEGAL_TRANSITION', 'money of the borrower’s is still to be refunded', { from: file.loan.status });
  return giveUpLoan(deps, tx, { file, at, by: command });
};

const HANDLERS: Partial<Record<CommandRow['operation'], Handler>> = {
  PAY: pay,
  PROMISE_TO_PAY: promiseToPay,
  HOLD: hold,
  RELEASE: release,
  RETRY_PAYOUT: retryPayout,
  SWITCH_CHANNEL: retryPayout,
  REJECT_LOAN: rejectLoan,
  ADJUST: (deps, tx, { command, file, at }) => adjust(deps, tx, { command, file, at }),
  DECIDE_ADJUSTMENT: (deps, tx, { command, file, at }) => decideAdjustment(deps, tx, { command, file, at }),
  CHANGE_CARD: (deps, tx, { command, file, at }) => wishCard(deps, tx, { command, file, at }),
  WITHDRAW_AFTER_PAYOUT: (deps, tx, { command, file, at }) => withdrawAfterPayout(deps, tx, { command, file, at }),
  WITHDRAW_LOAN: (deps, tx, { command, file, at }) => withdrawLoan(deps, tx, { file, at, by: command }),
};

export function createLoanCommands(deps: ActivityDeps) {
  return {
    /** Ends a command that cannot be applied, and says so to people. Idempotent. */
    async refuseLoanCommand(input: { commandId: string; code: string }): Promise<Verdict> {
      return refuseCommand(deps.db, input.commandId, input.code);
    },

    /** Applies one stored command to its loan, once: a repeated call returns the stored verdict; a refusal changes nothing else. */
    async applyLoanCommand(input: { commandId: string; at: Instant }): Promise<Verdict> {
      return applyOnce(deps.db, input.commandId, async (tx, command) => {
        const handler = HANDLERS[command.operation];
        if (!handler) throw new LoanloomError('OPERATION_UNKNOWN', `${command.operation} is not possible for a loan`);
        await lockLoan(tx, command.subject);
        const at = laterOf(input.at, (await businessNow(tx)).now);
        const result = await handler(deps, tx, { command, file: await readLoanFile(tx, command.subject), at });
        if (command.caller_role === 'operator') {
          // A decision about the loan answers whatever called for a person.
          await updateLoan(tx, command.subject, { attention: null });
          await writeAudit(tx, {
            actor: command.caller,
            action: command.operation,
            subject: command.subject,
            reason: String(command.body.reason),
            data: result,
          });
        }
        await addFactNotice(tx, command.subject, keys.commandFact(command.id));
        return result;
      });
    },
  };
}
