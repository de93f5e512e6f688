import { businessNow } from '../../db/clock';
import { lockPerson } from '../../db/party/borrowers';
import { checksAbout } from '../../db/party/identity-checks';
import type { Db, Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import type { ActivityDeps } from '../deps';
import { requireConsent } from './consents';
import { askSource, prepareQuestion, standingCheck, versionOf } from './identity-sources';

type Deps = Pick<ActivityDeps, 'db' | 'borrowers' | 'identitySources'>;

/** How long the card network's word about a card counts. */
const FRESH_DAYS = 30;

/**
 * Asks the card network whether a card is the borrower's own, before money may go to it or come from it. What it said
 * within thirty days counts. CARD_NOT_CONFIRMED where it says no, UNAVAILABLE where it is silent (nothing is decided, ask
 * again), CONSENT_MISSING.
 */
export async function confirmCard(deps: Deps, borrowerId: string, cardId: string): Promise<void> {
  const { now } = await businessNow(deps.db);
  const asked = await deps.db.transaction(async (tx) => {
    await lockPerson(tx, borrowerId);
    const version = versionOf('CARD_FOUR_ELEMENTS', { identity: await deps.borrowers.identityVersion(tx, borrowerId), card: cardId });
    const about = { borrowerId, subject: keys.cardSubject(cardId), kind: 'CARD_FOUR_ELEMENTS' as const, version };
    const { answer, serial } = await standingCheck(tx, about, { freshDays: FRESH_DAYS, now });
    if (answer !== null) return { answer };
    const consent = await requireConsent(tx, borrowerId, 'IDENTITY_QUERY', 'the card');
    const claim = {
      ...(await deps.borrowers.identity(tx, borrowerId)),
      cardNumber: await deps.borrowers.cardNumber(tx, borrowerId, cardId),
    };
    const ready = await prepareQuestion(deps, tx, { ...about, serial, consentId: consent.id, claim, at: now });
    // Answered to a twin of this call in between.
    return ready ? { ready } : { answer: (await standingCheck(tx, about, { freshDays: FRESH_DAYS, now })).answer };
  });
  const answer = asked.ready ? await askSource(deps, asked.ready, now, new AbortController().signal) : (asked.answer ?? 'UNAVAILABLE');
  if (answer === 'UNAVAILABLE')
    throw new LoanloomError('UNAVAILABLE', 'the card network does not answer: try again later, nothing was changed');
  if (answer !== 'MATCH')
    throw new LoanloomError('CARD_NOT_CONFIRMED', 'the card could not be confirmed as the borrower’s own', { path: 'cardNumber' });
}

/** CARD_NOT_CONFIRMED for a card of which the card network has never said that it is this person's, as they are now. */
export async function assertCardConfirmed(
  deps: Pick<ActivityDeps, 'borrowers'>,
  tx: Db | Tx,
  borrowerId: string,
  cardId: string,
): Promise<void> {
  const version = versionOf('CARD_FOUR_ELEMENTS', { identity: await deps.borrowers.identityVersion(tx, borrowerId), card: cardId });
  const known = await checksAbout(tx, { borrowerId, kind: 'CARD_FOUR_ELEMENTS', version });
  if (known.findLast(({ answer }) => answer !== null)?.answer !== 'MATCH')
    throw new LoanloomError('CARD_NOT_CONFIRMED', 'the card was not confirmed as the borrower’s own: name it again', {
      path: 'bankCardId',
    });
}
