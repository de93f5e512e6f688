import { createHash } from 'node:crypto';
import { writeAudit } from '../../db/audit';
import { IDENTITY_FIELDS, lockPerson, type Identity, type IdentityField } from '../../db/party/borrowers';
import {
  changesOfToday,
  findIdentityChange,
  insertIdentityChange,
  lockIdentityChange,
  updateIdentityChange,
  type IdentityChangeRow,
} from '../../db/party/identity-changes';
import { addMail } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { assertThat, LoanloomError } from '../../domain/errors';
import { readIdentityChecks } from '../../db/party/identity-checks';
import { IDENTITY_CHECKS } from '../../domain/party/identity-checks';
import { businessNow } from '../../db/clock';
import { askSource, prepareQuestion } from './identity-sources';
import { requireConsent } from './consents';
import type { ActivityDeps } from '../deps';
import { codeExpiry, mailOneTimeCode, TRIES_PER_CODE } from './one-time-code';
import { keys } from '../../domain/keys';

type Deps = Pick<ActivityDeps, 'db' | 'borrowers' | 'identitySources'>;

/** With five tries each, twenty-five guesses a day at one of a million. */
const CHANGES_PER_DAY = 5;

/** Where codes go: to the address that we know, and to each new one. */
export type CodePlace = 'current' | 'email' | 'phone';
/** Where mail about a change goes that is not for the address of the day. */
export type MailPlace = Exclude<CodePlace, 'current'> | 'previous';
/** Who somebody is, not how they are reached: an operator looks at it too. */
const needsOperator = (fields: readonly IdentityField[]) => fields.includes('name') || fields.includes('idNumber');

const addressOf = (id: string) => ({ table: 'identity_changes', column: 'wanted_enc', row: id });

/** In clear, for as long as the caller holds it. */
async function wantedOf(
  deps: Pick<Deps, 'borrowers'>,
  tx: Tx | Deps['db'],
  row: IdentityChangeRow,
): Promise<Identity & { readonly previousEmail: string }> {
  const person = await deps.borrowers.personVault(tx, row.borrower_id);
  return JSON.parse(person.decrypt(addressOf(row.id), row.wanted_enc)) as Identity & { readonly previousEmail: string };
}

/** Where a new address of a change that is not confirmed yet is: for the mail that carries its code. */
export async function newAddressOf(deps: Pick<Deps, 'db' | 'borrowers'>, changeId: string, place: MailPlace): Promise<string> {
  const row = await findIdentityChange(deps.db, changeId);
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such identity change');
  const { phone, email, previousEmail } = await wantedOf(deps, deps.db, row);
  if (place === 'previous') return previousEmail;
  // Text messages leave as mail to a gateway.
  return place === 'phone' ? `${phone}@sms.loanloom.invalid` : email;
}

async function mailCode(deps: Deps, tx: Tx, row: { id: string; borrower_id: string }, place: CodePlace): Promise<string> {
  const code = await mailOneTimeCode(deps, tx, {
    key: keys.identityCode(row.id, place),
    borrowerId: row.borrower_id,
    template: 'identity-code',
    params: place === 'current' ? {} : { identityChange: row.id, place },
  });
  const person = await deps.borrowers.personVault(tx, row.borrower_id);
  return person.hash(code, `${row.id}:${place}`).toString('hex');
}

/**
 * Takes down who a borrower wants to be from now on, and mails a one-time code to the address that we know and
 * one to each new address; ten minutes, five tries. A repetition of the key changes nothing. VALIDATION where
 * nothing changes, STEP_INCOMPLETE before a first identity, CODE_EXHAUSTED after five a day, IDEMPOTENCY_KEY_REUSED.
 */
