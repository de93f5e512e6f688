import { epochMs, HOUR_MS, instant, type Instant } from '../time/dates';
import { askAgainAt } from '../time/patience';

/** What is asked about a person, each of a source of its own. */
export const IDENTITY_CHECKS = ['ID_NAME', 'PHONE_THREE_ELEMENTS', 'CARD_FOUR_ELEMENTS'] as const;
export type IdentityCheckKind = (typeof IDENTITY_CHECKS)[number];

/** The policy under which the sources' answers are judged; decisions carry it. */
export const IDENTITY_POLICY = 'identity-sources-1';

/** What a source can say. UNAVAILABLE says nothing about the person and decides nothing (design §10). */
export const SOURCE_ANSWERS = ['MATCH', 'MISMATCH', 'NOT_FOUND', 'UNAVAILABLE'] as const;
export type SourceAnswer = (typeof SOURCE_ANSWERS)[number];

/** How a check stands: what its source said about the very data that were submitted, null while it has said nothing. */
export interface CheckState {
  readonly check: IdentityCheckKind;
  readonly answer: Exclude<SourceAnswer, 'UNAVAILABLE'> | null;
  /** How often its source was asked. */
  readonly tries: number;
  readonly lastAskedAt: Instant | null;
}

/** The how-manieth time the borrower's data are checked, from 1, and how often they may be. */
export interface Attempts {
  readonly attempt: number;
  readonly attemptsMax: number;
}

/** Where an application's identity checks stand. */
export interface IdentityPlace extends Attempts {
  readonly checks: readonly CheckState[];
  /** When the checks of this round began. */
  readonly since: Instant;
  /** After how many hours without an answer people are told. */
  readonly slaHours: number;
  readonly isCaseOpen: boolean;
  readonly now: Instant;
}

/** The step of the form that a borrower can mend after a no, and why, in words that name no other person. */
const NO = {
  ID_NAME: { step: 'identity', reason: 'the name and the ID number could not be confirmed' },
  PHONE_THREE_ELEMENTS: { step: 'identity', reason: 'the phone could not be confirmed as the person’s own' },
  CARD_FOUR_ELEMENTS: { step: 'card', reason: 'the bank card could not be confirmed as the person’s own' },
} as const satisfies Record<IdentityCheckKind, { step: string; reason: string }>;

export type IdentityAct =
  | { readonly kind: 'ASK'; readonly checks: readonly IdentityCheckKind[] }
  | { readonly kind: 'OPEN_CASE'; readonly checks: readonly IdentityCheckKind[] }
  | { readonly kind: 'WAIT'; readonly until: Instant; readonly checks: readonly IdentityCheckKind[] }
  | IdentityConclusion;

/** What the answers come to. */
export type IdentityConclusion =
  | { readonly kind: 'CONFIRM' }
  | { readonly kind: 'REFER_BACK'; readonly steps: readonly string[]; readonly reasons: readonly string[] }
  | { readonly kind: 'DECLINE'; readonly reasons: readonly string[] };

const askedAgainAt = ({ tries, lastAskedAt }: CheckState): number =>
  lastAskedAt === null || tries === 0 ? 0 : epochMs(askAgainAt(tries, lastAskedAt));

const isNo = ({ answer }: Pick<CheckState, 'answer'>) => answer === 'MISMATCH' || answer === 'NOT_FOUND';

/** What follows where some checks are refused: back to the borrower for the steps that mend them, and the end after the last attempt. */
export function afterNo(refused: readonly IdentityCheckKind[], { attempt, attemptsMax }: Attempts): IdentityConclusion {
  const reasons = refused.map((check) => NO[check].reason);
  if (attempt >= attemptsMax) return { kind: 'DECLINE', reasons };
  return { kind: 'REFER_BACK', steps: [...new Set(refused.map((check) => NO[check].step))], reasons };
}

/**
 * What happens next to an application whose person is being checked. Every source is asked once before anything is
 * decided. A no sends it back to its borrower, and ends it after the last attempt; only a MATCH of every check confirms.
 * A source that does not answer is asked again after 1, 5, 15 and then every 60 minutes, for ever; after `slaHours` people
 * are told, once in a round. Nothing else follows from its silence.
 */
export function nextIdentityAct(place: IdentityPlace): IdentityAct {
  const { checks, now } = place;
  const open = checks.filter(({ answer }) => answer === null);
  const fresh = open.filter(({ tries }) => tries === 0);
  const refused = checks.filter(isNo).map(({ check }) => check);
  if (fresh.length === 0 && refused.length > 0) return afterNo(refused, place);
  if (open.length === 0) return { kind: 'CONFIRM' };
  const silent = open.map(({ check }) => check);
  const caseAt = epochMs(place.since) + place.slaHours * HOUR_MS;
  // Also where it is we who cannot ask: what was not asked is not answered either.
  if (!place.isCaseOpen && epochMs(now) >= caseAt) return { kind: 'OPEN_CASE', checks: silent };
  if (fresh.length > 0) return { kind: 'ASK', checks: fresh.map(({ check }) => check) };
  const due = open.filter((each) => askedAgainAt(each) <= epochMs(now));
  if (due.length > 0) return { kind: 'ASK', checks: due.map(({ check }) => check) };
  const next = Math.min(...open.map(askedAgainAt), ...(place.isCaseOpen ? [] : [caseAt]));
  return { kind: 'WAIT', until: instant(next), checks: silent };
}
