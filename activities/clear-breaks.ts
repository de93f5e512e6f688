import { writeAudit } from '../db/audit';
import { lockBreak, moveBreak, type BreakRow } from '../db/breaks';
import { postEntry } from '../db/journal';
import type { Db } from '../db/pool';
import { businessDateOf, type Instant } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { fen } from '../domain/money';
import { suspenseWrittenOff } from '../domain/postings';

/**
 * How a person may end a break that does not heal. ACCEPT: it is explained, nothing is booked (refused while
 * money of it is in suspense). WRITE_OFF: its suspense is kept or lost.
 */
export const PROPOSALS = ['ACCEPT', 'WRITE_OFF'] as const;
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

/** The first pair of eyes: proposes how to clear a break. Another operator has to approve. */
export async function proposeClearing(db: Db, input: Decision & { proposal: Proposal }): Promise<BreakRow> {
  return db.transaction(async (tx) => {
    const row = await lockBreak(tx, input.breakId);
    assertState(row, 'OPEN');
    if (input.proposal === 'ACCEPT' && row.suspense_fen !== 0)
      throw new LoanloomError('VALIDATION', 'money of this break is in suspense: wait for its return, or propose WRITE_OFF', {
        path: 'proposal',
      });
    if (input.proposal === 'WRITE_OFF' && row.suspense_fen === 0)
      throw new LoanloomError('VALIDATION', 'nothing of this break is in suspense: propose ACCEPT', { path: 'proposal' });
    const { actor, at, reason } = input;
    await moveBreak(
      tx,
      row,
      'PROPOSED',
      { proposed_by: actor, proposal: input.proposal },
      { actor, at, note: `${input.proposal}: ${reason}` },
    );
    await writeAudit(tx, { actor, action: 'PROPOSE_CLEARING', subject: row.id, reason, data: { proposal: input.proposal } });
    return lockBreak(tx, row.id);
  });
}

/** The second pair of eyes: approves or refuses. FOUR_EYES_REQUIRED where it is the first one again. */
export async function decideClearing(db: Db, input: Decision & { approve: boolean }): Promise<BreakRow> {
  return db.transaction(async (tx) => {
    const row = await lockBreak(tx, input.breakId);
    if (row.state === 'OPEN')
      throw new LoanloomError('BREAK_NOT_OPEN', 'nothing is proposed for this break yet: one operator proposes, another decides');
    assertState(row, 'PROPOSED');
    const { actor, at, reason } = input;
    if (row.proposed_by === actor)
      throw new LoanloomError('FOUR_EYES_REQUIRED', 'who proposed a clearing cannot decide on it: ask another operator');
    const today = businessDateOf(at);
    if (!input.approve) await moveBreak(tx, row, 'OPEN', { proposed_by: null, proposal: null }, { actor, at, note: `refused: ${reason}` });
    else {
      if (row.proposal === 'WRITE_OFF')
        await postEntry(tx, {
          key: `break:${row.id}:written-off`,
          loanId: row.loan_id,
          businessDate: today,
          posting: suspenseWrittenOff(row.channel, row.suspense_fen > 0, fen(Math.abs(row.suspense_fen))),
        });
      await moveBreak(tx, row, 'CLEARED', { approved_by: actor, closed_on: today, suspense_fen: fen(0) }, { actor, at, note: reason });
    }
    await writeAudit(tx, { actor, action: input.approve ? 'APPROVE_CLEARING' : 'REFUSE_CLEARING', subject: row.id, reason });
    return lockBreak(tx, row.id);
  });
}