export async function requestIdentityChange(
  deps: Deps,
  request: { borrowerId: string; key: string; change: Partial<Identity> },
): Promise<{ id: string; expiresAt: Date; codes: CodePlace[]; needsOperator: boolean }> {
  const { borrowerId, key, change } = request;
  const id = createHash('sha256')
    .update(JSON.stringify([borrowerId, 'IDENTITY', key]))
    .digest('hex')
    .slice(0, 32);
  // Keyed: a plain hash of a phone or an ID number can be turned back by trying them all.
  const person = await deps.borrowers.personVault(deps.db, borrowerId);
  const bodySha256 = person.hash(JSON.stringify(change), id).toString('hex');
  return deps.db.transaction(async (tx) => {
    await lockPerson(tx, borrowerId);
    const known = await findIdentityChange(tx, id);
    if (known) {
      if (known.body_sha256 !== bodySha256)
        throw new LoanloomError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another change');
      return {
        id,
        expiresAt: known.expires_at,
        codes: Object.keys(known.code_hashes) as CodePlace[],
        needsOperator: needsOperator(known.fields),
      };
    }
    const current = await deps.borrowers.identity(tx, borrowerId);
    const wanted: Identity = { ...current, ...change };
    const fields = IDENTITY_FIELDS.filter((field) => wanted[field] !== current[field]);
    if (fields.length === 0) throw new LoanloomError('VALIDATION', 'this is what we know already: nothing would change');
    if ((await changesOfToday(tx, borrowerId)) >= CHANGES_PER_DAY)
      throw new LoanloomError('CODE_EXHAUSTED', 'too many changes were asked for: try again tomorrow');
    const codes: CodePlace[] = ['current', ...(['email', 'phone'] as const).filter((field) => fields.includes(field))];
    const hashes: [CodePlace, string][] = [];
    for (const place of codes) hashes.push([place, await mailCode(deps, tx, { id, borrower_id: borrowerId }, place)]);
    const expiresAt = codeExpiry();
    await insertIdentityChange(tx, {
      id,
      borrower_id: borrowerId,
      body_sha256: bodySha256,
      base_version: await deps.borrowers.identityVersion(tx, borrowerId),
      wanted_enc: person.encrypt(addressOf(id), JSON.stringify({ ...wanted, previousEmail: current.email })),
      fields,
      code_hashes: Object.fromEntries(hashes),
      expires_at: expiresAt,
    });
    return { id, expiresAt, codes, needsOperator: needsOperator(fields) };
  });
}

/** Uses one try; the row's state after it, or why the codes are refused. A change that was confirmed before stays so. */
async function tryCodes(
  deps: Deps,
  tx: Tx,
  about: { id: string; borrowerId: string },
  entered: Readonly<Partial<Record<CodePlace, string>>>,
): Promise<IdentityChangeRow | 'CODE_INVALID' | 'CODE_EXHAUSTED'> {
  const row = await lockIdentityChange(tx, about.id);
  if (row?.borrower_id !== about.borrowerId) throw new LoanloomError('NOT_FOUND', 'there is no such change of yours');
  if (row.state !== 'PENDING') return row;
  if (row.expires_at.getTime() < Date.now()) return 'CODE_INVALID';
  if (row.attempts >= TRIES_PER_CODE) return 'CODE_EXHAUSTED';
  const person = await deps.borrowers.personVault(tx, row.borrower_id);
  const matches = Object.entries(row.code_hashes).map(([place, hash]) =>
    person.hashMatches(entered[place as CodePlace] ?? '', `${row.id}:${place}`, Buffer.from(hash, 'hex')),
  );
  const isRight = matches.length > 0 && matches.every(Boolean);
  await updateIdentityChange(tx, row.id, { attempts: row.attempts + 1, ...(isRight ? { state: 'CONFIRMED' } : {}) });
  return isRight ? { ...row, state: 'CONFIRMED' } : 'CODE_INVALID';
}

/**
 * The borrower's confirmation by every code. A change of address or phone is checked by the identity source and
 * applied at once; one of name or ID number then waits for an operator. Repeating it answers with the state that
 * was reached. CODE_INVALID, CODE_EXHAUSTED, NOT_FOUND for another's; IDENTITY_NOT_CONFIRMED where the source or
 * our register says no; UNAVAILABLE where the source does not answer: nothing is decided then.
 */
