import type { OperatorRole } from '../../domain/party/operators';
import { LoanloomError } from '../../domain/errors';
import { writeAudit } from '../audit';
import type { Db, Tx } from '../pool';

/** A person who works for the lender, by a name that is never given to another. */
export interface OperatorRow {
  readonly name: string;
  readonly staff_number: string;
  readonly roles: readonly OperatorRole[];
  /** Ed25519, base64url, 32 bytes. */
  readonly public_key: string;
  readonly is_active: boolean;
  /** The restore epoch in which the schema's owner last vouched for them. */
  readonly epoch: number;
}

export async function readOperator(db: Db | Tx, name: string): Promise<OperatorRow | undefined> {
  return db('operators')
    .where({ name })
    .first<OperatorRow | undefined>('name', 'staff_number', 'roles', 'public_key', 'is_active', 'epoch');
}

export async function listOperators(db: Db | Tx): Promise<OperatorRow[]> {
  return db('operators').orderBy('name').select<OperatorRow[]>('name', 'staff_number', 'roles', 'public_key', 'is_active', 'epoch');
}

/** Whether an operator may act: not dismissed, and vouched for since the database was last restored. */
export const mayAct = (operator: OperatorRow | undefined, epoch: number): operator is OperatorRow =>
  operator?.is_active === true && operator.epoch >= epoch;

/**
 * Enters an operator, or gives the same person new roles or a new key. OPERATOR_EXISTS where the name is
 * another person's or the person has another name: four eyes count persons. Needs the schema's owner.
 */
export async function enlistOperator(owner: Db, operator: Omit<OperatorRow, 'is_active'>, reason: string): Promise<void> {
  await owner.transaction(async (tx) => {
    await tx.raw('LOCK TABLE operators IN SHARE ROW EXCLUSIVE MODE');
    const known = await tx('operators')
      .where({ name: operator.name })
      .orWhere({ staff_number: operator.staff_number })
      .select<OperatorRow[]>('name', 'staff_number');
    const other = known.find((row) => row.name !== operator.name || row.staff_number !== operator.staff_number);
    if (other)
      throw new LoanloomError(
        'OPERATOR_EXISTS',
        `${other.name} is the operator with staff number ${other.staff_number}: one person has one name, and a name is never given to another`,
        { path: '--staff-number' },
      );
    await tx('operators')
      .insert({ ...operator, roles: [...operator.roles], is_active: true })
      .onConflict('name')
      .merge();
    const data = { roles: operator.roles.join(','), key: operator.public_key.slice(0, 8) };
    await writeAudit(tx, { actor: 'schema-owner', action: 'ENLIST_OPERATOR', subject: operator.name, reason, data });
  });
}

/** After a restore: those who are to go on working; the backup may have brought back others, or roles that were taken away. NOT_FOUND for a name that is none. */
export async function vouchFor(owner: Db, names: readonly string[], epoch: number, reason: string): Promise<void> {
  await owner.transaction(async (tx) => {
    for (const name of names) {
      const changed = await tx('operators').where({ name, is_active: true }).update({ epoch });
      if (changed === 0) throw new LoanloomError('NOT_FOUND', `there is no operator ${name}`, { path: 'name' });
      await writeAudit(tx, { actor: 'schema-owner', action: 'VOUCH_FOR_OPERATOR', subject: name, reason, data: { epoch } });
    }
  });
}

/** Takes an operator's access away at once; the name stays theirs. NOT_FOUND where there is none. */
export async function dismissOperator(owner: Db, name: string, reason: string): Promise<void> {
  await owner.transaction(async (tx) => {
    const changed = await tx('operators').where({ name }).update({ is_active: false });
    if (changed === 0) throw new LoanloomError('NOT_FOUND', `there is no operator ${name}`, { path: 'name' });
    await writeAudit(tx, { actor: 'schema-owner', action: 'DISMISS_OPERATOR', subject: name, reason });
  });
}
