import type { BusinessDate, Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Fen } from '../../domain/money/money';
import {
  ATTEMPT_TRANSITIONS,
  assertTransition,
  INSTRUCTION_TRANSITIONS,
  type AttemptState,
  type InstructionState,
} from '../../domain/states';
import type { Db, Tx } from '../pool';

export interface InstructionRow {
  readonly id: string;
  readonly loan_id: string;
  readonly direction: 'PAYOUT' | 'DEBIT' | 'REFUND';
  readonly amount_fen: Fen;
  readonly business_date: BusinessDate;
  readonly presentment: number;
  readonly state: InstructionState;
  readonly preferred_channel: string | null;
  readonly failure_code: string | null;
  readonly queries: number;
}

export interface AttemptRow {
  readonly instruction_id: string;
  readonly attempt: number;
  readonly loan_id: string;
  readonly channel: string;
  readonly number: string;
  readonly state: AttemptState;
  readonly code: string | null;
  readonly value_date: BusinessDate | null;
  readonly sent_at: Date;
  readonly not_found_since: Date | null;
  /** Of a failed attempt: not one byte reached the channel. */
  readonly nothing_sent: boolean;
  /** Sends that were begun, and of these the ones that provably were not taken. */
  readonly sends: number;
  readonly sends_refused: number;
  /** The card that it names; null for one from before cards could change. */
  readonly bank_card_id: string | null;
}

/** Creates the instruction unless its id, or another one of its day and presentment, is there already: undefined then. */
export async function insertInstruction(
  tx: Tx,
  instruction: Pick<InstructionRow, 'id' | 'loan_id' | 'direction' | 'amount_fen' | 'business_date' | 'presentment'>,
  at: Instant,
): Promise<InstructionRow | undefined> {
  const { id, loan_id, direction, amount_fen, business_date, presentment } = instruction;
  const { rows } = await tx.raw<{ rows: InstructionRow[] }>(
    `WITH instruction AS (
       INSERT INTO payment_instructions (id, loan_id, direction, amount_fen, business_date, presentment, state)
       VALUES (?, ?, ?, ?, ?, ?, 'AUTHORIZED') ON CONFLICT (id) DO NOTHING RETURNING *
     ), noted AS (
       INSERT INTO payment_events (instruction_id, to_state, at) SELECT id, 'AUTHORIZED', ? FROM instruction
     )
     SELECT * FROM instruction`,
    [id, loan_id, direction, amount_fen, business_date, presentment, at],
  );
  return rows[0];
}

/** An instruction of which is known only that it was made beside another one: it counts as failed, and what its channel paid is a case. */
export async function insertFailedInstruction(
  tx: Tx,
  instruction: Pick<InstructionRow, 'id' | 'loan_id' | 'direction' | 'amount_fen' | 'business_date' | 'presentment'>,
  at: Instant,
): Promise<void> {
  await tx('payment_instructions')
    .insert({ ...instruction, state: 'FAILED', failure_code: 'RESTORED' })
    .onConflict('id')
    .ignore();
  await tx('payment_events').insert({ instruction_id: instruction.id, to_state: 'FAILED', code: 'RESTORED', at });
}

export async function readInstruction(db: Db | Tx, id: string): Promise<InstructionRow> {
  const row = await db('payment_instructions').where({ id }).first<InstructionRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment instruction');
  return row;
}

/** An instruction with its attempts, first to last. */
export async function readWithAttempts(db: Db | Tx, id: string): Promise<{ instruction: InstructionRow; attempts: AttemptRow[] }> {
  const rows = await db('payment_instructions as i')
    .leftJoin('payment_attempts as a', 'a.instruction_id', 'i.id')
    .where('i.id', id)
    .orderBy('a.attempt')
    .select<(Omit<AttemptRow, 'attempt'> & { attempt: number | null; instruction: InstructionRow })[]>(
      'a.*',
      db.raw('to_jsonb(i) AS instruction'),
    );
  const [first] = rows;
  if (!first) throw new LoanloomError('NOT_FOUND', 'there is no such payment instruction');
  const attempts = rows.flatMap(({ instruction: _, attempt, ...row }) => (attempt === null ? [] : [{ ...row, attempt }]));
  return { instruction: first.instruction, attempts };
}

