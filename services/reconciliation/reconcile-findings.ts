import { healBreaks, openBreak } from '../../db/reconciliation/breaks';
import { readAttempt, readInstruction } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import type { BusinessDate, Instant } from '../../domain/time/dates';
import { signedAmount, signedOurs, type Finding } from '../../domain/reconciliation/reconciliation';
import type { ActivityDeps } from '../deps';
import { recordReplyIn } from '../payment/payment-outcomes';
import { recordReturn } from '../payment/payment-reversals';
import { healSuspense, intoSuspenseFor, recordPaidAfterFailure } from './suspense';

interface Found {
  readonly channel: string;
  /** The day whose file it was found in. */
  readonly date: BusinessDate;
  readonly finding: Finding;
  readonly at: Instant;
}

/** What the line says and what we have booked; minor units, positive where money came in to us. */
function sidesOf({ line, ours }: Finding): { amount: number; expected: number } {
  const isBooked = ours !== null && (ours.state === 'SUCCEEDED' || ours.state === 'RETURNED') && line?.kind !== 'RETURN';
  return { amount: line?.booked ? signedAmount(line) : 0, expected: isBooked ? signedOurs(ours) : 0 };
}

/** The finding as an open break. What its action settles closes it again in the same transaction. */
function breakOf(tx: Tx, { channel, date, finding, at }: Found): Promise<string> {
  const { line, ours, code } = finding;
  const number = line?.number ?? ours?.number ?? '';
  // A return that repeats itself is a case of its own each time.
  const subject = line?.isRepeat === true ? `${number}:returned-again:${date}:${String(line.place ?? 0)}` : number;
  return openBreak(tx, { channel, businessDate: date, code, subject, loanId: ours?.loanId ?? null, ...sidesOf(finding) }, at);
}

/** Our open payment stands booked in the file: that is its outcome. */
async function complete(deps: ActivityDeps, tx: Tx, found: Found): Promise<void> {
  const { line, ours } = found.finding;
  if (!line || !ours) return;
  await breakOf(tx, found);
  await recordReplyIn(deps, tx, {
    instructionId: ours.instructionId,
    attempt: ours.attempt,
    asked: 'FILE',
    reply: { outcome: 'SUCCEEDED', code: 'IN_FILE', valueDate: line.valueDate },
    at: found.at,
  });
}

/** Money that moved for a payment which the channel had refused. */
async function suspend(deps: ActivityDeps, tx: Tx, found: Found): Promise<void> {
  const { finding } = found;
  const { line, ours } = finding;
  if (!line) return;
  if (ours && finding.code === 'PAID_AFTER_FAILURE') {
    const instruction = await readInstruction(tx, ours.instructionId);
    const attempt = await readAttempt(tx, ours.instructionId, ours.attempt);
    await recordPaidAfterFailure(deps, tx, { instruction, attempt, valueDate: line.valueDate, at: found.at });
    return;
  }
  const id = await breakOf(tx, found);
  await intoSuspenseFor(tx, { breakId: id, cameIn: line.comesIn, amount: line.amount, date: line.valueDate });
}

async function release(tx: Tx, found: Found): Promise<void> {
  const { line } = found.finding;
  if (!line) return;
  const claim = await tx('breaks')
    .where({ channel: found.channel, number: line.number, code: 'PAID_AFTER_FAILURE' })
    .first<{ id: string; state: string } | undefined>('id', 'state');
  // A day that is read again: this line has healed it (a second one of its number is a DUPLICATE).
  if (claim?.state === 'HEALED') return;
  if (!claim || !(await healSuspense(tx, claim.id, line.valueDate, found.at))) {
    const id = await breakOf(tx, found);
    await intoSuspenseFor(tx, { breakId: id, cameIn: line.comesIn, amount: line.amount, date: line.valueDate });
  }
}

/**
 * Does about a finding what the break table says, in the caller's transaction. Repeating it changes nothing: every
 * step has its business key.
 */
export async function settleFinding(deps: ActivityDeps, tx: Tx, found: Found): Promise<void> {
  const { line, ours, action } = found.finding;
  switch (action) {
    case 'COMPLETE':
      return complete(deps, tx, found);
    case 'RETURN':
      if (!line || !ours) return;
      if (ours.state !== 'SUCCEEDED') await complete(deps, tx, found);
      return recordReturn(deps, tx, { instructionId: ours.instructionId, attempt: ours.attempt, valueDate: line.valueDate, at: found.at });
    case 'SUSPEND':
      return suspend(deps, tx, found);
    case 'RELEASE':
      return release(tx, found);
    case 'WATCH':
      await breakOf(tx, found);
      return;
    case 'MATCHED':
      // A line that shows our payment ends the doubt whether it is in any file.
      if (line?.booked)
        await healBreaks(tx, { channel: found.channel, number: line.number, codes: ['CUTOFF'] }, { at: found.at, note: 'listed' });
  }
}
