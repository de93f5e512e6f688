import { createHash } from 'node:crypto';
import { addAlarm } from '../../db/outbox';
import { checksAbout, keepAnswer, noteAsked, noteSilence, type AskedQuestion } from '../../db/party/identity-checks';
import type { Identity } from '../../db/party/borrowers';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import type { CheckState, IdentityCheckKind, SourceAnswer } from '../../domain/party/identity-checks';
import { DAY_MS, epochMs, type Instant } from '../../domain/time/dates';
import type { IdentitySource, SourceReply } from '../../providers/identity/port';
import type { ActivityDeps } from '../deps';

type Deps = Pick<ActivityDeps, 'db' | 'borrowers' | 'identitySources'>;

/** What is to be confirmed about a person, in clear for as long as the caller holds it. */
export type IdentityClaim = Pick<Identity, 'name' | 'idNumber' | 'phone'> & { readonly cardNumber: string };

/** A question that has left by our books, and is to be asked now. */
export interface ReadyQuestion {
  readonly asked: AskedQuestion;
  readonly claim: IdentityClaim;
}

export function sourceOf({ identitySources }: Pick<Deps, 'identitySources'>, check: IdentityCheckKind): IdentitySource {
  const source = identitySources.get(check);
  if (!source) throw new LoanloomError('CONFIGURATION', `no source answers ${check}`);
  return source;
}

/**
 * The version of the data that a check is about: of the identity, and of the card for the check that names it. Other data
 * are another question. What was said about the same data counts for whatever it is needed, for as long as it is fresh.
 */
export const versionOf = (check: IdentityCheckKind, data: { readonly identity: number; readonly card: string }): string =>
  check === 'CARD_FOUR_ELEMENTS' ? `${String(data.identity)}.${data.card}` : String(data.identity);

/**
 * How a check stands for a subject: the newest answer about the very data that is not older than `freshDays`, whatever it
 * was asked for; else the subject's own question that is open; else nothing was asked. `serial` is the next question's.
 */
export async function standingCheck(
  tx: Tx,
  about: { readonly borrowerId: string; readonly subject: string; readonly kind: IdentityCheckKind; readonly version: string },
  { freshDays, now }: { readonly freshDays: number; readonly now: Instant },
): Promise<CheckState & { readonly serial: number }> {
  const { borrowerId, subject, kind, version } = about;
  const known = await checksAbout(tx, { borrowerId, kind, version });
  const own = known.filter((each) => each.subject === subject);
  const open = own.find(({ answer }) => answer === null);
  const fresh = known.findLast(({ answeredAt }) => answeredAt !== null && epochMs(now) - epochMs(answeredAt) < freshDays * DAY_MS);
  const stands = fresh ?? open;
  return {
    check: kind,
    answer: stands?.answer ?? null,
    tries: stands?.tries ?? 0,
    lastAskedAt: stands?.lastAskedAt ?? null,
    serial: open?.serial ?? own.length + 1,
  };
}

/** Notes, in the transaction that looked at the consent, that a question leaves. Undefined where it is answered already. */
export async function prepareQuestion(
  deps: Deps,
  tx: Tx,
  question: Omit<AskedQuestion, 'requestId' | 'source'> & { readonly claim: IdentityClaim; readonly at: Instant },
): Promise<ReadyQuestion | undefined> {
  const { claim, at, ...about } = question;
  const asked = {
    ...about,
    source: sourceOf(deps, about.kind).name,
    requestId: createHash('sha256')
      .update(keys.identityQuestion(about.subject, about.kind, about.version, about.serial))
      .digest('hex')
      .slice(0, 32),
  };
  return (await noteAsked(tx, asked, at)) ? { asked, claim } : undefined;
}

/**
 * Asks a source, outside any transaction, and keeps what it says: the reply sealed, with its hash, price and time. The
 * first answer to a question stays; a source that says another one later is an alarm. UNAVAILABLE keeps the question open.
 */
export async function askSource(deps: Deps, { asked, claim }: ReadyQuestion, at: Instant, signal: AbortSignal): Promise<SourceAnswer> {
  const source = sourceOf(deps, asked.kind);
  const reply = await source.ask({ ...claim, requestId: asked.requestId, consentId: asked.consentId, asOf: at }, signal);
  if (reply.answer === 'UNAVAILABLE') {
    await noteSilence(deps.db, asked.requestId, reply.detail);
    return 'UNAVAILABLE';
  }
  return deps.db.transaction((tx) => keep(deps, tx, { asked, source, reply: { ...reply, answer: reply.answer as Said }, at }));
}

type Said = Exclude<SourceAnswer, 'UNAVAILABLE'>;

async function keep(
  deps: Deps,
  tx: Tx,
  given: {
    readonly asked: AskedQuestion;
    readonly source: IdentitySource;
    readonly reply: SourceReply & { readonly answer: Said };
    readonly at: Instant;
  },
): Promise<SourceAnswer> {
  const { asked, source, reply, at } = given;
  const person = await deps.borrowers.personVault(tx, asked.borrowerId);
  const kept = await keepAnswer(tx, asked.requestId, {
    answer: reply.answer,
    detail: reply.detail,
    reply: person.encrypt({ table: 'identity_checks', column: 'reply_enc', row: asked.requestId }, reply.body),
    sha256: createHash('sha256').update(reply.body, 'utf8').digest('hex'),
    priceFen: source.priceFen,
    at,
  });
  if (kept !== reply.answer)
    await addAlarm(tx, {
      key: keys.sourceContradicts(asked.requestId),
      subject: asked.subject,
      payload: { code: 'IDENTITY_SOURCE_CONTRADICTS', check: asked.kind, kept: kept ?? 'nothing', said: reply.answer, owner: 'operations' },
    });
  return kept ?? 'UNAVAILABLE';
}
