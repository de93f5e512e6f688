import type { FactType } from '../../domain/loan/account';
import type { BusinessDate } from '../../domain/time/dates';
import type { LoanEvent } from '../../domain/loan/loan-events';
import type { Fen } from '../../domain/money/money';
import type { Installment } from '../../domain/loan/schedule';
import type { Db, Tx } from '../pool';

export async function insertSchedule(
  tx: Tx,
  loanId: string,
  {
    version,
    reason,
    valueDate,
    installments,
  }: { readonly version: number; readonly reason: string; readonly valueDate: BusinessDate; readonly installments: readonly Installment[] },
): Promise<void> {
  await tx('loan_schedules')
    .insert({ loan_id: loanId, version, reason, value_date: valueDate, installments: JSON.stringify(installments) })
    .onConflict(['loan_id', 'version'])
    .ignore();
}

/** One fact, once: false when the key is recorded already. */
export async function insertTransaction(
  tx: Tx,
  fact: {
    loanId: string;
    key: string;
    type: FactType;
    amount: Fen | null;
    data?: Readonly<Record<string, unknown>>;
    valueDate: BusinessDate;
    businessDate: BusinessDate;
    instructionId: string | null;
    decidedBy?: string;
    approvedBy?: string | null;
  },
): Promise<boolean> {
  const inserted = await tx('loan_transactions')
    .insert({
      loan_id: fact.loanId,
      key: fact.key,
      type: fact.type,
      amount_fen: fact.amount,
      data: JSON.stringify(fact.data ?? {}),
      value_date: fact.valueDate,
      business_date: fact.businessDate,
      instruction_id: fact.instructionId,
      decided_by: fact.decidedBy ?? null,
      approved_by: fact.approvedBy ?? null,
      needs_second: fact.approvedBy != null,
    })
    .onConflict(['loan_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
}

/** One event, once: false when the key is recorded already. */
export async function insertLoanEvent(tx: Db | Tx, loanId: string, event: LoanEvent): Promise<boolean> {
  const inserted = await tx('loan_events')
    .insert({
      loan_id: loanId,
      key: event.key,
      kind: event.kind,
      at: event.at,
      business_date: event.businessDate,
      data: JSON.stringify(event.data),
    })
    .onConflict(['loan_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
}
