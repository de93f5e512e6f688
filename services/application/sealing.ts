import { createHash } from 'node:crypto';
import {
  hasApplicationEvent,
  insertApplicationEvent,
  lockApplication,
  lockPersonOf,
  readContract,
  readSignature,
  type ApplicationRow,
  type ContractRow,
} from '../../db/application/applications';
import { insertSealed, insertSealingTry, isSealed, readSealed, readSealingTries } from '../../db/application/sealings';
import { businessNow } from '../../db/clock';
import { addAlarm, addMail } from '../../db/outbox';
import type { Db, Tx } from '../../db/pool';
import { nextSealingAct, SEALING_TROUBLES, type SealingAct, type SealingTrouble } from '../../domain/application/sealing';
import { assertThat, LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { businessDateOf, instant, laterOf, type Instant } from '../../domain/time/dates';
import { expectedOf, type SealReply, type SealRequest } from '../../providers/signature/port';
import { missingConsents } from '../party/consents';
import { moveApplication } from './moves';
import { productOf, type ActivityDeps } from '../deps';
import { contractContent, contractDocument } from './contract';

const sha256 = (document: Buffer): string => createHash('sha256').update(document).digest('hex');
const addressOf = (documentId: string) => ({ table: 'sealed_documents', column: 'document_enc', row: documentId });

/** What the seal of an application's contract comes to; null for a contract of words, which has none. */
export async function sealingActOf(deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<SealingAct | null> {
  const contract = await readContract(tx, application.id);
  const signature = await readSignature(tx, application.id);
  if (contract?.media_type !== 'application/pdf' || !signature) return null;
  return nextSealingAct({
    isSealed: await isSealedAsSigned(deps, tx, application, contract),
    tries: await readSealingTries(tx, application.id),
    since: instant(signature.signed_at),
    withinHours: productOf(deps, application).signing.sealWithinHours,
    told: await toldOf(tx, application),
    now,
  });
}

/** Of what people were told already. */
export async function toldOf(tx: Tx, { id, round }: Pick<ApplicationRow, 'id' | 'round'>): Promise<SealingTrouble[]> {
  const told: SealingTrouble[] = [];
  for (const why of SEALING_TROUBLES) if (await hasApplicationEvent(tx, id, keys.sealingDelayed(why, round))) told.push(why);
  return told;
}

/** The document that the borrower confirmed, and who signs it; undefined for a contract of words. */
async function confirmedContract(
  { borrowers }: ActivityDeps,
  tx: Tx,
  application: ApplicationRow,
  contract: ContractRow,
): Promise<Pick<SealRequest, 'document' | 'signer' | 'lender'> | undefined> {
  const person = await borrowers.personVault(tx, application.borrower_id);
  const content = contractContent(person, application.id, contract);
  if (!('signer' in content)) return undefined;
  return { document: contractDocument(person, application.id, contract), signer: content.signer, lender: content.lender };
}

/** Whether the seal that is kept is one: opened, and checked against what was signed. INTERNAL for a row that is none. */
async function isSealedAsSigned(deps: ActivityDeps, tx: Tx, application: ApplicationRow, contract: ContractRow): Promise<boolean> {
  const sealed = await sealedDocument(deps, tx, application);
  if (!sealed) return false;
  const confirmed = await confirmedContract(deps, tx, application, contract);
  if (!confirmed) return false;
  const { faults } = await deps.signing.verify(sealed.document, expectedOf(confirmed));
  if (faults.length > 0) throw new LoanloomError('INTERNAL', `the seal that is kept is none: ${faults.join('; ')}`);
  return true;
}

/** People are told that a signed contract has no seal; the application goes on waiting, and its borrower may cancel. */
export async function openSealingCase(
  tx: Tx,
  application: ApplicationRow,
  { why, at }: { readonly why: SealingTrouble; readonly at: Instant },
): Promise<ApplicationRow> {
  const { id, round } = application;
  const key = keys.sealingDelayed(why, round);
  const event = { key, kind: 'SEALING_DELAYED', at, businessDate: businessDateOf(at), data: { why } } as const;
  await insertApplicationEvent(tx, id, event);
  await addAlarm(tx, {
    key: keys.sealingDelayedAlarm(id, why, round),
    subject: id,
    payload: { code: 'CONTRACT_NOT_SEALED', why, owner: 'operations' },
  });
  return application;
}

/** What is to be sealed; undefined where there is nothing to do. */
async function prepare(deps: ActivityDeps, tx: Tx, applicationId: string, asOf: Instant): Promise<SealRequest | undefined> {
  await lockPersonOf(tx, applicationId);
  const application = await lockApplication(tx, applicationId);
  if (application.status !== 'SIGNED' || (await isSealed(tx, applicationId))) return undefined;
  // Nothing of a person is told to anybody once they withdrew what it rests on.
  if ((await missingConsents(tx, application.borrower_id)).isWithdrawn) {
    await moveApplication(tx, application, { to: 'WITHDRAWN', at: asOf, why: 'a consent that it needs was withdrawn' });
    return undefined;
  }
  const contract = await readContract(tx, applicationId);
  const signature = await readSignature(tx, applicationId);
  assertThat(contract && signature, 'a signed application has a contract and a signature');
  const confirmed = await confirmedContract(deps, tx, application, contract);
  if (!confirmed) return undefined;
  if (sha256(confirmed.document) !== signature.contract_sha256)
    throw new LoanloomError('INTERNAL', 'the contract that is kept is not the one that was signed');
  return { documentId: applicationId, ...confirmed, asOf };
}

/** A reply whose document is what was asked for, by our own check; one that is not says nothing: UNAVAILABLE. */
async function checkedReply({ signing }: ActivityDeps, request: SealRequest, reply: SealReply): Promise<SealReply> {
  if (reply.kind !== 'SEALED') return reply;
  const verification = await signing.verify(reply.document, expectedOf(request));
  return verification.faults.length === 0 ? { ...reply, verification } : { kind: 'UNAVAILABLE', detail: 'NOT_VALID' };
}

/** Notes what sealing came to, once: of two seals of one document the first is kept. */
async function note(
  deps: ActivityDeps,
  tx: Tx,
  { request, reply, at }: { readonly request: SealRequest; readonly reply: SealReply; readonly at: Instant },
): Promise<void> {
  const { documentId, document } = request;
  await lockPersonOf(tx, documentId);
  const application = await lockApplication(tx, documentId);
  if (application.status !== 'SIGNED' || (await isSealed(tx, documentId))) return;
  if (reply.kind !== 'SEALED') {
    await insertSealingTry(tx, documentId, { outcome: reply.kind, detail: reply.detail, at });
    return;
  }
  const person = await deps.borrowers.personVault(tx, application.borrower_id);
  const hash = sha256(reply.document);
  const isFirst = await insertSealed(tx, {
    document_id: documentId,
    contract_sha256: sha256(document),
    sha256: hash,
    document_enc: person.encrypt(addressOf(documentId), reply.document.toString('base64')),
    provider: deps.signing.name,
    verification: reply.verification,
    sealed_at: at,
  });
  if (!isFirst) return;
  const event = {
    key: keys.contractSealed(),
    kind: 'SEALED',
    at,
    businessDate: businessDateOf(at),
    data: { documentSha256: hash },
  } as const;
  await insertApplicationEvent(tx, documentId, event);
  await addMail(tx, {
    key: keys.contractCopyMail(documentId),
    borrowerId: application.borrower_id,
    template: 'contract-copy',
    params: { applicationId: documentId, attachment: 'contract' },
  });
}

/**
 * Seals a signed contract with the provider, outside any transaction. Repeating it after a crash asks for another seal and
 * keeps the first; what the provider answers is a fact, and the loop asks what comes next.
 */
export async function sealContract(
  deps: ActivityDeps,
  { applicationId, at }: { readonly applicationId: string; readonly at: Instant },
  signal: AbortSignal,
): Promise<void> {
  const request = await deps.db.transaction(async (tx) => prepare(deps, tx, applicationId, laterOf(at, (await businessNow(tx)).now)));
  if (!request) return;
  const reply = await checkedReply(deps, request, await deps.signing.seal(request, signal));
  await deps.db.transaction(async (tx) => note(deps, tx, { request, reply, at: laterOf(at, (await businessNow(tx)).now) }));
}

/** A sealed contract's bytes, as they were sealed; undefined while there are none. INTERNAL where they are not those any more. */
export async function sealedDocument(
  { borrowers }: Pick<ActivityDeps, 'borrowers'>,
  db: Db | Tx,
  application: Pick<ApplicationRow, 'id' | 'borrower_id'>,
): Promise<{ readonly document: Buffer; readonly sha256: string } | undefined> {
  const row = await readSealed(db, application.id);
  if (!row) return undefined;
  const person = await borrowers.personVault(db, application.borrower_id);
  const document = Buffer.from(person.decrypt(addressOf(application.id), row.document_enc), 'base64');
  if (sha256(document) !== row.sha256) throw new LoanloomError('INTERNAL', 'a sealed contract is not what was sealed');
  return { document, sha256: row.sha256 };
}
