import { createHash } from 'node:crypto';
import { writeAudit } from '../../db/audit';
import { lockPerson } from '../../db/party/borrowers';
import { insertConsent, readConsents, type ConsentRow } from '../../db/party/consents';
import type { Db, Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { consentBody, consentText, REQUIRED_CONSENTS, type ConsentKind, type ConsentText } from '../../domain/party/consents';
import { businessDateOf, type Instant } from '../../domain/time/dates';

/** SHA-256 of a text as it is shown, in both languages. */
export const consentSha256 = (text: ConsentText): string => createHash('sha256').update(consentBody(text), 'utf8').digest('hex');

/** A person's word about one consent, from one device (a keyed hash), at one moment. */
export interface ConsentWord {
  readonly id: string;
  readonly borrowerId: string;
  readonly kind: ConsentKind;
  /** Of PARTNER_SHARING, and of nothing else: with whom. */
  readonly partnerId: string | null;
  readonly device: string;
  readonly at: Instant;
}

const standing = (consents: readonly ConsentRow[], { kind, partnerId }: Pick<ConsentWord, 'kind' | 'partnerId'>) =>
  consents.find((each) => each.kind === kind && each.partnerId === partnerId);

/**
 * Grants a consent to the very text that was shown, by its SHA-256. CONSENT_TEXT_CHANGED for another text than the one
 * in effect. Granting what holds already, to the same text, writes nothing.
 */
export async function grantConsent(
  tx: Tx,
  word: ConsentWord & { readonly textSha256: string; readonly locale: 'zh-CN' | 'en' },
): Promise<ConsentRow> {
  await lockPerson(tx, word.borrowerId);
  const text = consentText(word.kind, businessDateOf(word.at));
  const sha256 = consentSha256(text);
  if (word.textSha256 !== sha256)
    throw new LoanloomError('CONSENT_TEXT_CHANGED', 'the text that was shown is not the one in effect: load it again', {
      path: 'textSha256',
    });
  const known = standing(await readConsents(tx, word.borrowerId), word);
  if (known?.isGranted && known.textSha256 === sha256) return known;
  const row = { ...word, isGranted: true, textVersion: text.version, textSha256: sha256 };
  await insertConsent(tx, row);
  await note(tx, word, { action: 'CONSENT_GRANTED', reason: `${word.kind}, text ${String(text.version)}`, sha256 });
  return row;
}

/** Withdraws a consent, as easily as it is given: from now on nothing rests on it. NOT_FOUND for one that was never given; repeating it changes nothing. */
export async function withdrawConsent(tx: Tx, word: ConsentWord): Promise<ConsentRow> {
  await lockPerson(tx, word.borrowerId);
  const known = standing(await readConsents(tx, word.borrowerId), word);
  if (!known) throw new LoanloomError('NOT_FOUND', 'this consent was never given');
  if (!known.isGranted) return known;
  const { textVersion, textSha256, locale } = known;
  const row = { ...word, isGranted: false, textVersion, textSha256, locale };
  await insertConsent(tx, row);
  await note(tx, word, { action: 'CONSENT_WITHDRAWN', reason: `${word.kind}, by the person`, sha256: textSha256 });
  return row;
}

async function note(
  tx: Tx,
  { id, borrowerId, partnerId }: ConsentWord,
  { action, reason, sha256 }: { readonly action: string; readonly reason: string; readonly sha256: string },
): Promise<void> {
  const data = { consentId: id, textSha256: sha256, ...(partnerId === null ? {} : { partnerId }) };
  await writeAudit(tx, { actor: keys.borrower(borrowerId), action, subject: borrowerId, reason, data });
}

/** The consent of a kind that is in force, or undefined. A person who agreed to an earlier version is asked again for a new one, and the old holds meanwhile. */
export async function consentInForce(db: Db | Tx, borrowerId: string, kind: ConsentKind): Promise<ConsentRow | undefined> {
  const known = standing(await readConsents(db, borrowerId), { kind, partnerId: null });
  return known?.isGranted ? known : undefined;
}

/** The consent of a kind that is in force, for `what`; CONSENT_MISSING where there is none. */
export async function requireConsent(db: Db | Tx, borrowerId: string, kind: ConsentKind, what: string): Promise<ConsentRow> {
  const consent = await consentInForce(db, borrowerId, kind);
  if (!consent) throw new LoanloomError('CONSENT_MISSING', `${what} cannot be checked without the consent to it`, { path: kind });
  return consent;
}

/** Required consents that are not in force, and whether any of them was ever given: a person from before consents were kept has none. */
export async function missingConsents(
  db: Db | Tx,
  borrowerId: string,
): Promise<{ readonly missing: readonly ConsentKind[]; readonly isWithdrawn: boolean }> {
  const consents = await readConsents(db, borrowerId);
  const missing = REQUIRED_CONSENTS.filter((kind) => !standing(consents, { kind, partnerId: null })?.isGranted);
  return { missing, isWithdrawn: missing.some((kind) => standing(consents, { kind, partnerId: null }) !== undefined) };
}

/** CONSENT_MISSING for the first required consent that is not in force; `path` names it. An optional one never blocks. */
export async function assertConsents(db: Db | Tx, borrowerId: string): Promise<void> {
  const [kind] = (await missingConsents(db, borrowerId)).missing;
  if (kind !== undefined)
    throw new LoanloomError('CONSENT_MISSING', `the consent ${kind} is needed for a loan: read its text and agree to it`, { path: kind });
}
