import {
  readApplicationEvents,
  readContract,
  readDecisions,
  readDraft,
  savedSteps,
  type ApplicationRow,
} from '../../db/application/applications';
import { readAudit } from '../../db/audit';
import { consentHistory } from '../../db/party/consents';
import { readIdentityChecks } from '../../db/party/identity-checks';
import { readErasure } from '../../db/party/erasures';
import { contractContent } from '../application/contract';
import type { Db } from '../../db/pool';
import { draftAddress } from '../application/application-steps';
import { keys } from '../../domain/keys';
import type { ActivityDeps } from '../deps';

type Deps = Pick<ActivityDeps, 'db' | 'borrowers'>;

/** Lines of the audit log that an export holds at most; the newest ones. */
const AUDIT_MAX = 1_000;

async function cardsOf({ db, borrowers }: Deps, borrowerId: string): Promise<string[]> {
  const ids = await db('bank_cards').where({ borrower_id: borrowerId }).orderBy('created_at').pluck<string[]>('id');
  return Promise.all(ids.map((id) => borrowers.cardNumber(db, borrowerId, id)));
}

async function applicationsOf(deps: Deps, borrowerId: string) {
  const { db, borrowers } = deps;
  const person = await borrowers.personVault(db, borrowerId);
  const rows = await db('applications').where({ borrower_id: borrowerId }).orderBy('created_at').select<ApplicationRow[]>();
  return Promise.all(
    rows.map(async (row) => {
      const stated: Record<string, unknown> = {};
      for (const step of (await savedSteps(db, row.id)).keys()) {
        const draft = await readDraft(db, row.id, step);
        if (draft) stated[step] = JSON.parse(person.decrypt(draftAddress(row.id, step, draft.version), draft.payload_enc)) as unknown;
      }
      const contract = await readContract(db, row.id);
      return {
        applicationId: row.id,
        product: `${row.product_id}@${String(row.product_version)}`,
        partnerId: row.partner_id,
        status: row.status,
        stated,
        // Who decided is a rule, a source or "a person of ours": which one is not the borrower's data.
        decisions: (await readDecisions(db, row.id)).map(({ round, stage, outcome, policy, reasons, decided_at: at }) => ({
          round,
          stage,
          outcome,
          policy,
          reasons: stage === 'REVIEW' ? [] : reasons,
          at: at.toISOString(),
        })),
        askedOfSources: (await readIdentityChecks(db, row.id)).map(({ kind, source, answer, lastAskedAt, consentId }) => ({
          check: kind,
          source,
          answer,
          at: lastAskedAt,
          consentId,
        })),
        history: (await readApplicationEvents(db, row.id)).map(({ kind, at }) => ({ kind, at })),
        contract: contract && contractContent(person, row.id, contract).text,
      };
    }),
  );
}

interface LoanView {
  readonly id: string;
  readonly status: string;
  readonly principal_fen: number;
  readonly annual_rate: string;
  readonly term_months: number;
  readonly opened_on: string;
  readonly activated_on: string | null;
  readonly closed_on: string | null;
}

async function loansOf(db: Db, borrowerId: string) {
  const columns = ['id', 'status', 'principal_fen', 'annual_rate', 'term_months', 'opened_on', 'activated_on', 'closed_on'] as const;
  const loans = await db('loans')
    .where({ borrower_id: borrowerId })
    .orderBy('opened_on')
    .select<LoanView[]>(...columns);
  return Promise.all(
    loans.map(async (loan) => ({
      ...loan,
      transactions: await db('loan_transactions')
        .where({ loan_id: loan.id })
        .orderBy('seq')
        .select<object[]>('type', 'amount_fen', 'value_date', 'business_date'),
    })),
  );
}

/**
 * Everything that we keep about a person, for themselves (PIPL art. 45): who they are, what they stated, agreed to and were
 * asked about, what was decided and signed, their loans, and who looked at them. PERSON_ERASED where nothing is left.
 */
export async function exportPerson(deps: Deps, borrowerId: string) {
  const { db, borrowers } = deps;
  const identity = await borrowers.identity(db, borrowerId).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'STEP_INCOMPLETE') return null;
    throw error;
  });
  const erasure = await readErasure(db, borrowerId);
  return {
    borrowerId,
    identity,
    cards: await cardsOf(deps, borrowerId),
    consents: await consentHistory(db, borrowerId),
    applications: await applicationsOf(deps, borrowerId),
    loans: await loansOf(db, borrowerId),
    // Who of ours looked is the house's own; that somebody did is the person's to know.
    accesses: (await readAudit(db, { person: borrowerId, limit: AUDIT_MAX })).map(({ at, action, actor }) => ({
      at,
      action,
      by: actor === keys.borrower(borrowerId) ? 'you' : 'us',
    })),
    erasure: erasure ? { askedAt: erasure.askedAt, dueOn: erasure.dueOn, why: erasure.why } : null,
  };
}