export async function readAttempts(db: Db | Tx, instructionId: string): Promise<AttemptRow[]> {
  return db('payment_attempts').where({ instruction_id: instructionId }).orderBy('attempt').select<AttemptRow[]>();
}

export async function readAttempt(db: Db | Tx, instructionId: string, attempt: number): Promise<AttemptRow> {
  const row = await db('payment_attempts').where({ instruction_id: instructionId, attempt }).first<AttemptRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment attempt');
  return row;
}

/** An attempt with what its order names: its instruction, and whose loan it is. */
export interface OrderedAttempt {
  readonly attempt: AttemptRow;
  readonly instruction: InstructionRow;
  readonly borrowerId: string;
  /** The loan's card now. */
  readonly bankCardId: string;
}

export async function readOrderedAttempt(db: Db | Tx, instructionId: string, attempt: number): Promise<OrderedAttempt> {
  const row = await db('payment_attempts as a')
    .join('payment_instructions as i', 'i.id', 'a.instruction_id')
    .join('loans as l', 'l.id', 'i.loan_id')
    .where({ 'a.instruction_id': instructionId, 'a.attempt': attempt })
    .first<(AttemptRow & { instruction: InstructionRow; borrower_id: string; card: string }) | undefined>(
      'a.*',
      db.raw('to_jsonb(i) AS instruction'),
      'l.borrower_id',
      'l.bank_card_id as card',
    );
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment attempt');
  const { instruction, borrower_id: borrowerId, card: bankCardId, ...rest } = row;
  return { attempt: rest, instruction, borrowerId, bankCardId };
}

/** The row that must be committed before the first byte goes out; the partial unique index refuses a second live one. */
export async function insertAttempt(
  tx: Tx,
  attempt: {
    instruction: InstructionRow;
    attempt: number;
    channel: string;
    number: string;
    requestSha256: string;
    sentAt: Instant;
    bankCardId: string;
  },
): Promise<void> {
  const { instruction, channel, number, requestSha256, sentAt, bankCardId } = attempt;
  await tx.raw(
    `WITH opened AS (
       INSERT INTO payment_attempts (instruction_id, attempt, loan_id, channel, number, request_sha256, sent_at, bank_card_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING instruction_id, attempt, sent_at
     )
     INSERT INTO payment_events (instruction_id, attempt, to_state, at) SELECT instruction_id, attempt, 'SENDING', sent_at FROM opened`,
    [instruction.id, attempt.attempt, instruction.loan_id, channel, number, requestSha256, sentAt, bankCardId],
  );
}

/**
 * Counts a send before it begins: false where one may have reached the channel already, or the attempt is past sending.
 * `tail`: the last four digits of the account that it names, which the channel's file is compared with.
 */
export async function beginSend(db: Db, attempt: Pick<AttemptRow, 'instruction_id' | 'attempt'>, tail: string): Promise<boolean> {
  const begun = await db('payment_attempts')
    .where({ instruction_id: attempt.instruction_id, attempt: attempt.attempt, state: 'SENDING' })
    .where('sends', db.ref('sends_refused'))
    .update({ sends: db.raw('sends + 1'), account_tail: tail });
  return begun === 1;
}

/**
 * Attempts for a loan, in one direction, that were found to have paid after they had failed. OPEN: the money has not
 * come back, and nothing is moved in its place. CLEARED: two people decided about it, so that its instruction is over.
 */
