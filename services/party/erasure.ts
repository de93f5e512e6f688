import { randomUUID } from 'node:crypto';
import { writeAudit } from '../../db/audit';
import { lockPerson } from '../../db/party/borrowers';
import { businessNow } from '../../db/clock';
import { cancelErasure, dueErasures, erasePerson, insertErasure, readDealings, readErasure, type Erasure } from '../../db/party/erasures';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { planErasure } from '../../domain/party/erasure';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';

const AT_ONCE = 50;

/**
 * Takes down a person's wish to be forgotten: from now on nothing new is begun with them, and on its day their data go. The
 * wish that holds already is answered again. ERASURE_NOT_YET while an application or a loan goes on.
 */
export async function requestErasure(tx: Tx, borrowerId: string, at: Instant): Promise<Erasure> {
  await lockPerson(tx, borrowerId);
  const known = await readErasure(tx, borrowerId);
  if (known) return known;
  const plan = planErasure({ ...(await readDealings(tx, borrowerId)), today: businessDateOf(at) });
  if (plan.kind === 'NOT_YET')
    throw new LoanloomError(
      'ERASURE_NOT_YET',
      `${plan.what}: your data are needed until it has ended; cancel what you do not want any more`,
      { path: 'person' },
    );
  const erasure = { id: randomUUID(), borrowerId, askedAt: at, dueOn: plan.on, why: plan.why };
  await insertErasure(tx, erasure);
  await writeAudit(tx, {
    actor: keys.borrower(borrowerId),
    action: 'ERASURE_ASKED',
    subject: borrowerId,
    reason: plan.why,
    data: { dueOn: plan.on },
  });
  return { ...erasure, erasedAt: null };
}

/** Takes the wish back; NOT_FOUND where none waits. */
export async function takeErasureBack(tx: Tx, borrowerId: string, at: Instant): Promise<void> {
  await lockPerson(tx, borrowerId);
  if (!(await cancelErasure(tx, borrowerId, at))) throw new LoanloomError('NOT_FOUND', 'no wish to be forgotten waits for its day');
  await writeAudit(tx, { actor: keys.borrower(borrowerId), action: 'ERASURE_TAKEN_BACK', subject: borrowerId, reason: 'by the person' });
}

/** Under the person's lock: PERSON_LOCKED where they wished to be forgotten, PERSON_ERASED where they were. Nothing new is begun with them. */
export async function assertNotLocked(tx: Tx, borrowerId: string): Promise<void> {
  await lockPerson(tx, borrowerId);
  const erasure = await readErasure(tx, borrowerId);
  if (erasure?.erasedAt) throw new LoanloomError('PERSON_ERASED', 'your data were erased: begin with another account');
  if (erasure)
    throw new LoanloomError('PERSON_LOCKED', 'you asked for your data to be erased: take that back before you begin something new');
}

type Deps = Pick<ActivityDeps, 'db' | 'tombstones' | 'log'>;

/**
 * Forgets everybody whose day has come; returns how many. The tombstone is on disk before the key is gone, so that no backup
 * brings anybody back; who had begun something since is left, and looked at again.
 */
export async function eraseDue(deps: Deps): Promise<number> {
  const { now, today } = await businessNow(deps.db);
  let erased = 0;
  for (const { borrowerId, askedAt, dueOn } of await dueErasures(deps.db, today, AT_ONCE)) {
    const isDone = await deps.db.transaction(async (tx) => {
      await lockPerson(tx, borrowerId);
      const [plan, wish] = [planErasure({ ...(await readDealings(tx, borrowerId)), today }), await readErasure(tx, borrowerId)];
      // Taken back meanwhile, or something goes on: not today.
      if (!wish || plan.kind === 'NOT_YET') return false;
      await deps.tombstones.add({ borrowerId, askedAt, dueOn, at: now });
      await writeAudit(tx, { actor: 'retention', action: 'PERSON_ERASED', subject: borrowerId, reason: wish.why });
      return erasePerson(tx, borrowerId, today, now);
    });
    if (isDone) erased += 1;
  }
  return erased;
}

/**
 * After a restore: forgets again whom the backup remembers. Returns whom. Harmless to repeat. CONFIGURATION where the
 * tombstones cannot be read.
 */
export async function eraseAgain(deps: Deps): Promise<string[]> {
  const again: string[] = [];
  const { today } = await businessNow(deps.db);
  for (const { borrowerId, askedAt, dueOn, at } of await deps.tombstones.all()) {
    const isDone = await deps.db.transaction(async (tx) => {
      const row = await tx('borrowers').where({ id: borrowerId }).forUpdate().first<{ erased_at: Date | null } | undefined>('erased_at');
      if (!row || row.erased_at !== null) return false;
      if (!(await readErasure(tx, borrowerId)))
        await insertErasure(tx, { id: randomUUID(), borrowerId, askedAt, dueOn, why: 'by a tombstone, after a restore' });
      await writeAudit(tx, { actor: 'retention', action: 'PERSON_ERASED', subject: borrowerId, reason: 'by a tombstone, after a restore' });
      return erasePerson(tx, borrowerId, dueOn > today ? dueOn : today, at);
    });
    if (isDone) again.push(borrowerId);
  }
  return again;
}