export async function confirmIdentityChange(
  deps: Deps,
  input: { id: string; borrowerId: string; codes: Readonly<Partial<Record<CodePlace, string>>> },
): Promise<IdentityChangeRow> {
  const row = await deps.db.transaction((tx) => tryCodes(deps, tx, input, input.codes));
  if (row === 'CODE_EXHAUSTED') throw new LoanloomError('CODE_EXHAUSTED', 'the codes were tried too often: ask for the change anew');
  if (row === 'CODE_INVALID') throw new LoanloomError('CODE_INVALID', 'a code is wrong, missing or has expired');
  if (row.state === 'CONFIRMED' && !needsOperator(row.fields))
    return checkAndApply(deps, row, keys.borrower(row.borrower_id), 'confirmed by codes');
  return row;
}

/** What an operator looks at before the decision: the fields that change, before and after. It is written down who looked. */
export async function revealIdentityChange(
  deps: Deps,
  input: { id: string; actor: string },
): Promise<{ field: IdentityField; before: string; after: string }[]> {
  return deps.db.transaction(async (tx) => {
    const row = await findIdentityChange(tx, input.id);
    if (row?.state !== 'CONFIRMED' || !needsOperator(row.fields))
      throw new LoanloomError('NOT_FOUND', 'there is no such change that waits for an operator');
    await writeAudit(tx, { actor: input.actor, action: 'REVEAL_IDENTITY_CHANGE', subject: row.id, reason: 'to decide it' });
    const [before, after] = [await deps.borrowers.identity(tx, row.borrower_id), await wantedOf(deps, tx, row)];
    return row.fields.map((field) => ({ field, before: before[field], after: after[field] }));
  });
}

/** An operator's word on a new name or ID number that the borrower confirmed. Repeating a verdict changes nothing. NOT_FOUND, ILLEGAL_TRANSITION, IDENTITY_NOT_CONFIRMED. */
export async function decideIdentityChange(
  deps: Deps,
  input: { id: string; actor: string; approve: boolean; reason: string },
): Promise<IdentityChangeRow> {
  const row = await findIdentityChange(deps.db, input.id);
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such identity change');
  if (row.decided_by === input.actor && row.state === (input.approve ? 'APPLIED' : 'REFUSED')) return row;
  if (row.state !== 'CONFIRMED' || !needsOperator(row.fields))
    throw new LoanloomError('ILLEGAL_TRANSITION', `the change is ${row.state} and waits for no operator`, { from: row.state });
  if (input.approve) return checkAndApply(deps, row, input.actor, input.reason);
  return deps.db.transaction(async (tx) => {
    const now = await lockIdentityChange(tx, row.id);
    if (now?.state !== 'CONFIRMED')
      throw new LoanloomError('ILLEGAL_TRANSITION', `the change is ${now?.state ?? 'gone'}: another operator has decided it`);
    return refuse(tx, now, { actor: input.actor, reason: input.reason, checks: {} });
  });
}

async function refuse(tx: Tx, row: IdentityChangeRow, why: { actor: string; reason: string; checks: object }): Promise<IdentityChangeRow> {
  await updateIdentityChange(tx, row.id, { state: 'REFUSED', decided_by: why.actor, checks: why.checks });
  await writeAudit(tx, { actor: why.actor, action: 'REFUSE_IDENTITY_CHANGE', subject: row.id, reason: why.reason });
  return { ...row, state: 'REFUSED', decided_by: why.actor };
}

