import { lockPerson } from '../../db/party/borrowers';
import type { Tx } from '../../db/pool';
import { fen, type Fen } from '../../domain/money/money';
import { OPEN_LOANS, type ApplicationStatus } from '../../domain/states';

/** Applications whose offer stands, or was accepted, and whose loan has not begun. */
const PROMISED: readonly ApplicationStatus[] = ['OFFERED', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'SIGNED', 'READY_TO_DISBURSE'];

/** What a person owes us, or would, besides an application, in fen. */
export interface OtherObligations {
  /** A month: the first installments. */
  readonly installments: Fen;
  /** The principal lent or promised, whatever of it was repaid: a limit is not stretched by what is still open to be seen. */
  readonly principal: Fen;
}

/**
 * Of a person's open loans and of every offer of theirs that stands. Takes the person's lock, so that two applications are
 * never judged as though each were alone.
 */
export async function otherObligations(tx: Tx, borrowerId: string, applicationId: string): Promise<OtherObligations> {
  await lockPerson(tx, borrowerId);
  const row = await tx('offers as o')
    .join('applications as a', (join) => join.on('a.id', 'o.application_id').andOn('a.round', 'o.round'))
    .leftJoin('loans as l', 'l.id', 'a.id')
    .where('a.borrower_id', borrowerId)
    .whereNot('a.id', applicationId)
    .where((query) => {
      void query.whereIn('a.status', PROMISED).orWhereIn('l.status', OPEN_LOANS);
    })
    .first<{ installments: number; promised: number }>(
      tx.raw(`coalesce(sum(o.first_installment_fen), 0)::bigint AS installments,
        coalesce(sum(o.principal_fen) FILTER (WHERE l.id IS NULL), 0)::bigint AS promised`),
    );
  const lent = await tx('loans')
    .where({ borrower_id: borrowerId })
    .whereIn('status', OPEN_LOANS)
    .first<{ principal: number }>(tx.raw('coalesce(sum(principal_fen), 0)::bigint AS principal'));
  return { installments: fen(row.installments), principal: fen(row.promised + lent.principal) };
}
