import type { ApplicationRow } from '../../db/application/applications';
import { readApplicationEvents, readDraft, savedSteps } from '../../db/application/applications';
import type { Db, Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import type { Stated } from '../../domain/application/form';
import { fen, type Fen } from '../../domain/money/money';
import type { ActivityDeps } from '../deps';

/** The wizard's steps in their order. Each is stored encrypted before the workflow hears of it. */
export const APPLICATION_STEPS = ['request', 'identity', 'income', 'card'] as const;
export type ApplicationStep = (typeof APPLICATION_STEPS)[number];

export interface CompletedSteps {
  readonly principal: Fen;
  readonly termMonths: number;
  readonly monthlyIncome: Fen;
  readonly cardNumber: string;
  readonly stated: Stated;
}

interface Drafts {
  readonly request: { principalFen: number; termMonths: number } & Partial<Pick<Stated, 'loanPurpose'>>;
  readonly identity: Partial<Pick<Stated, 'idValidUntil' | 'residence'>>;
  readonly income: { monthlyIncomeFen: number; existingLoanObligationsFen?: number } & Partial<
    Pick<Stated, 'employmentStatus' | 'employmentDurationMonths' | 'occupation'>
  >;
  readonly card: { cardNumber: string };
}

/** The saved steps in clear, for as long as the caller holds them; STEP_INCOMPLETE names the first one missing. */
export async function readSteps(deps: Pick<ActivityDeps, 'borrowers'>, tx: Tx, application: ApplicationRow): Promise<CompletedSteps> {
  const saved = await savedSteps(tx, application.id);
  for (const step of APPLICATION_STEPS) {
    if (!saved.has(step)) throw new LoanloomError('STEP_INCOMPLETE', `the ${step} step is not complete`, { path: step });
  }
  const person = await deps.borrowers.personVault(tx, application.borrower_id);
  const open = async <S extends keyof Drafts>(step: S): Promise<Drafts[S]> => {
    const draft = await readDraft(tx, application.id, step);
    if (!draft) throw new LoanloomError('STEP_INCOMPLETE', `the ${step} step is not complete`, { path: step });
    return JSON.parse(person.decrypt(draftAddress(application.id, step, draft.version), draft.payload_enc)) as Drafts[S];
  };
  const [request, identity, income] = [await open('request'), await open('identity'), await open('income')];
  const obligations = income.existingLoanObligationsFen;
  return {
    principal: fen(request.principalFen),
    termMonths: request.termMonths,
    monthlyIncome: fen(income.monthlyIncomeFen),
    cardNumber: (await open('card')).cardNumber,
    stated: {
      loanPurpose: request.loanPurpose ?? null,
      employmentStatus: income.employmentStatus ?? null,
      employmentDurationMonths: income.employmentDurationMonths ?? null,
      occupation: income.occupation ?? null,
      residence: identity.residence ?? null,
      existingLoanObligations: obligations === undefined ? null : fen(obligations),
      idValidUntil: identity.idValidUntil ?? null,
    },
  };
}

/** The steps that a draft still needs: those that were never saved, and those that an operator asked for in this round and that were not saved since. */
export async function missingSteps(db: Db | Tx, application: Pick<ApplicationRow, 'id' | 'status'>): Promise<ApplicationStep[]> {
  if (application.status !== 'DRAFT') return [];
  const asked = new Set<string>();
  for (const event of await readApplicationEvents(db, application.id)) {
    if (event.kind === 'REOPENED') for (const step of event.data.missing.split(',')) asked.add(step);
    if (event.kind === 'STEP_SAVED') asked.delete(event.data.step);
  }
  const saved = await savedSteps(db, application.id);
  return APPLICATION_STEPS.filter((step) => !saved.has(step) || asked.has(step));
}

/** Where a draft lives, for its encryption. */
export function draftAddress(applicationId: string, step: string, version: number) {
  return { table: 'application_drafts', column: 'payload_enc', row: `${applicationId}/${step}/${String(version)}` };
}
