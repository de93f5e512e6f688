import type { ApplicationStatus, LoanStatus } from '../../domain/states';
import { instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import type { Dealings } from '../../domain/party/erasure';
import type { Db, Tx } from '../pool';

/** A person's wish to be forgotten: locked since, erased on its day. */
export interface Erasure {
  readonly id: string;
  readonly borrowerId: string;
  readonly askedAt: Instant;
  readonly dueOn: BusinessDate;
  readonly why: string;
  readonly erasedAt: Instant | null;
}

interface Row {
  readonly id: string;
  readonly borrower_id: string;
  readonly asked_at: Date;
  readonly due_on: BusinessDate;
  readonly why: string;
  readonly erased_at: Date | null;
}

const toErasure = (row: Row): Erasure => ({
  id: row.id,
  borrowerId: row.borrower_id,
  askedAt: instant(row.asked_at),
  dueOn: row.due_on,
  why: row.why,
  erasedAt: row.erased_at === null ? null : instant(row.erased_at),
});

/** The wish that holds; undefined where there is none, or it was taken back. */
export async function readErasure(db: Db | Tx, borrowerId: string): Promise<Erasure | undefined> {
  const row = await db('erasures').where({ borrower_id: borrowerId, cancelled_at: null }).first<Row | undefined>();
  return row && toErasure(row);
}

/** Wishes whose day has come. */
export async function dueErasures(db: Db, on: BusinessDate, most: number): Promise<Erasure[]> {
  const rows = await db('erasures')
    .where({ cancelled_at: null, erased_at: null })
    .where('due_on', '<=', on)
    .orderBy('due_on')
    .limit(most)
    .select<Row[]>();
  return rows.map(toErasure);
}

export async function insertErasure(tx: Db | Tx, erasure: Omit<Erasure, 'erasedAt'>): Promise<void> {
  const { id, borrowerId: borrower_id, askedAt: asked_at, dueOn: due_on, why } = erasure;
  await tx('erasures').insert({ id, borrower_id, asked_at, due_on, why });
}

/** Takes a wish back that was not carried out; false where there is none. */
export async function cancelErasure(tx: Tx, borrowerId: string, at: Instant): Promise<boolean> {
  return (await tx('erasures').where({ borrower_id: borrowerId, cancelled_at: null, erased_at: null }).update({ cancelled_at: at })) === 1;
}

/** Destroys a person's key and every index of them; false where it was done before. LL006 before its day, or while something goes on. */
export async function erasePerson(db: Db | Tx, borrowerId: string, on: BusinessDate, at: Instant): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { done: boolean }[] }>('SELECT erase_person(?, ?, ?) AS done', [borrowerId, on, at]);
  return rows[0]?.done === true;
}

/** What there is about a person that decides when their data may go. */
export async function readDealings(tx: Tx, borrowerId: string): Promise<Omit<Dealings, 'today'>> {
  const applications = await tx('applications')
    .where({ borrower_id: borrowerId })
    .orderBy('id')
    .select<{ id: string; status: ApplicationStatus }[]>('id', 'status');
  const loans = await tx('loans')
    .where({ borrower_id: borrowerId })
    .orderBy('id')
    .select<{ id: string; status: LoanStatus; endedOn: BusinessDate | null }[]>('id', 'status', 'closed_on as endedOn');
  return { applications, loans };
}
