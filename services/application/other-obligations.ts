import type { Tx } from '../../db/pool';
import { fen, type Fen } from '../../domain/money/money';
import { OPEN_LOANS, type ApplicationStatus } from '../../domain/states';

/** Applications whose offer stands, or was accepted, and whose loan has not begun. */
const PROMISED: readonly ApplicationStatus[] = ['OFFERED', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'SIGNED', 'READY_TO_DISBURSE'];

/**
 * What a person owes a month besides an application: the first installments of their open loans and of every offer
 * that stands, in minor units. Takes the person's lock, so that two applications are never judged as though each were alone.
 */
export async function otherInstallments(tx: Tx, borrowerId: string, applicationId: string): Promise<Fen> {
  await tx('borrowers').where({ id: borrowerId }).forUpdate().first('id');
  const row = await tx('offers as o')
    .join('applications as a', (join) => join.on('a.id', 'o.application_id').andOn('a.round', 'o.round'))
    .leftJoin('loans as l', 'l.id', 'a.id')
    .where('a.borrower_id', borrowerId)
    .whereNot('a.id', applicationId)
    .where((query) => {
      void query.whereIn('a.status', PROMISED).orWhereIn('l.status', OPEN_LOANS);
    })
    .first<{ sum: number }>(tx.raw('coalesce(sum(o.first_installment_fen), 0)::bigint AS sum'));
  return fen(row.sum);
}