export async function contradictions(
  tx: Db | Tx,
  instruction: Pick<InstructionRow, 'loan_id' | 'direction'>,
): Promise<readonly { readonly instructionId: string; readonly state: 'OPEN' | 'CLEARED' }[]> {
  const rows = await tx('payment_attempts as a')
    .join('payment_instructions as i', 'i.id', 'a.instruction_id')
    .join('breaks as b', (join) => join.on('b.channel', 'a.channel').andOn('b.number', 'a.number'))
    .where({ 'i.loan_id': instruction.loan_id, 'i.direction': instruction.direction, 'b.code': 'PAID_AFTER_FAILURE' })
    .whereNot('b.state', 'HEALED')
    .select<{ instruction_id: string; closed_on: string | null }[]>('a.instruction_id', 'b.closed_on');
  return rows.map((row) => ({ instructionId: row.instruction_id, state: row.closed_on === null ? 'OPEN' : 'CLEARED' }));
}

/** A guarded step of an instruction, with its event row. Staying where it is changes nothing. */
export async function moveInstruction(
  tx: Tx,
  instruction: InstructionRow,
  { to, at, code = null }: { readonly to: InstructionState; readonly at: Instant; readonly code?: string | null },
): Promise<void> {
  if (instruction.state === to) return;
  assertTransition(INSTRUCTION_TRANSITIONS, instruction.state, to);
  await tx.raw(
    `WITH moved AS (UPDATE payment_instructions SET state = ?, failure_code = coalesce(?, failure_code) WHERE id = ? RETURNING id)
     INSERT INTO payment_events (instruction_id, from_state, to_state, code, at) SELECT id, ?, ?, ?, ? FROM moved`,
    [to, code, instruction.id, instruction.state, to, code, at],
  );
}

export interface AttemptChange {
  readonly state: AttemptState;
  readonly code: string;
  readonly valueDate?: BusinessDate;
  readonly channelReference?: string;
  readonly notFoundSince?: Instant | null;
  readonly nothingSent?: boolean;
  readonly sendsRefused?: number;
}

/** A guarded step of an attempt, with its event row when the state changed. Answers with the attempt as it is then. */
export async function moveAttempt(tx: Tx, attempt: AttemptRow, change: AttemptChange, at: Instant): Promise<AttemptRow> {
  const isMove = attempt.state !== change.state;
  if (isMove) assertTransition(ATTEMPT_TRANSITIONS, attempt.state, change.state);
  const moved = tx('payment_attempts')
    .where({ instruction_id: attempt.instruction_id, attempt: attempt.attempt })
    .update({
      state: change.state,
      code: change.code,
      ...(change.valueDate === undefined ? {} : { value_date: change.valueDate }),
      ...(change.channelReference === undefined ? {} : { channel_reference: change.channelReference }),
      ...(change.notFoundSince === undefined ? {} : { not_found_since: change.notFoundSince }),
      ...(change.nothingSent === undefined ? {} : { nothing_sent: change.nothingSent }),
      ...(change.sendsRefused === undefined ? {} : { sends_refused: change.sendsRefused }),
    })
    .returning('*');
  const noted = tx.raw(
    `INSERT INTO payment_events (instruction_id, attempt, from_state, to_state, code, at)
     SELECT instruction_id, attempt, ?, state, code, ? FROM moved WHERE ? RETURNING instruction_id`,
    [attempt.state, at, isMove],
  );
  const [row] = await tx.with('moved', moved).with('noted', noted).from('moved').select<AttemptRow[]>('moved.*');
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment attempt');
  return row;
}

/** How many presentments a loan has seen on a date: the next borrower's payment counts on from there. */
export async function nextPresentment(tx: Tx, loanId: string, date: BusinessDate): Promise<number> {
  const row = await tx('payment_instructions')
    .where({ loan_id: loanId, direction: 'DEBIT', business_date: date })
    .first<{ highest: number | null }>(tx.raw('max(presentment)::int AS highest'));
  return Math.max(row.highest ?? 1, 1) + 1;
}