/** Every source is asked about who the borrower wants to be. UNAVAILABLE where one is silent: nothing is decided, and asking again asks it alone. */
async function askAboutChange(deps: Deps, row: IdentityChangeRow, wanted: Identity) {
  const { now } = await businessNow(deps.db);
  const ready = await deps.db.transaction(async (tx) => {
    await lockPerson(tx, row.borrower_id);
    // Nothing about who somebody is goes anywhere without both.
    const consent = await requireConsent(tx, row.borrower_id, 'IDENTITY_QUERY', 'the new identity');
    await requireConsent(tx, row.borrower_id, 'PRIVACY', 'the new identity');
    const [first, ...others] = await deps.borrowers.cardsInUse(tx, row.borrower_id);
    assertThat(first, 'a card is in use, or cardsInUse throws');
    const checks = [
      ...IDENTITY_CHECKS.map((kind) => ({ kind, card: first })),
      ...others.map((card) => ({ kind: 'CARD_FOUR_ELEMENTS' as const, card })),
    ];
    const questions = [];
    for (const { kind, card } of checks) {
      const about = {
        borrowerId: row.borrower_id,
        subject: keys.identityChangeSubject(row.id),
        kind,
        version: kind === 'CARD_FOUR_ELEMENTS' ? `wanted.${card.id}` : 'wanted',
        serial: 1,
        consentId: consent.id,
      };
      const question = await prepareQuestion(deps, tx, { ...about, claim: { ...wanted, cardNumber: card.number }, at: now });
      if (question) questions.push(question);
    }
    return questions;
  });
  const signal = new AbortController().signal;
  await Promise.all(ready.map((question) => askSource(deps, question, now, signal)));
  const known = await readIdentityChecks(deps.db, keys.identityChangeSubject(row.id));
  if (known.some(({ answer }) => answer === null))
    throw new LoanloomError('UNAVAILABLE', 'an identity source does not answer: try again later, nothing was changed');
  return known.map(({ kind, answer, source }) => ({ check: kind, answer, source }));
}

/** The source is asked outside any transaction; what it said is applied only to the identity that the change was made from. */
async function checkAndApply(deps: Deps, row: IdentityChangeRow, actor: string, reason: string): Promise<IdentityChangeRow> {
  const wanted = await wantedOf(deps, deps.db, row);
  const checked = await askAboutChange(deps, row, wanted);
  const applied = await deps.db.transaction(async (tx) => {
    await lockPerson(tx, row.borrower_id);
    const now = await lockIdentityChange(tx, row.id);
    if (now?.state !== 'CONFIRMED') return now ?? row;
    const checks = { checked };
    const isSame = (await deps.borrowers.identityVersion(tx, row.borrower_id)) === row.base_version;
    if (!isSame) return refuse(tx, now, { actor, reason: 'the identity has changed meanwhile', checks });
    if (needsOperator(row.fields) && (await deps.borrowers.hasApplicationUnderWay(tx, row.borrower_id)))
      throw new LoanloomError(
        'IDENTITY_LOCKED',
        'an application is being decided or signed in the old name: it ends or is withdrawn first',
      );
    if (checked.some(({ answer }) => answer !== 'MATCH'))
      return refuse(tx, now, { actor, reason: 'the identity source does not confirm it', checks });
    if (!(await deps.borrowers.replaceIdentity(tx, row.borrower_id, wanted)))
      return refuse(tx, now, { actor, reason: 'the ID number belongs to another borrower', checks });
    await updateIdentityChange(tx, row.id, { state: 'APPLIED', decided_by: actor, checks });
    await writeAudit(tx, { actor, action: 'CHANGE_IDENTITY', subject: row.id, reason, data: { fields: row.fields.join(',') } });
    const notice = { borrowerId: row.borrower_id, template: 'identity-changed' };
    await addMail(tx, { ...notice, key: keys.identityChanged(row.id), params: {} });
    // Who did not want it reads the old address.
    if (row.fields.includes('email'))
      await addMail(tx, { ...notice, key: keys.identityChangedPrevious(row.id), params: { identityChange: row.id, place: 'previous' } });
    return { ...now, state: 'APPLIED' as const, decided_by: actor };
  });
  if (applied.state === 'REFUSED')
    throw new LoanloomError('IDENTITY_NOT_CONFIRMED', 'the new identity could not be confirmed: nothing was changed');
  return applied;
}
