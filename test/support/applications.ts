import { randomUUID } from 'node:crypto';
import { insertApplicationEvent, readApplication, readContract } from '../../db/application/applications';
import { businessNow } from '../../db/clock';
import { storeCommand, type Operation } from '../../db/commands';
import { keys } from '../../domain/keys';
import { businessDateOf, instant, type Instant } from '../../domain/time/dates';
import { advanceApplication } from '../../services/application/advance';
import { askEverySource } from '../../services/application/identity-check';
import { createApplicationCommands } from '../../services/application/application-commands';
import { draftAddress } from '../../services/application/application-steps';
import { sealContract } from '../../services/application/sealing';
import { readDisclosure } from './seed';
import type { ActivityDeps } from '../../services/deps';

/** Whose application a step is about. */
interface On {
  readonly deps: ActivityDeps;
  readonly id: string;
}

/** Applications as their API and workflow would lead them, one step at a time. */
export const NOW = instant(Date.now());

export async function store({ deps, id }: On, operation: Operation, body: Record<string, string> = {}, caller?: string) {
  const commandId = randomUUID();
  const by = caller ?? (operation === 'REVIEW' ? 'operator:wang' : 'borrower:test');
  // As the API stores it: with the round that its sender had before them.
  const { round } = await readApplication(deps.db, id);
  const stored = {
    id: commandId,
    caller: by,
    idempotencyKey: commandId,
    operation,
    subject: id,
    bodySha256: commandId,
    body: { round, ...body },
  };
  await storeCommand(deps.db, { ...stored, businessDate: businessDateOf(NOW) });
  return commandId;
}
export const give = (deps: ActivityDeps, commandId: string, at: Instant = NOW) =>
  createApplicationCommands(deps).applyApplicationCommand({ commandId, at });
export const apply = async (on: On, operation: Operation, body: Record<string, string> = {}, at: Instant = NOW) =>
  give(on.deps, await store(on, operation, body), at);
/** Every source is asked once about the person of an application. */
export const askSources = (deps: ActivityDeps, applicationId: string, at: Instant = NOW) =>
  askEverySource(deps, { applicationId, at }, new AbortController().signal);

export async function decided(deps: ActivityDeps, id: string): Promise<string> {
  const verdict = await apply({ deps, id }, 'SUBMIT');
  if (verdict.state !== 'APPLIED') return `${verdict.state} ${verdict.code ?? ''}`;
  await advanceApplication(deps, { applicationId: id, at: NOW });
  await askSources(deps, id);
  return (await advanceApplication(deps, { applicationId: id, at: NOW })).status;
}
export async function save({ deps, id }: On, step: string, version: number, payload: object): Promise<void> {
  const { borrower_id } = await readApplication(deps.db, id);
  await deps.db.transaction(async (tx) => {
    const person = await deps.borrowers.personVault(tx, borrower_id);
    await tx('application_drafts').insert({
      application_id: id,
      step,
      version,
      payload_enc: person.encrypt(draftAddress(id, step, version), JSON.stringify(payload)),
    });
    const event = { key: keys.stepSaved(step, version), kind: 'STEP_SAVED', at: NOW, businessDate: businessDateOf(NOW) } as const;
    await insertApplicationEvent(tx, id, { ...event, data: { step, version } });
  });
}
/** Accepts the offer, and lets its reflection period pass; answers with the moment after it. */
export async function awaitingSignature({ deps, id }: On): Promise<Instant> {
  await readDisclosure(deps, id);
  await apply({ deps, id }, 'ACCEPT_OFFER', {}, await nowOf(deps));
  const { waiting_until: until } = await readApplication(deps.db, id);
  const then = instant((until?.getTime() ?? 0) + 60_000);
  await advanceApplication(deps, { applicationId: id, at: then });
  return then;
}
/** A code that was mailed and entered. */
export async function enteredCode({ deps, id }: On): Promise<string> {
  const codeId = randomUUID();
  const expires_at = new Date(Date.now() + 60_000);
  await deps.db('one_time_codes').insert({ id: codeId, application_id: id, purpose: 'SIGN', code_hash: Buffer.from('x'), expires_at });
  await deps.db('one_time_codes').where({ id: codeId }).update({ used_at: new Date(), attempts: 1 });
  return codeId;
}
/** Accepts the offer, lets the reflection period pass, and signs; answers with what signing came to. */
export async function signed({ deps, id }: On) {
  const then = await awaitingSignature({ deps, id });
  const contractSha256 = (await readContract(deps.db, id))?.sha256 ?? '';
  const body = { codeId: await enteredCode({ deps, id }), contractSha256 };
  return { then, verdict: await give(deps, await store({ deps, id }, 'SIGN', body), then) };
}
/** Has a signed contract sealed, as the loop does beside itself, and says what comes next. */
export async function sealed({ deps, id }: On, at: Instant): Promise<string> {
  await advanceApplication(deps, { applicationId: id, at });
  await sealContract(deps, { applicationId: id, at }, new AbortController().signal);
  return (await advanceApplication(deps, { applicationId: id, at })).next;
}
export const nowOf = async (deps: ActivityDeps) => (await businessNow(deps.db)).now;
